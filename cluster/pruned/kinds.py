"""All kinds but pods, pruned."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cluster.pruned.base import Condition, Metadata, Object, Part, Reference
from cluster.pruned.pods import PodSpec


class Template(Part, frozen=True):
    metadata: Metadata = Metadata()
    spec: PodSpec = PodSpec()


class ReplicaSetSpec(Part, frozen=True):
    replicas: int = 0
    template: Template = Template()


class ReplicaSetStatus(Part, frozen=True):
    replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    observed_generation: int = 0
    conditions: tuple[Condition, ...] = ()


class ReplicaSet(Object, frozen=True):
    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


class DeploymentSpec(Part, frozen=True):
    replicas: int = 1
    paused: bool = False
    progress_deadline_seconds: int = 600
    template: Template = Template()


class DeploymentStatus(Part, frozen=True):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class Deployment(Object, frozen=True):
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class ClaimResources(Part, frozen=True):
    requests: dict[str, str] = {}


class ClaimSpec(Part, frozen=True):
    storage_class_name: str = ""
    volume_name: str = ""
    access_modes: tuple[str, ...] = ()
    resources: ClaimResources = ClaimResources()


class ClaimStatus(Part, frozen=True):
    phase: str = ""
    capacity: dict[str, str] = {}
    conditions: tuple[Condition, ...] = ()


class Claim(Object, frozen=True):
    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()


class QuotaStatus(Part, frozen=True):
    hard: dict[str, str] = {}
    used: dict[str, str] = {}


class Quota(Object, frozen=True):
    status: QuotaStatus = QuotaStatus()


class EventSeries(Part, frozen=True):
    count: int = 0
    last_observed_time: datetime | None = None


class Event(Object, frozen=True):
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


class NamespaceStatus(Part, frozen=True):
    phase: str = ""
    conditions: tuple[Condition, ...] = ()


class Namespace(Object, frozen=True):
    status: NamespaceStatus = NamespaceStatus()


class ServicePort(Part, frozen=True):
    port: int
    name: str = ""


class ServiceSpec(Part, frozen=True):
    type: str = ""
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    ports: tuple[ServicePort, ...] = ()


class Service(Object, frozen=True):
    spec: ServiceSpec = ServiceSpec()


class EndpointConditions(Part, frozen=True):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Part, frozen=True):
    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    target_ref: Reference | None = None


class EndpointSlice(Object, frozen=True):
    endpoints: tuple[Endpoint, ...] | None = ()


class LimitRange(Object, frozen=True):
    pass


class NetworkPolicy(Object, frozen=True):
    pass


class RoleBinding(Object, frozen=True):
    pass
