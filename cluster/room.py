"""How much the nodes of a cluster have for pods: what may be granted to people is measured against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from cluster import quantities
from cluster.calls import Caller
from cluster.paths import collection
from cluster.specs import Room

PLAIN = ("cpu", "memory", "pods")
CLOSING = ("NoSchedule", "NoExecute")
"""Effects of taints that keep out pods which do not tolerate them, as Berth's do not.

https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/
"""


def room(caller: Caller) -> Room:
    """What all schedulable nodes have together, by one list that the API server answers from its cache."""
    answer = caller.json("GET", collection("Node"), query={"resourceVersion": "0"})
    return counted(answer.get("items") or ())


def counted(nodes: Iterable[Mapping[str, Any]]) -> Room:
    """Pure: CPU in millicores, memory in bytes, pods and extended resources (`nvidia.com/gpu`) counted.

    A node that is cordoned, not ready or tainted has no room; for an extended resource by whose name it is tainted it
    has, since pods that ask for it are admitted with the toleration (admission plugin ExtendedResourceToleration).
    """
    total: dict[str, int] = defaultdict(int)
    count = 0
    for node in nodes:
        spec, status = node.get("spec") or {}, node.get("status") or {}
        if spec.get("unschedulable") or not _ready(status):
            continue
        closed = {taint["key"] for taint in spec.get("taints") or () if taint.get("effect") in CLOSING}
        count += not closed
        for resource, text in (status.get("allocatable") or {}).items():
            if resource not in PLAIN and not _extended(resource):
                continue
            if closed <= {resource}:
                parse = quantities.parse_cpu if resource == "cpu" else quantities.parse_size
                total[resource] += parse(text)
    return Room(nodes=count, allocatable=dict(total))


def _ready(status: Mapping[str, Any]) -> bool:
    conditions = status.get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _extended(resource: str) -> bool:
    """A resource that a device plugin or staff told of: with a domain, and none of Kubernetes' own."""
    domain, slash, _ = resource.partition("/")
    return bool(slash) and not domain.endswith("kubernetes.io")
