"""Deployments: one ReplicaSet a template, rolled over within surge and unavailability, with revisions and conditions.

Follows k8s.io/kubernetes/pkg/controller/deployment (sync.go, rolling.go, recreate.go) of Kubernetes 1.37.
"""

import json
from collections.abc import Iterable
from typing import Any

from simcluster.controllers import deployment_status as statuses
from simcluster.controllers import rollout
from simcluster.controllers.ownership import Ages, controller_of, controller_reference, safe_hash
from simcluster.controllers.queue import Controller, Key
from simcluster.errors import ApiError

RESOURCE, SETS = "deployments.apps", "replicasets.apps"
HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
NOT_COPIED = {
    REVISION,
    HISTORY,
    DESIRED,
    MOST,
    "kubectl.kubernetes.io/last-applied-configuration",
    "deprecated.deployment.rollback.to",
}


class Deployments(Controller):
    watches = (RESOURCE, SETS, "pods")
    synced = RESOURCE
    component = "deployment-controller"

    def __init__(self, store: Any, admitted: Any, clock: Any):
        super().__init__(store, admitted, clock)
        self._ages = Ages(clock)

    def keys(self, change: str, resource: str, obj: dict, old: dict | None) -> Iterable[Key]:
        owner, namespace = controller_of(obj), obj["metadata"]["namespace"]
        if owner is None:
            return ()
        if resource == "pods":
            return self._recreating(change, namespace, owner)
        return [(namespace, owner["name"])] if owner["kind"] == "Deployment" else ()

    def _recreating(self, change: str, namespace: str, owner: dict) -> Iterable[Key]:
        """Only a Recreate rollout waits for single pods: for the old ones to be gone."""
        if change != "DELETED" or owner["kind"] != "ReplicaSet":
            return ()
        rs = self.store.get(SETS, namespace, owner["name"])
        parent = controller_of(rs) if rs else None
        return [(namespace, parent["name"])] if parent else ()

    async def sync(self, key: Key) -> float | None:
        deployment = self.store.get(RESOURCE, *key)
        if deployment is None:
            return None
        sets = [one for one in self.store.by_owner(deployment["metadata"]["uid"]) if one["kind"] == "ReplicaSet"]
        sets.sort(key=lambda one: (one["metadata"]["creationTimestamp"], int(one["metadata"]["resourceVersion"])))
        if deployment["metadata"].get("deletionTimestamp"):
            return self._write_status(key, sets, progress=False)
        statuses.pause(self, key)
        paused = deployment["spec"].get("paused", False)
        if paused or self._scaled(deployment, sets):
            new, old = await self._sets(key, sets, create=False)
            self._scale(deployment, new, old)
            if paused:
                self._clean(deployment, old)
            return self._write_status(key, [*old, *([new] if new else [])], progress=False)
        if deployment["spec"].get("strategy", {}).get("type") == "Recreate":
            return await self._recreate(key, deployment, sets)
        return await self._roll(key, deployment, sets)

    async def _roll(self, key: Key, deployment: dict, sets: list[dict]) -> float | None:
        new, old = await self._sets(key, sets, create=True)
        assert new is not None
        spec = deployment["spec"]
        total = sum(map(wanted, [*old, new]))
        replicas = spec.get("replicas", 1)
        size = replicas if wanted(new) > replicas else rollout.new_size(spec, wanted(new), total)
        if size != wanted(new):
            self._resize(deployment, new, size)
        else:
            shrinking = [rollout.Old(name(one), wanted(one), available(one)) for one in old if wanted(one)]
            sizes = rollout.old_sizes(spec, shrinking, wanted(new), available(new))
            for one in old:
                if name(one) in sizes:
                    self._resize(deployment, one, sizes[name(one)])
            if not sizes and statuses.complete(deployment, deployment.get("status") or {}):
                self._clean(deployment, old)
        return self._write_status(key, [*old, new], progress=True)

    async def _recreate(self, key: Key, deployment: dict, sets: list[dict]) -> float | None:
        new, old = await self._sets(key, sets, create=False)
        active = [one for one in old if wanted(one)]
        for one in active:
            self._resize(deployment, one, 0)
        if active or any(self._pods_left(one) for one in old):
            return self._write_status(key, [*old, *([new] if new else [])], progress=True)
        new, old = await self._sets(key, sets, create=True)
        assert new is not None
        if wanted(new) != deployment["spec"].get("replicas", 1):
            self._resize(deployment, new, deployment["spec"].get("replicas", 1))
        elif statuses.complete(deployment, deployment.get("status") or {}):
            self._clean(deployment, old)
        return self._write_status(key, [*old, new], progress=True)

    def _pods_left(self, rs: dict) -> bool:
        ended = ("Succeeded", "Failed")
        pods = self.store.by_owner(rs["metadata"]["uid"])
        return any((pod.get("status") or {}).get("phase") not in ended for pod in pods if pod["kind"] == "Pod")

    # ReplicaSets

    async def _sets(self, key: Key, sets: list[dict], *, create: bool) -> tuple[dict | None, list[dict]]:
        """The ReplicaSet of the present template (made when asked for) and the others, with revisions kept."""
        deployment = self.store.get(RESOURCE, *key)
        new = next((one for one in sets if _template(one) == _template(deployment)), None)
        old = [one for one in sets if one is not new]
        revision = str(max((_revision(one) for one in old), default=0) + 1)
        if new is None:
            if not create:
                return None, old
            return await self._create(key, deployment, old, revision), old
        return self._refresh(key, deployment, new, revision), old

    def _refresh(self, key: Key, deployment: dict, rs: dict, revision: str) -> dict:
        def change(copy: dict) -> None:
            annotations = {**(copy["metadata"].get("annotations") or {}), **_inherited(deployment)}
            was = annotations.get(REVISION)
            if was is None or int(was) < int(revision):
                if was:
                    annotations[HISTORY] = ",".join(filter(None, [annotations.get(HISTORY), was]))
                annotations[REVISION] = revision
            copy["metadata"]["annotations"] = annotations
            if deployment["spec"].get("minReadySeconds"):
                copy["spec"]["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
            else:
                copy["spec"].pop("minReadySeconds", None)

        updated = self.store.modify(SETS, key[0], name(rs), change) or rs
        statuses.found(self, key, updated, updated["metadata"]["annotations"][REVISION])
        return updated

    async def _create(self, key: Key, deployment: dict, old: list[dict], revision: str) -> dict:
        template = json.loads(json.dumps(deployment["spec"]["template"]))
        collisions = (deployment.get("status") or {}).get("collisionCount", 0)
        mark = safe_hash(json.dumps([template, collisions], sort_keys=True), 10)
        labels = {**(template.setdefault("metadata", {}).get("labels") or {}), HASH: mark}
        template["metadata"]["labels"] = labels
        size = rollout.new_size(deployment["spec"], 0, sum(map(wanted, old)))
        selector = deployment["spec"]["selector"]
        spec: dict[str, Any] = {
            "replicas": size,
            "selector": {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), HASH: mark}},
            "template": template,
        }
        if deployment["spec"].get("minReadySeconds"):
            spec["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
        rs: dict[str, Any] = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{key[1]}-{mark}",
                "namespace": key[0],
                "labels": labels,
                "annotations": {**_inherited(deployment), **_counts(deployment), REVISION: revision},
                "ownerReferences": [controller_reference(deployment)],
            },
            "spec": spec,
        }
        try:
            made = await self.admitted.create(SETS, rs)
        except ApiError as error:
            statuses.not_created(self, key, rs["metadata"]["name"], error)
            raise
        if size:
            self.recorder.normal(
                deployment, "ScalingReplicaSet", f"Scaled up replica set {name(made)} from 0 to {size}"
            )
        statuses.created(self, key, made, revision)
        return made

    def _scaled(self, deployment: dict, sets: list[dict]) -> bool:
        replicas = str(deployment["spec"].get("replicas", 1))
        marks = [(one["metadata"].get("annotations") or {}).get(DESIRED) for one in sets if wanted(one)]
        return any(mark is not None and mark != replicas for mark in marks)

    def _scale(self, deployment: dict, new: dict | None, old: list[dict]) -> None:
        """A change of `replicas` alone: the only active set follows, or all of them in proportion."""
        replicas = deployment["spec"].get("replicas", 1)
        everyone = [*old, *([new] if new else [])]
        active = [one for one in everyone if wanted(one)]
        if len(active) <= 1:
            target = active[0] if active else new or (old[-1] if old else None)
            if target is not None and wanted(target) != replicas:
                self._resize(deployment, target, replicas)
            return
        if new is not None and wanted(new) == replicas == available(new):
            for one in old:
                self._resize(deployment, one, 0)
            return
        if deployment["spec"].get("strategy", {}).get("type") == "Recreate":
            return
        shares = [
            rollout.Share(name(one), wanted(one), one["metadata"]["creationTimestamp"], int(_annotation(one, MOST)))
            for one in active
        ]
        sizes = rollout.proportional(deployment["spec"], shares)
        for one in active:
            self._resize(deployment, one, sizes[name(one)])

    def _resize(self, deployment: dict, rs: dict, size: int) -> None:
        before = wanted(rs)

        def change(copy: dict) -> None:
            copy["spec"]["replicas"] = size
            copy["metadata"]["annotations"] = {**(copy["metadata"].get("annotations") or {}), **_counts(deployment)}

        self.store.modify(SETS, rs["metadata"]["namespace"], name(rs), change)
        if size != before:
            way = "up" if size > before else "down"
            text = f"Scaled {way} replica set {name(rs)} from {before} to {size}"
            self.recorder.normal(deployment, "ScalingReplicaSet", text)

    def _clean(self, deployment: dict, old: list[dict]) -> None:
        """Old sets beyond revisionHistoryLimit go, the oldest first."""
        alive = [one for one in old if not one["metadata"].get("deletionTimestamp")]
        surplus = len(alive) - deployment["spec"].get("revisionHistoryLimit", 10)
        for one in sorted(alive, key=_revision)[: max(0, surplus)]:
            status = one.get("status") or {}
            seen = status.get("observedGeneration", 0) >= one["metadata"].get("generation", 1)
            if wanted(one) == 0 and not status.get("replicas") and seen:
                self.store.delete(SETS, one["metadata"]["namespace"], name(one))

    def _write_status(self, key: Key, sets: list[dict], *, progress: bool) -> float | None:
        names = [name(one) for one in sets]
        fresh = [one for one in (self.store.get(SETS, key[0], each) for each in names) if one is not None]
        deployment = self.store.get(RESOURCE, *key)
        if deployment is None:
            return None
        new = next((one for one in fresh if _template(one) == _template(deployment)), None)
        return statuses.write(self, key, fresh, new, self._ages if progress else None)


def name(obj: dict) -> str:
    """The object's name."""
    return obj["metadata"]["name"]


def wanted(rs: dict) -> int:
    """How many pods a ReplicaSet is to have."""
    return rs["spec"].get("replicas", 1)


def available(rs: dict) -> int:
    return (rs.get("status") or {}).get("availableReplicas", 0)


def _template(obj: dict) -> str:
    """A template as text, without the hash that the controller adds."""
    template = obj["spec"]["template"]
    metadata = template.get("metadata") or {}
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    plain = {key: value for key, value in metadata.items() if value is not None and key != "labels"}
    return json.dumps([labels, plain, template["spec"]], sort_keys=True)


def _annotation(rs: dict, key: str) -> str:
    return (rs["metadata"].get("annotations") or {}).get(key, "0")


def _revision(rs: dict) -> int:
    return int(_annotation(rs, REVISION))


def _inherited(deployment: dict) -> dict[str, str]:
    annotations = deployment["metadata"].get("annotations") or {}
    return {key: value for key, value in annotations.items() if key not in NOT_COPIED}


def _counts(deployment: dict) -> dict[str, str]:
    replicas = deployment["spec"].get("replicas", 1)
    return {DESIRED: str(replicas), MOST: str(replicas + rollout.bounds(deployment["spec"]).surge)}
