"""A tenant's namespace going away: asked for once, then followed until the cluster has nothing of it left."""

from __future__ import annotations

from typing import Any

from cluster import apply, reads
from cluster.calls import Caller
from cluster.paths import RESOURCES
from cluster.specs import Remaining
from cluster.tenancy import is_of

KINDS = (
    "Pod",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Service",
    "PersistentVolumeClaim",
    "Secret",
)
"""What is counted. What else holds a namespace up is named by its own conditions."""

_TELLING = ("NamespaceDeletion", "NamespaceContent", "NamespaceFinalizers", "GroupVersionParsing")


def delete(caller: Caller, name: str, *, namespace_id: str) -> Remaining:
    """Asks for the Namespace's deletion when it stands and is of this row, and says what remains.

    Raises `NameTaken` when it is another's.
    """
    observed = reads.get(caller, "Namespace", None, name)
    if observed is None:
        return Remaining(gone=True)
    metadata = observed["metadata"]
    if not is_of(metadata, namespace_id):
        raise apply.name_taken("Namespace", name)
    if "deletionTimestamp" not in metadata:
        apply.delete(caller, "Namespace", metadata)
    kinds: dict[str, int] = {}
    finalizers = _finalizers("namespaces", metadata)
    for kind in KINDS:
        for found in reads.metadatas(caller, kind, name):
            kinds[kind] = kinds.get(kind, 0) + 1
            if "deletionTimestamp" in found:
                finalizers += _finalizers(RESOURCES[kind].plural, found)
    return Remaining(
        gone=False,
        kinds=kinds,
        finalizers=tuple(finalizers),
        retained=tuple(_retained(caller, name)) if "PersistentVolumeClaim" in kinds else (),
        message=_words(observed),
    )


def _finalizers(plural: str, metadata: dict[str, Any]) -> list[str]:
    return [f"{plural}/{metadata['name']}: {finalizer}" for finalizer in metadata.get("finalizers") or ()]


def _retained(caller: Caller, namespace: str) -> list[str]:
    """Claims whose data stays behind when they are gone: the bound volume's own reclaim policy decides."""
    found = []
    for claim in reads.objects(caller, "PersistentVolumeClaim", namespace):
        bound_to = claim["spec"].get("volumeName")
        volume = reads.get(caller, "PersistentVolume", None, bound_to) if bound_to else None
        if volume and volume["spec"].get("persistentVolumeReclaimPolicy") == "Retain":
            found.append(claim["metadata"]["name"])
    return found


def _words(observed: dict[str, Any]) -> str:
    conditions = (observed.get("status") or {}).get("conditions") or ()
    said = [
        condition.get("message", "")
        for condition in conditions
        if condition.get("status") == "True" and condition.get("type", "").startswith(_TELLING)
    ]
    return " ".join(text for text in said if text)
