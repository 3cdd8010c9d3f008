"""All watched kinds but pods, pruned. Of a Namespace it matters that it stands."""

from __future__ import annotations

from datetime import UTC, datetime

from cluster.pruned.base import Condition, Metadata, Object, Part, Reference
from cluster.pruned.pods import PodSpec


class Template(Part, frozen=True):
    metadata: Metadata = Metadata()
    spec: PodSpec = PodSpec()


class ReplicaSetSpec(Part, frozen=True):
    replicas: int = 0
    template: Template = Template()


class ReplicaSetStatus(Part, frozen=True):
    conditions: tuple[Condition, ...] = ()


class ReplicaSet(Object, frozen=True):
    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()


class Strategy(Part, frozen=True):
    type: str = "RollingUpdate"


class DeploymentSpec(Part, frozen=True):
    replicas: int = 1
    strategy: Strategy = Strategy()
    paused: bool = False
    progress_deadline_seconds: int = 600
    template: Template = Template()


class DeploymentStatus(Part, frozen=True):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] = ()


class Deployment(Object, frozen=True):
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class ClaimSpec(Part, frozen=True):
    storage_class_name: str = ""


class ClaimStatus(Part, frozen=True):
    phase: str = ""


class Claim(Object, frozen=True):
    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()


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
    def order(self) -> tuple[datetime, int]:
        """Sorts events as they were told. Most say whole seconds alone; within one their resource versions grow.

        Resource versions can be compared as numbers (KEP-5504).
        """
        seen = (self.last_seen or datetime.min.replace(tzinfo=UTC)).replace(microsecond=0)
        version = self.metadata.resource_version
        return seen, int(version) if version.isascii() and version.isdigit() else 0

    @property
    def times(self) -> int:
        """How often it happened."""
        return max(self.count, self.series.count if self.series else 0, 1)


class Namespace(Object, frozen=True):
    pass


class EndpointConditions(Part, frozen=True):
    ready: bool | None = None
    terminating: bool | None = None


class Endpoint(Part, frozen=True):
    conditions: EndpointConditions = EndpointConditions()
    target_ref: Reference | None = None


class EndpointSlice(Object, frozen=True):
    endpoints: tuple[Endpoint, ...] | None = ()
