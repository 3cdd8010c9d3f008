"""Kubernetes objects cut down to the fields that pages and rollouts need, decoded straight from the wire.

A pod of 10 kB becomes a Struct of a few hundred bytes, in a tenth of the time that a dict takes. Unknown fields are
skipped, missing ones have their empty value. Attribute names are the API's in snake case.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Part(msgspec.Struct, rename="camel", gc=False, frozen=True):
    """Base of everything here: immutable, in the API's spelling on the wire, without reference cycles."""


class Reference(Part):
    """Another object: an owner, or what an event speaks of."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""


class Metadata(Part):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: int = 0
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[Reference, ...] = ()
    finalizers: tuple[str, ...] = ()


class Object(Part):
    """Any object: what its metadata says, within reach."""

    metadata: Metadata

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def namespace(self) -> str:
        return self.metadata.namespace

    @property
    def uid(self) -> str:
        return self.metadata.uid

    @property
    def labels(self) -> dict[str, str]:
        return self.metadata.labels

    @property
    def annotations(self) -> dict[str, str]:
        return self.metadata.annotations


class Condition(Part):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None
    last_update_time: datetime | None = None


# -- pods -------------------------------------------------------------------------------------------------


class Waiting(Part):
    reason: str = ""
    message: str = ""


class Running(Part):
    started_at: datetime | None = None


class Terminated(Part):
    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(Part):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Part):
    name: str
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    image: str = ""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class HttpGet(Part):
    path: str = "/"
    port: int | str = 0


class TcpSocket(Part):
    port: int | str = 0


class Probe(Part):
    http_get: HttpGet | None = None
    tcp_socket: TcpSocket | None = None
    period_seconds: int = 10
    failure_threshold: int = 3


class ResourceList(Part):
    cpu: str = ""
    memory: str = ""


class Resources(Part):
    requests: ResourceList = ResourceList()
    limits: ResourceList = ResourceList()


class ContainerPort(Part):
    container_port: int
    name: str = ""


class Container(Part):
    name: str
    image: str = ""
    ports: tuple[ContainerPort, ...] = ()
    resources: Resources = Resources()
    readiness_probe: Probe | None = None
    startup_probe: Probe | None = None
    liveness_probe: Probe | None = None


class ClaimSource(Part):
    claim_name: str = ""


class Volume(Part):
    persistent_volume_claim: ClaimSource | None = None


class PodSpec(Part):
    node_name: str = ""
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    termination_grace_period_seconds: int = 30
    volumes: tuple[Volume, ...] = ()

    @property
    def claim_names(self) -> tuple[str, ...]:
        """The claims that the pod mounts."""
        sources = (volume.persistent_volume_claim for volume in self.volumes)
        return tuple(source.claim_name for source in sources if source is not None)


class PodStatus(Part):
    phase: str = ""
    reason: str = ""
    message: str = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    start_time: datetime | None = None
    conditions: tuple[Condition, ...] = ()
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()


class Pod(Object):
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


# -- workloads --------------------------------------------------------------------------------------------


class Template(Part):
    metadata: Metadata = Metadata()
    spec: PodSpec = PodSpec()


class ReplicaSetSpec(Part):
    replicas: int = 0
    template: Template = Template()


class ReplicaSetStatus(Part):
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()


class ReplicaSet(Object):
    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


class DeploymentSpec(Part):
    replicas: int = 1
    paused: bool = False
    progress_deadline_seconds: int = 600
    template: Template = Template()


class DeploymentStatus(Part):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class Deployment(Object):
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


# -- storage, quota, network, the rest ----------------------------------------------------------------------


class ClaimResources(Part):
    requests: dict[str, str] = {}


class ClaimSpec(Part):
    storage_class_name: str = ""
    volume_name: str = ""
    access_modes: tuple[str, ...] = ()
    resources: ClaimResources = ClaimResources()


class ClaimStatus(Part):
    phase: str = ""
    capacity: dict[str, str] = {}
    conditions: tuple[Condition, ...] = ()


class Claim(Object):
    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()


class QuotaStatus(Part):
    hard: dict[str, str] = {}
    used: dict[str, str] = {}


class Quota(Object):
    status: QuotaStatus = QuotaStatus()


class EventSeries(Part):
    count: int = 0
    last_observed_time: datetime | None = None


class Event(Object):
    involved_object: Reference = Reference()
    type: str = ""
    reason: str = ""
    message: str = ""
    count: int = 0
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None

    @property
    def first_seen(self) -> datetime | None:
        return self.first_timestamp or self.event_time or self.metadata.creation_timestamp

    @property
    def last_seen(self) -> datetime | None:
        if self.series is not None and self.series.last_observed_time is not None:
            return self.series.last_observed_time
        return self.last_timestamp or self.event_time or self.metadata.creation_timestamp

    @property
    def times(self) -> int:
        """How often it happened."""
        return max(self.count, self.series.count if self.series else 0, 1)


class NamespaceStatus(Part):
    phase: str = ""
    conditions: tuple[Condition, ...] = ()


class Namespace(Object):
    status: NamespaceStatus = NamespaceStatus()


class ServicePort(Part):
    port: int
    name: str = ""


class ServiceSpec(Part):
    type: str = ""
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    ports: tuple[ServicePort, ...] = ()


class Service(Object):
    spec: ServiceSpec = ServiceSpec()


class EndpointConditions(Part):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Part):
    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    target_ref: Reference | None = None


class EndpointSlice(Object):
    endpoints: tuple[Endpoint, ...] | None = ()


class LimitRange(Object):
    pass


class NetworkPolicy(Object):
    pass


class RoleBinding(Object):
    pass


TYPES: dict[str, type[Object]] = {
    "Pod": Pod,
    "ReplicaSet": ReplicaSet,
    "Deployment": Deployment,
    "PersistentVolumeClaim": Claim,
    "ResourceQuota": Quota,
    "Event": Event,
    "Namespace": Namespace,
    "Service": Service,
    "EndpointSlice": EndpointSlice,
    "LimitRange": LimitRange,
    "NetworkPolicy": NetworkPolicy,
    "RoleBinding": RoleBinding,
}
"""Kind → its pruned form."""


def prune(kind: str, found: Any) -> Any:
    """An object of `kind` as its Struct; what is one already stays itself. Raises msgspec.ValidationError."""
    return found if isinstance(found, Object) else msgspec.convert(found, TYPES[kind])
