"""One stored object under two names: core events as events.k8s.io shows them, workloads as Scale.

Field names follow the conversions of pkg/apis/core/v1/conversion.go and pkg/apis/events/v1.
"""

from typing import Any

from simcluster.resources import Resource

Obj = dict[str, Any]

_EVENT_FIELDS = (
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
)


def as_served(obj: Obj, resource: Resource) -> Obj:
    """The stored object as this resource shows it."""
    return _renamed(obj, resource, _EVENT_FIELDS) if resource.stored_as else obj


def as_stored(obj: Obj, resource: Resource) -> Obj:
    """The way back: an events.k8s.io Event as the core Event that is kept."""
    if not resource.stored_as:
        return obj
    stored = _renamed(obj, resource, tuple((new, old) for old, new in _EVENT_FIELDS))
    stored["apiVersion"] = "v1"
    return stored


def _renamed(obj: Obj, resource: Resource, names: tuple[tuple[str, str], ...]) -> Obj:
    mapping = dict(names)
    made = {mapping.get(key, key): value for key, value in obj.items()}
    made["apiVersion"] = resource.api_version
    return made


def scale_of(obj: Obj) -> Obj:
    """The autoscaling/v1 Scale of a workload."""
    meta = obj["metadata"]
    shown = {
        key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion", "creationTimestamp") if key in meta
    }
    status: Obj = {"replicas": (obj.get("status") or {}).get("replicas", 0)}
    selector = (obj.get("spec") or {}).get("selector") or {}
    labels = selector.get("matchLabels", selector if "matchExpressions" not in selector else {})
    if labels:
        status["selector"] = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    replicas = (obj.get("spec") or {}).get("replicas", 1)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": shown,
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }
