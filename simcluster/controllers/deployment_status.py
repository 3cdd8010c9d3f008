"""What a Deployment says of itself: counts and the conditions Progressing, Available and ReplicaFailure.

Follows k8s.io/kubernetes/pkg/controller/deployment/progress.go and util/deployment_util.go: `Progressing` keeps its
transition time while it is true, its update time moves with every bit of progress, and the deadline counts from there.
"""

from collections.abc import Callable
from typing import Any

from simcluster.apply import track_update
from simcluster.controllers import rollout
from simcluster.controllers.ownership import Ages, condition
from simcluster.controllers.queue import Controller, Key
from simcluster.errors import ApiError
from simcluster.schema.types import kind_of

RESOURCE = "deployments.apps"
REVISION = "deployment.kubernetes.io/revision"
MANAGER = "kube-controller-manager"
NO_DEADLINE = 2**31 - 1
COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")


def has_deadline(deployment: dict) -> bool:
    return deployment["spec"].get("progressDeadlineSeconds", 600) != NO_DEADLINE


def complete(deployment: dict, status: dict) -> bool:
    """All pods are of the new template, available, and no old one is left."""
    replicas = deployment["spec"].get("replicas", 1)
    counts = (status.get("updatedReplicas", 0), status.get("replicas", 0), status.get("availableReplicas", 0))
    return all(count == replicas for count in counts) and status.get("observedGeneration", 0) >= deployment[
        "metadata"
    ].get("generation", 1)


def pause(controller: Controller, key: Key) -> None:
    """DeploymentPaused and DeploymentResumed; a rollout that ran out of time keeps saying so."""

    def change(copy: dict) -> None:
        found = condition(copy.get("status") or {}, "Progressing")
        if not has_deadline(copy) or (found and found["reason"] == "ProgressDeadlineExceeded"):
            return
        marked = found is not None and found["reason"] == "DeploymentPaused"
        paused = copy["spec"].get("paused", False)
        if paused and not marked:
            _set(copy, controller, "Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
        elif marked and not paused:
            _set(copy, controller, "Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed")

    _keep(controller, key, change)


def found(controller: Controller, key: Key, rs: dict, revision: str) -> None:
    """The template has its ReplicaSet already (after a rollback, say)."""
    text = f'Found new replica set "{rs["metadata"]["name"]}"'

    def change(copy: dict) -> None:
        copy["metadata"].setdefault("annotations", {})[REVISION] = revision
        if has_deadline(copy) and condition(copy.get("status") or {}, "Progressing") is None:
            _set(copy, controller, "Progressing", "True", "FoundNewReplicaSet", text)

    _keep(controller, key, change)


def created(controller: Controller, key: Key, rs: dict, revision: str) -> None:
    text = f'Created new replica set "{rs["metadata"]["name"]}"'

    def change(copy: dict) -> None:
        copy["metadata"].setdefault("annotations", {})[REVISION] = revision
        if has_deadline(copy):
            _set(copy, controller, "Progressing", "True", "NewReplicaSetCreated", text)

    _keep(controller, key, change)


def not_created(controller: Controller, key: Key, name: str, error: ApiError) -> None:
    """The ReplicaSet itself was refused, by a quota on count/replicasets.apps for example."""
    if "because it is being terminated" in error.message:
        return
    text = f'Failed to create new replica set "{name}": {error.message}'

    def change(copy: dict) -> None:
        if has_deadline(copy):
            _set(copy, controller, "Progressing", "False", "ReplicaSetCreateError", text)

    updated = _keep(controller, key, change)
    if updated is not None:
        controller.recorder.warning(updated, "ReplicaSetCreateError", text)


def write(controller: Controller, key: Key, sets: list[dict], new: dict | None, ages: Ages | None) -> float | None:
    """Count and judge; `ages` (None: no judgement of progress) measures the deadline. Answers when to look again."""
    again: list[float] = []

    def change(copy: dict) -> None:
        before = copy.get("status") or {}
        status = _counted(copy, sets, new)
        status["conditions"] = [dict(one) for one in before.get("conditions") or ()]
        copy["status"] = status
        _available(controller, copy)
        if ages is not None:
            wait = _progress(controller, copy, before, new, ages)
            if wait is not None:
                again.append(wait)
            _failure(copy, sets, new)
        if not status["conditions"]:
            del status["conditions"]

    _keep(controller, key, change)
    return again[0] if again else None


def _keep(controller: Controller, key: Key, change: Callable[[dict], None]) -> dict | None:
    """Write what `change` does, and note in managedFields that the controller did it."""
    old = controller.store.get(RESOURCE, *key)
    node = kind_of("apps/v1", "Deployment")

    def noted(copy: dict) -> None:
        change(copy)
        if copy != old and node is not None:
            track_update(old, copy, node, MANAGER, "status", controller.clock.stamp())

    return controller.store.modify(RESOURCE, *key, noted)


def _counted(deployment: dict, sets: list[dict], new: dict | None) -> dict[str, Any]:
    def total(field: str) -> int:
        return sum((one.get("status") or {}).get(field, 0) for one in sets)

    ready_to_be = sum(one["spec"].get("replicas", 1) for one in sets)
    available = total("availableReplicas")
    counts = {
        "replicas": total("replicas"),
        "updatedReplicas": ((new or {}).get("status") or {}).get("replicas", 0),
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, ready_to_be - available),
    }
    status: dict[str, Any] = {name: count for name, count in counts.items() if count}
    status["terminatingReplicas"] = total("terminatingReplicas")
    status["observedGeneration"] = deployment["metadata"].get("generation", 1)
    collisions = (deployment.get("status") or {}).get("collisionCount")
    if collisions:
        status["collisionCount"] = collisions
    return status


def _available(controller: Controller, deployment: dict) -> None:
    spec = deployment["spec"]
    least = spec.get("replicas", 1) - rollout.bounds(spec).unavailable
    if deployment["status"].get("availableReplicas", 0) >= least:
        text = "Deployment has minimum availability."
        _set(deployment, controller, "Available", "True", "MinimumReplicasAvailable", text)
    else:
        text = "Deployment does not have minimum availability."
        _set(deployment, controller, "Available", "False", "MinimumReplicasUnavailable", text)


def _progress(controller: Controller, deployment: dict, before: dict, new: dict | None, ages: Ages) -> float | None:
    if not has_deadline(deployment):
        _drop(deployment, "Progressing")
        return None
    status = deployment["status"]
    current = condition(before, "Progressing")
    settled = current is not None and current["reason"] == "NewReplicaSetAvailable"
    if settled and status.get("replicas", 0) == status.get("updatedReplicas", 0):
        return None
    metadata = deployment["metadata"]
    subject = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{metadata["name"]}"'
    if complete(deployment, status):
        text = f"{subject} has successfully progressed."
        _set(deployment, controller, "Progressing", "True", "NewReplicaSetAvailable", text)
        return None
    if _moved(before, status):
        _drop(deployment, "Progressing")
        _set(deployment, controller, "Progressing", "True", "ReplicaSetUpdated", f"{subject} is progressing.")
        if current is not None and current["status"] == "True":
            fresh = condition(status, "Progressing")
            assert fresh is not None
            fresh["lastTransitionTime"] = current["lastTransitionTime"]
        current = condition(status, "Progressing")
    if current is None or current["reason"] == "ProgressDeadlineExceeded":
        return None
    deadline = deployment["spec"].get("progressDeadlineSeconds", 600)
    mark = (current["lastUpdateTime"], current["reason"], *(status.get(field, 0) for field in COUNTS))
    age = ages.age((metadata["uid"], *mark), current["lastUpdateTime"])
    if age < deadline or current["reason"] == "NewReplicaSetAvailable":
        return deadline - age + 1 if age < deadline else None
    ages.forget((metadata["uid"], *mark))
    text = f"{subject} has timed out progressing."
    _set(deployment, controller, "Progressing", "False", "ProgressDeadlineExceeded", text)
    return None


def _moved(before: dict, now: dict) -> bool:
    """Whether pods were added to the new set, taken from the old ones, or became ready."""

    def old(status: dict) -> int:
        return status.get("replicas", 0) - status.get("updatedReplicas", 0)

    return (
        now.get("updatedReplicas", 0) > before.get("updatedReplicas", 0)
        or old(now) < old(before)
        or now.get("readyReplicas", 0) > before.get("readyReplicas", 0)
        or now.get("availableReplicas", 0) > before.get("availableReplicas", 0)
    )


def _failure(deployment: dict, sets: list[dict], new: dict | None) -> None:
    """The ReplicaSets' own failure, the new one's first, in the Deployment's words."""
    for rs in [*([new] if new else []), *sets]:
        failed = condition(rs.get("status") or {}, "ReplicaFailure")
        if failed is None:
            continue
        known = condition(deployment["status"], "ReplicaFailure")
        if known is None or (known["status"], known["reason"]) != (failed["status"], failed["reason"]):
            _drop(deployment, "ReplicaFailure")
            shown = {**failed, "lastUpdateTime": failed["lastTransitionTime"]}
            deployment["status"]["conditions"].append(shown)
        return
    _drop(deployment, "ReplicaFailure")


def _set(  # noqa: PLR0917 - a condition's four texts
    deployment: dict, controller: Controller, kind: str, status: str, reason: str, message: str
) -> None:
    """Nothing changes when status and reason are the same."""
    now = controller.clock.stamp()
    deployment["status"] = deployment.get("status") or {}
    conditions = deployment["status"].setdefault("conditions", [])
    known = condition(deployment["status"], kind)
    if known is not None and known["status"] == status and known["reason"] == reason:
        return
    kept = known["lastTransitionTime"] if known is not None and known["status"] == status else now
    conditions[:] = [one for one in conditions if one["type"] != kind]
    conditions.append(
        {
            "type": kind,
            "status": status,
            "lastUpdateTime": now,
            "lastTransitionTime": kept,
            "reason": reason,
            "message": message,
        }
    )


def _drop(deployment: dict, kind: str) -> None:
    conditions = deployment["status"].get("conditions")
    if conditions:
        conditions[:] = [one for one in conditions if one["type"] != kind]
