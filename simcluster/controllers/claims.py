"""Volumes: claims are bound to dynamic volumes of their class, grow, are protected while in use and freed after.

Plays the persistent volume controller, the protection controllers and the provisioner `cluster.test/directory` with its
classes `standard` (Immediate, grows), `keep` (Retain) and `late` (waits for the first pod, cannot grow).
"""

from collections.abc import Iterable
from typing import Any

from simcluster import quantities
from simcluster.controllers.events import Recorder
from simcluster.controllers.ownership import condition
from simcluster.controllers.queue import Controller, Key

CLAIMS, VOLUMES, CLASSES = "persistentvolumeclaims", "persistentvolumes", "storageclasses.storage.k8s.io"
CLAIM_PROTECTION, VOLUME_PROTECTION = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"
SELECTED = "volume.kubernetes.io/selected-node"
BOUND, BY_CONTROLLER = "pv.kubernetes.io/bind-completed", "pv.kubernetes.io/bound-by-controller"
PROVISIONERS = ("volume.kubernetes.io/storage-provisioner", "volume.beta.kubernetes.io/storage-provisioner")
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
WAITING = (
    "Waiting for a volume to be created either by the external provisioner '{}' or manually by the system "
    "administrator. If volume creation is delayed, please verify that the provisioner is running and correctly "
    "registered."
)
RESYNC = 15.0
FINAL = ("Succeeded", "Failed")


class Claims(Controller):
    """Keys: (namespace, claim) or ("", volume)."""

    watches = (CLAIMS, VOLUMES, CLASSES, "pods")
    component = "persistentvolume-controller"

    def __init__(self, store: Any, admitted: Any, clock: Any):
        super().__init__(store, admitted, clock)
        self._provisioner = Recorder(store, clock, "cluster.test/directory_simcluster")

    def keys(self, change: str, resource: str, obj: dict, old: dict | None) -> Iterable[Key]:
        metadata = obj["metadata"]
        if resource == "pods":
            ended = (obj.get("status") or {}).get("phase") in FINAL
            interesting = change != "MODIFIED" or ended or _placed(obj) != _placed(old)
            return [(metadata["namespace"], name) for name in _claim_names(obj)] if interesting else ()
        if resource == VOLUMES:
            reference = obj["spec"].get("claimRef")
            claim = [(reference["namespace"], reference["name"])] if reference else []
            return [("", metadata["name"]), *claim]
        if resource == CLASSES:
            claims = self.store.list(CLAIMS)
            waiting = [one["metadata"] for one in claims if one["spec"].get("storageClassName") == metadata["name"]]
            return [(one["namespace"], one["name"]) for one in waiting]
        bound = obj["spec"].get("volumeName")
        gone = [("", bound)] if change == "DELETED" and bound else []
        return [(metadata["namespace"], metadata["name"]), *gone]

    async def sync(self, key: Key) -> float | None:
        if not key[0]:
            self._free_volume(key[1])
            return None
        claim = self.store.get(CLAIMS, *key)
        if claim is None:
            return None
        used = self._users(key)
        if claim["metadata"].get("deletionTimestamp"):
            self._release(key, claim, used)
            return None
        if (claim.get("status") or {}).get("phase") == "Bound":
            self._grow(key, claim)
            self._note_use(key, used)
            return None
        return await self._bind(key, claim)

    def _users(self, key: Key) -> list[dict]:
        pods = self.store.list("pods", key[0])
        return [
            pod
            for pod in pods
            if key[1] in _claim_names(pod)
            and pod["spec"].get("nodeName")
            and (pod.get("status") or {}).get("phase") not in FINAL
        ]

    async def _bind(self, key: Key, claim: dict) -> float | None:
        if claim["spec"].get("volumeName"):
            return self._bind_existing(key, claim, self.store.get(VOLUMES, None, claim["spec"]["volumeName"]))
        class_name = claim["spec"].get("storageClassName", "")
        fitting = self._fitting(claim)
        if fitting is not None:
            return self._bind_existing(key, claim, fitting)
        if not class_name:
            text = "no persistent volumes available for this claim and no storage class is set"
            self.recorder.normal(claim, "FailedBinding", text)
            return RESYNC
        found = self.store.get(CLASSES, None, class_name)
        if found is None:
            text = f'storageclass.storage.k8s.io "{class_name}" not found'
            self.recorder.warning(claim, "ProvisioningFailed", text)
            return RESYNC
        late = found.get("volumeBindingMode") == "WaitForFirstConsumer"
        if late and SELECTED not in (claim["metadata"].get("annotations") or {}):
            text = "waiting for first consumer to be created before binding"
            self.recorder.normal(claim, "WaitForFirstConsumer", text)
            return RESYNC
        await self._provision(key, claim, found)
        return None

    def _fitting(self, claim: dict) -> dict | None:
        """The smallest free volume of the claim's class that is large enough and has its access modes."""
        size = quantities.parse(claim["spec"]["resources"]["requests"]["storage"])
        found = []
        for volume in self.store.list(VOLUMES):
            spec = volume["spec"]
            reference = spec.get("claimRef")
            ours = reference is None or (reference.get("namespace"), reference.get("name")) == (
                claim["metadata"]["namespace"],
                claim["metadata"]["name"],
            )
            ours = ours and (not reference or reference.get("uid", "") in ("", claim["metadata"]["uid"]))
            same = spec.get("storageClassName", "") == claim["spec"].get("storageClassName", "")
            modes = set(claim["spec"].get("accessModes") or ()) <= set(spec.get("accessModes") or ())
            capacity = quantities.parse(spec["capacity"]["storage"])
            free = (volume.get("status") or {}).get("phase") != "Released"
            if (
                ours
                and same
                and modes
                and free
                and capacity >= size
                and not volume["metadata"].get("deletionTimestamp")
            ):
                found.append((capacity, volume))
        return min(found, key=lambda one: one[0])[1] if found else None

    async def _provision(self, key: Key, claim: dict, found: dict) -> None:
        provisioner = found["provisioner"]

        def mark(copy: dict) -> None:
            annotations = {**(copy["metadata"].get("annotations") or {}), **dict.fromkeys(PROVISIONERS, provisioner)}
            copy["metadata"]["annotations"] = annotations

        claim = self.store.modify(CLAIMS, *key, mark) or claim
        self.recorder.normal(claim, "ExternalProvisioning", WAITING.format(provisioner))
        text = f'External provisioner is provisioning volume for claim "{key[0]}/{key[1]}"'
        self._provisioner.normal(claim, "Provisioning", text)
        await self.clock.sleep(0.05)
        claim = self.store.get(CLAIMS, *key) or claim
        name = f"pvc-{claim['metadata']['uid']}"
        if self.store.get(VOLUMES, None, name) is None:
            self.store.create(VOLUMES, _volume(name, claim, found))
            self._provisioner.normal(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {name}")
        self._bind_existing(key, claim, self.store.get(VOLUMES, None, name))

    def _bind_existing(self, key: Key, claim: dict, volume: dict | None) -> float | None:
        if volume is None:
            return RESYNC
        name = volume["metadata"]["name"]

        def bind_volume(copy: dict) -> None:
            copy["spec"]["claimRef"] = _reference(claim)
            copy["status"] = _phase(copy, "Bound", self.clock.stamp())

        def bind_claim(copy: dict) -> None:
            marks = {BOUND: "yes", BY_CONTROLLER: "yes"}
            copy["metadata"]["annotations"] = {**(copy["metadata"].get("annotations") or {}), **marks}
            copy["spec"]["volumeName"] = name
            copy["status"] = {
                "phase": "Bound",
                "accessModes": volume["spec"]["accessModes"],
                "capacity": {"storage": volume["spec"]["capacity"]["storage"]},
            }

        self.store.modify(VOLUMES, None, name, bind_volume)
        self.store.modify(CLAIMS, *key, bind_claim)
        return None

    def _grow(self, key: Key, claim: dict) -> None:
        """A class that allows it gives what is asked for at once."""
        wanted = claim["spec"]["resources"]["requests"]["storage"]
        has = (claim["status"].get("capacity") or {}).get("storage", "0")
        found = self.store.get(CLASSES, None, claim["spec"].get("storageClassName") or "")
        if found is None or not found.get("allowVolumeExpansion") or quantities.parse(wanted) <= quantities.parse(has):
            return

        def volume(copy: dict) -> None:
            copy["spec"]["capacity"] = {"storage": wanted}

        def capacity(copy: dict) -> None:
            copy["status"]["capacity"] = {"storage": wanted}

        self.store.modify(VOLUMES, None, claim["spec"]["volumeName"], volume)
        self.store.modify(CLAIMS, *key, capacity, status_only=True)

    def _note_use(self, key: Key, used: list[dict]) -> None:
        """The condition Unused, which Kubernetes 1.37 keeps on a claim."""
        status = "False" if used else "True"
        reason = "PodUsingPVC" if used else "NoPodsUsingPVC"
        message = "A pod is currently referencing this PVC" if used else "No pods are currently referencing this PVC"
        now = self.clock.stamp()

        def change(copy: dict) -> None:
            known = condition(copy["status"], "Unused")
            if known is not None and known["status"] == status:
                return
            others = [one for one in copy["status"].get("conditions") or () if one["type"] != "Unused"]
            fresh = {"type": "Unused", "status": status, "reason": reason, "message": message}
            copy["status"]["conditions"] = [*others, {**fresh, "lastProbeTime": None, "lastTransitionTime": now}]

        self.store.modify(CLAIMS, *key, change, status_only=True)

    def _release(self, key: Key, claim: dict, used: list[dict]) -> None:
        if used:
            return

        def change(copy: dict) -> None:
            left = [one for one in copy["metadata"].get("finalizers") or () if one != CLAIM_PROTECTION]
            copy["metadata"]["finalizers"] = left

        self.store.modify(CLAIMS, *key, change)

    def _free_volume(self, name: str) -> None:
        """Reclaim a volume whose claim is gone: Delete removes it, Retain leaves it Released."""
        volume = self.store.get(VOLUMES, None, name)
        if volume is None:
            return
        reference = volume["spec"].get("claimRef")
        claim = self.store.get(CLAIMS, reference["namespace"], reference["name"]) if reference else None
        held = claim is not None and reference and claim["metadata"]["uid"] == reference.get("uid")
        now = self.clock.stamp()
        if reference is None:
            self.store.modify(VOLUMES, None, name, lambda copy: copy.update(status=_phase(copy, "Available", now)))
        elif reference.get("uid") and not held:
            deletes = volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
            if deletes and PROVISIONED_BY in (volume["metadata"].get("annotations") or {}):
                self.store.remove(VOLUMES, None, name)
                return
            self.store.modify(VOLUMES, None, name, lambda copy: copy.update(status=_phase(copy, "Released", now)))
        volume = self.store.get(VOLUMES, None, name)
        if volume is not None and volume["metadata"].get("deletionTimestamp") and not held:
            self.store.remove(VOLUMES, None, name)


def _claim_names(pod: dict) -> list[str]:
    volumes = pod["spec"].get("volumes") or ()
    return [one["persistentVolumeClaim"]["claimName"] for one in volumes if "persistentVolumeClaim" in one]


def _placed(pod: dict | None) -> Any:
    return pod and (pod["spec"].get("nodeName"), pod["metadata"].get("deletionTimestamp"))


def _reference(claim: dict) -> dict[str, str]:
    metadata = claim["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "name": metadata["name"],
        "namespace": metadata["namespace"],
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
    }


def _phase(volume: dict, phase: str, now: str) -> dict[str, str]:
    status = volume.get("status") or {}
    same = status.get("phase") == phase
    return {"phase": phase, "lastPhaseTransitionTime": status.get("lastPhaseTransitionTime", now) if same else now}


def _volume(name: str, claim: dict, found: dict) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "annotations": {PROVISIONED_BY: found["provisioner"]},
            "finalizers": [VOLUME_PROTECTION],
        },
        "spec": {
            "accessModes": claim["spec"]["accessModes"],
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "claimRef": _reference(claim),
            "hostPath": {"path": f"/var/lib/volumes/{name}", "type": "Directory"},
            "persistentVolumeReclaimPolicy": found.get("reclaimPolicy", "Delete"),
            "storageClassName": found["metadata"]["name"],
            "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
        },
        "status": {"phase": "Pending"},
    }
