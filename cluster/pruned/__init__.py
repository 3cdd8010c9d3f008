"""Kubernetes objects cut down to the fields that pages and rollouts need, decoded straight from the wire.

A pod of 10 kB becomes a Struct of a few hundred bytes, in a tenth of the time that a dict takes. Unknown fields are
skipped, missing ones have their empty value. Attribute names are the API's in snake case.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cluster.pruned.base import Condition, Metadata, Object, Owner, Part, Reference
from cluster.pruned.kinds import (
    Claim,
    ClaimSpec,
    ClaimStatus,
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    Endpoint,
    EndpointConditions,
    EndpointSlice,
    Event,
    EventSeries,
    Namespace,
    ReplicaSet,
    ReplicaSetSpec,
    ReplicaSetStatus,
    Strategy,
    Template,
)
from cluster.pruned.pods import (
    ClaimSource,
    Container,
    ContainerState,
    ContainerStatus,
    HttpGet,
    Pod,
    PodSpec,
    PodStatus,
    Probe,
    ResourceList,
    Resources,
    Running,
    TcpSocket,
    Terminated,
    Volume,
    Waiting,
)

__all__ = [
    "TYPES",
    "Claim",
    "ClaimSource",
    "ClaimSpec",
    "ClaimStatus",
    "Condition",
    "Container",
    "ContainerState",
    "ContainerStatus",
    "Deployment",
    "DeploymentSpec",
    "DeploymentStatus",
    "Endpoint",
    "EndpointConditions",
    "EndpointSlice",
    "Event",
    "EventSeries",
    "HttpGet",
    "Metadata",
    "Namespace",
    "Object",
    "Owner",
    "Part",
    "Pod",
    "PodSpec",
    "PodStatus",
    "Probe",
    "Reference",
    "ReplicaSet",
    "ReplicaSetSpec",
    "ReplicaSetStatus",
    "ResourceList",
    "Resources",
    "Running",
    "Strategy",
    "TcpSocket",
    "Template",
    "Terminated",
    "Volume",
    "Waiting",
    "prune",
]

TYPES: dict[str, type[Object]] = {
    "Pod": Pod,
    "ReplicaSet": ReplicaSet,
    "Deployment": Deployment,
    "PersistentVolumeClaim": Claim,
    "Event": Event,
    "Namespace": Namespace,
    "EndpointSlice": EndpointSlice,
}
"""Kind → its pruned form: what a rollout is made of, and the namespaces whose events count."""


def prune(kind: str, found: Any) -> Any:
    """An object of `kind` as its Struct; what is one already stays itself. Raises msgspec.ValidationError."""
    return found if isinstance(found, Object) else msgspec.convert(found, TYPES[kind])
