"""Keeps as many pods of a ReplicaSet as it wants, and says why when it cannot.

Texts and the order of deletion follow k8s.io/kubernetes/pkg/controller/replicaset and controller_utils.go.
"""

from collections.abc import Iterable
from typing import Any

from simcluster.controllers.ownership import (
    Ages,
    condition,
    controller_of,
    controller_reference,
    is_active,
    is_ready,
    selects,
)
from simcluster.controllers.queue import Controller, Key
from simcluster.errors import ApiError

RESOURCE = "replicasets.apps"
BURST = 500
LONGEST_PREFIX = 58


class ReplicaSets(Controller):
    watches = (RESOURCE, "pods")
    synced = RESOURCE
    component = "replicaset-controller"

    def __init__(self, store: Any, admitted: Any, clock: Any):
        super().__init__(store, admitted, clock)
        self._ages = Ages(clock)

    def keys(self, change: str, resource: str, obj: dict, old: dict | None) -> Iterable[Key]:
        metadata = obj["metadata"]
        if change == "DELETED":
            self._ages.forget(metadata["uid"])
        owners = [owner for owner in (controller_of(obj), controller_of(old) if old else None) if owner]
        return {(metadata["namespace"], owner["name"]) for owner in owners if owner["kind"] == "ReplicaSet"}

    async def sync(self, key: Key) -> float | None:
        rs = self.store.get(RESOURCE, *key)
        if rs is None:
            return None
        owned = [pod for pod in self.store.by_owner(rs["metadata"]["uid"]) if pod["kind"] == "Pod"]
        owned = self._release(rs, owned)
        active = [pod for pod in owned if is_active(pod)]
        failure: ApiError | None = None
        if not rs["metadata"].get("deletionTimestamp"):
            failure = await self._manage(rs, active)
            owned = [pod for pod in self.store.by_owner(rs["metadata"]["uid"]) if pod["kind"] == "Pod"]
            active = [pod for pod in owned if is_active(pod)]
        again = self._update_status(key, owned, active, failure)
        if failure is not None:
            raise failure
        return again

    def _release(self, rs: dict, pods: list[dict]) -> list[dict]:
        """A pod whose labels no longer match is let go: it lives on without owner, and a new one takes its place."""
        kept = []
        for pod in pods:
            if selects(rs["spec"]["selector"], pod["metadata"].get("labels")):
                kept.append(pod)
                continue

            def disown(copy: dict) -> None:
                owners = copy["metadata"].get("ownerReferences", [])
                copy["metadata"]["ownerReferences"] = [o for o in owners if o["uid"] != rs["metadata"]["uid"]]

            self.store.modify("pods", pod["metadata"]["namespace"], pod["metadata"]["name"], disown)
        return kept

    async def _manage(self, rs: dict, active: list[dict]) -> ApiError | None:
        missing = rs["spec"].get("replicas", 1) - len(active)
        if missing > 0:
            return await self._create(rs, min(missing, BURST))
        if missing == 0:
            return None
        for pod in sorted(active, key=self._deletion_rank)[: min(-missing, BURST)]:
            self.store.delete("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])
            self.recorder.normal(rs, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")
        return None

    async def _create(self, rs: dict, wanted: int) -> ApiError | None:
        """In batches of 1, 2, 4, …: a refusal ends the attempt after the batch it came in."""
        batch = 1
        while wanted > 0:
            batch = min(batch, wanted)
            failure: ApiError | None = None
            for _ in range(batch):
                failure = await self._create_one(rs) or failure
            if failure is not None:
                return failure
            wanted -= batch
            batch *= 2
        return None

    async def _create_one(self, rs: dict) -> ApiError | None:
        try:
            pod = await self.admitted.create("pods", new_pod(rs))
        except ApiError as error:
            if "because it is being terminated" in error.message:
                return None
            self.recorder.warning(rs, "FailedCreate", f"Error creating: {error.message}")
            return error
        self.recorder.normal(rs, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
        return None

    def _deletion_rank(self, pod: dict) -> tuple:
        """Unscheduled, then pending, then not ready, then most restarted, then youngest pods go first."""
        status = pod.get("status") or {}
        restarts = sum(one.get("restartCount", 0) for one in status.get("containerStatuses") or ())
        cost = int((pod["metadata"].get("annotations") or {}).get("controller.kubernetes.io/pod-deletion-cost", 0))
        return (
            bool(pod["spec"].get("nodeName")),
            {"Pending": 0, "Unknown": 1}.get(status.get("phase", "Pending"), 2),
            is_ready(pod),
            cost,
            -restarts,
            _reversed(pod["metadata"]["creationTimestamp"]),
        )

    def _update_status(self, key: Key, owned: list[dict], active: list[dict], failure: ApiError | None) -> float | None:
        rs = self.store.get(RESOURCE, *key)
        if rs is None:
            return None
        available, again = self._available(rs, active)
        labels = {"matchLabels": rs["spec"]["template"]["metadata"].get("labels") or {}}
        ended = ("Succeeded", "Failed")
        counts = {
            "replicas": len(active),
            "fullyLabeledReplicas": sum(selects(labels, pod["metadata"].get("labels")) for pod in active),
            "readyReplicas": sum(map(is_ready, active)),
            "availableReplicas": available,
        }
        terminating = sum(
            1
            for pod in owned
            if pod["metadata"].get("deletionTimestamp") and (pod.get("status") or {}).get("phase") not in ended
        )
        shown = {name: number for name, number in counts.items() if number or name == "replicas"}
        generation = rs["metadata"].get("generation", 1)
        new: dict[str, Any] = {**shown, "terminatingReplicas": terminating, "observedGeneration": generation}
        conditions = self._conditions(rs, len(active), failure)
        if conditions:
            new["conditions"] = conditions

        def change(copy: dict) -> None:
            copy["status"] = new

        self.store.modify(RESOURCE, *key, change, status_only=True)
        return again

    def _available(self, rs: dict, active: list[dict]) -> tuple[int, float | None]:
        least = rs["spec"].get("minReadySeconds", 0)
        ready = [pod for pod in active if is_ready(pod)]
        if not least:
            return len(ready), None
        ages = []
        for pod in ready:
            since = condition(pod["status"], "Ready") or {}
            ages.append(self._ages.age(pod["metadata"]["uid"], since.get("lastTransitionTime") or ""))
        waits = [least - age for age in ages if age < least]
        return len(ages) - len(waits), min(waits) + 0.05 if waits else None

    def _conditions(self, rs: dict, active: int, failure: ApiError | None) -> list[dict]:
        others = [c for c in (rs.get("status") or {}).get("conditions") or () if c["type"] != "ReplicaFailure"]
        if failure is None:
            return others
        known = condition(rs.get("status") or {}, "ReplicaFailure")
        reason = "FailedCreate" if active < rs["spec"].get("replicas", 1) else "FailedDelete"
        return [
            *others,
            known
            or {
                "type": "ReplicaFailure",
                "status": "True",
                "lastTransitionTime": self.clock.stamp(),
                "reason": reason,
                "message": failure.message,
            },
        ]


def new_pod(owner: dict) -> dict[str, Any]:
    """A pod of an owner's template."""
    template = owner["spec"]["template"]
    metadata = template.get("metadata") or {}
    made = {
        "generateName": owner["metadata"]["name"][:LONGEST_PREFIX] + "-",
        "namespace": owner["metadata"]["namespace"],
        "labels": dict(metadata.get("labels") or {}),
        "annotations": dict(metadata.get("annotations") or {}),
        "finalizers": list(metadata.get("finalizers") or ()),
        "ownerReferences": [controller_reference(owner)],
    }
    spec = {**template["spec"]}
    kept = {key: value for key, value in made.items() if value}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": kept, "spec": spec}


def _reversed(stamp: str) -> str:
    """Orders stamps from the latest to the earliest."""
    return "".join(chr(0x7F - ord(letter)) for letter in stamp)
