"""What deleting an object means before it is gone: marks, grace, finalizers.

Follows k8s.io/apiserver/pkg/registry/rest/delete.go (BeforeDelete), the pod strategy's CheckGracefulDelete and the
namespace registry of Kubernetes 1.37.
"""

from datetime import timedelta
from typing import Any

from simcluster.clock import Clock

POD_FINAL_PHASES = ("Succeeded", "Failed")
FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


def deletion_marks(
    resource: str, obj: dict[str, Any], clock: Clock, grace: int | None, propagation: str
) -> dict[str, Any] | None:
    """`obj` (the caller's own copy) marked for deletion, or None when it goes at once.

    `grace` is in seconds; None means the kind's own default. A repeated deletion may shorten a pod's grace, never
    lengthen it.
    """
    meta = obj["metadata"]
    _propagate(meta, propagation)
    seconds = _pod_grace(obj, grace) if resource == "pods" else 0
    waits = bool(meta.get("finalizers"))
    if resource == "namespaces":
        waits = waits or bool((obj.get("spec") or {}).get("finalizers"))
        obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}
    if not waits and seconds == 0:
        return None
    if "deletionTimestamp" not in meta:
        due = clock.now() + timedelta(seconds=seconds)
        meta["deletionTimestamp"] = due.strftime("%Y-%m-%dT%H:%M:%SZ")
        if resource != "namespaces":
            meta["deletionGracePeriodSeconds"] = seconds
    elif resource == "pods" and seconds < meta.get("deletionGracePeriodSeconds", 0):
        meta["deletionGracePeriodSeconds"] = seconds
        meta["deletionTimestamp"] = (clock.now() + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return obj


def _propagate(meta: dict[str, Any], propagation: str) -> None:
    finalizers = [name for name in meta.get("finalizers") or [] if name not in (FOREGROUND, ORPHAN)]
    if propagation == "Foreground":
        finalizers.append(FOREGROUND)
    elif propagation == "Orphan":
        finalizers.append(ORPHAN)
    elif "deletionTimestamp" in meta:
        return
    if finalizers:
        meta["finalizers"] = finalizers
    else:
        meta.pop("finalizers", None)


def _pod_grace(pod: dict[str, Any], grace: int | None) -> int:
    """Seconds a pod has to stop: none before it was scheduled or after it ended."""
    spec = pod.get("spec") or {}
    if not spec.get("nodeName") or (pod.get("status") or {}).get("phase") in POD_FINAL_PHASES:
        return 0
    if grace is not None:
        return max(0, grace)
    return int(spec.get("terminationGracePeriodSeconds", 30))
