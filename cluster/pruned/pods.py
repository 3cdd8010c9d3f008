"""Pods, pruned."""

from __future__ import annotations

from datetime import datetime

from cluster.pruned.base import Condition, Object, Part


class Waiting(Part, frozen=True):
    reason: str = ""
    message: str = ""


class Running(Part, frozen=True):
    started_at: datetime | None = None


class Terminated(Part, frozen=True):
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(Part, frozen=True):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Part, frozen=True):
    name: str
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class HttpGet(Part, frozen=True):
    path: str = "/"
    port: int | str = 0


class TcpSocket(Part, frozen=True):
    port: int | str = 0


class Probe(Part, frozen=True):
    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    period_seconds: int = 10
    failure_threshold: int = 3


class ResourceList(Part, frozen=True):
    memory: str = ""


class Resources(Part, frozen=True):
    limits: ResourceList = ResourceList()


class Container(Part, frozen=True):
    name: str
    image: str = ""
    resources: Resources = Resources()
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    liveness_probe: Probe | None = None


class ClaimSource(Part, frozen=True):
    claim_name: str = ""


class Volume(Part, frozen=True):
    persistent_volume_claim: ClaimSource | None = None


class PodSpec(Part, frozen=True):
    node_name: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()

    @property
    def claim_names(self) -> tuple[str, ...]:
        """The claims that the pod mounts."""
        sources = (volume.persistent_volume_claim for volume in self.volumes)
        return tuple(source.claim_name for source in sources if source is not None)


class PodStatus(Part, frozen=True):
    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Object, frozen=True):
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()
