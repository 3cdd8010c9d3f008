"""PersistentVolumeClaimResize: a bound claim grows only where its class lets it."""

from typing import Any

from simcluster import errors
from simcluster.quantities import parse
from simcluster.store import Store

Obj = dict[str, Any]


def check_resize(store: Store, new: Obj, old: Obj) -> None:
    """Raises 403 in the words of plugin/pkg/admission/storage/persistentvolume/resize."""
    if _size(new) <= _size(old):
        return
    meta = new["metadata"]
    if (old.get("status") or {}).get("phase") != "Bound":
        raise errors.forbidden(
            "persistentvolumeclaims", meta["name"], "Only bound persistent volume claims can be expanded"
        )
    name = old["spec"].get("storageClassName", "")
    found = store.get("storageclasses.storage.k8s.io", None, name) if name else None
    if found is None or not found.get("allowVolumeExpansion"):
        why = (
            "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support "
            "resize"
        )
        raise errors.forbidden("persistentvolumeclaims", meta["name"], why)


def _size(claim: Obj) -> Any:
    return parse((((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage", 0))
