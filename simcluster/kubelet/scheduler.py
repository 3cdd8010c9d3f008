"""Gives each pod a node, or says why there is none; a waiting pod is looked at again when room or a claim appears.

Texts were read off a real scheduler of Kubernetes 1.37.
"""

from collections.abc import Iterable
from typing import Any

from simcluster.controllers.ownership import condition
from simcluster.controllers.queue import Controller, Key
from simcluster.kubelet import fit

LATE = "WaitForFirstConsumer"
SELECTED = "volume.kubernetes.io/selected-node"
FINAL = ("Succeeded", "Failed")


class Scheduler(Controller):
    watches = ("pods", "nodes", "persistentvolumeclaims", "storageclasses.storage.k8s.io")
    component = "default-scheduler"

    def __init__(self, store: Any, admitted: Any, clock: Any):
        super().__init__(store, admitted, clock)
        self._used: dict[str, fit.Amounts] = {}
        self._pods: dict[str, int] = {}
        self._placed: dict[str, fit.Amounts] = {}
        self._neighbors: dict[str, fit.Neighbor] = {}
        self._pending: set[Key] = set()

    def keys(self, change: str, resource: str, obj: dict, old: dict | None) -> Iterable[Key]:
        if resource != "pods":
            return tuple(self._pending)
        metadata = obj["metadata"]
        key = (metadata["namespace"], metadata["name"])
        over = change == "DELETED" or (obj.get("status") or {}).get("phase") in FINAL
        if over:
            self._pending.discard(key)
            return tuple(self._pending) if self._free(metadata["uid"]) else ()
        if obj["spec"].get("nodeName"):
            self._pending.discard(key)
            self._place(obj, obj["spec"]["nodeName"])
            return ()
        fresh = key not in self._pending
        self._pending.add(key)
        return [key] if fresh or change == "ADDED" else ()

    async def sync(self, key: Key) -> float | None:
        pod = self.store.get("pods", *key)
        if pod is None or pod["spec"].get("nodeName") or pod["metadata"].get("deletionTimestamp"):
            self._pending.discard(key)
            return None
        if pod["spec"].get("schedulingGates"):
            return None
        nodes = {node["metadata"]["name"]: node for node in self.store.list("nodes")}
        blocked = self._volumes(pod)
        if blocked:
            self._refuse(pod, f"0/{len(nodes)} nodes are available: {blocked}. not found")
            return None
        refusals, best = [], None
        for name, node in nodes.items():
            why = fit.refusal(pod, node, self._used.get(name, {}), self._pods.get(name, 0)) or fit.apart(
                pod, node, self._neighbors.values(), nodes
            )
            if why is not None:
                refusals.append(why)
            elif best is None or self._pods.get(name, 0) < self._pods.get(best, 0):
                best = name
        if best is None:
            self._refuse(pod, fit.explain(refusals))
        elif self._select_node(pod, best):
            self._bind(key, pod["metadata"]["uid"], best)
        return None

    def _volumes(self, pod: dict) -> str:
        """Why its claims keep a pod from every node."""
        unbound = False
        for claim, name in self._claims(pod):
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found'
            if claim["metadata"].get("deletionTimestamp"):
                return f'persistentvolumeclaim "{name}" is being deleted'
            if (claim.get("status") or {}).get("phase") != "Bound" and not self._late(claim):
                unbound = True
        return "pod has unbound immediate PersistentVolumeClaims" if unbound else ""

    def _claims(self, pod: dict) -> Iterable[tuple[dict | None, str]]:
        for volume in pod["spec"].get("volumes") or ():
            source = volume.get("persistentVolumeClaim")
            if source:
                name = source["claimName"]
                yield self.store.get("persistentvolumeclaims", pod["metadata"]["namespace"], name), name

    def _late(self, claim: dict) -> bool:
        class_name = claim["spec"].get("storageClassName") or ""
        storage_class = self.store.get("storageclasses.storage.k8s.io", None, class_name)
        return storage_class is not None and storage_class.get("volumeBindingMode") == LATE

    def _select_node(self, pod: dict, node: str) -> bool:
        """Claims that waited for their first pod are told its node; the pod is bound when they are."""
        ready = True
        for claim, name in self._claims(pod):
            if claim is None or (claim.get("status") or {}).get("phase") == "Bound":
                continue
            ready = False

            def choose(copy: dict) -> None:
                copy["metadata"]["annotations"] = {**(copy["metadata"].get("annotations") or {}), SELECTED: node}

            self.store.modify("persistentvolumeclaims", pod["metadata"]["namespace"], name, choose)
        return ready

    def _refuse(self, pod: dict, message: str) -> None:
        known = condition(pod.get("status") or {}, "PodScheduled")
        if known is not None and known.get("message") == message:
            return
        generation = pod["metadata"].get("generation", 1)
        now = self.clock.stamp()

        def change(copy: dict) -> None:
            copy["status"] = {**(copy.get("status") or {}), "phase": "Pending"}
            others = [one for one in copy["status"].get("conditions") or () if one["type"] != "PodScheduled"]
            scheduled = {
                "type": "PodScheduled",
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": known["lastTransitionTime"] if known else now,
                "observedGeneration": generation,
                "reason": "Unschedulable",
                "message": message,
            }
            copy["status"]["conditions"] = [*others, scheduled]

        metadata = pod["metadata"]
        self.store.modify("pods", metadata["namespace"], metadata["name"], change, status_only=True)
        self.recorder.scheduling_failed(pod, message)

    def _bind(self, key: Key, uid: str, node: str) -> None:
        pod = self.store.get("pods", *key)
        if pod is None or pod["metadata"]["uid"] != uid or pod["metadata"].get("deletionTimestamp"):
            return
        now = self.clock.stamp()

        def change(copy: dict) -> None:
            copy["spec"]["nodeName"] = node
            status = copy.setdefault("status", {})
            others = [one for one in status.get("conditions") or () if one["type"] != "PodScheduled"]
            scheduled = {
                "type": "PodScheduled",
                "status": "True",
                "lastProbeTime": None,
                "lastTransitionTime": now,
                "observedGeneration": copy["metadata"].get("generation", 1),
            }
            status.update({"phase": "Pending", "conditions": [*others, scheduled]})

        self.recorder.binding(pod, f"Successfully assigned {key[0]}/{key[1]} to {node}")
        self._place(pod, node)
        self.store.modify("pods", *key, change)

    def _place(self, pod: dict, node: str) -> None:
        uid = pod["metadata"]["uid"]
        if uid in self._placed:
            return
        amounts = self._placed[uid] = fit.requests(pod["spec"])
        metadata = pod["metadata"]
        self._neighbors[uid] = fit.Neighbor(node, metadata["namespace"], metadata.get("labels") or {})
        used = self._used.setdefault(node, {})
        for name, amount in amounts.items():
            used[name] = used.get(name, 0) + amount
        self._pods[node] = self._pods.get(node, 0) + 1

    def _free(self, uid: str) -> bool:
        amounts = self._placed.pop(uid, None)
        if amounts is None:
            return False
        node = self._neighbors.pop(uid).node
        for name, amount in amounts.items():
            self._used[node][name] -= amount
        self._pods[node] -= 1
        return True
