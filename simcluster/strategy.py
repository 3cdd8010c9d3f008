"""What each kind's registry strategy does to an object before it is stored (PrepareForCreate, PrepareForUpdate)."""

from typing import Any

from simcluster.resources import BY_KEY
from simcluster.store import Store

Obj = dict[str, Any]


def prepare_create(store: Store, resource: str, obj: Obj) -> None:
    """Change `obj` in place: status as a new object has it, defaults filled in."""
    obj.setdefault("metadata", {})


def prepare_update(store: Store, resource: str, new: Obj, old: Obj, subresource: str) -> None:
    """Change `new` in place: what this address cannot change is as it was in `old`."""
    if subresource == "status":
        status, managed = new.get("status"), new["metadata"].get("managedFields")
        kept = {key: value for key, value in old.items() if key != "status"}
        kept["metadata"] = {**old["metadata"]}
        if managed is not None:
            kept["metadata"]["managedFields"] = managed
        new.clear()
        new.update(kept)
        if status is not None:
            new["status"] = status
    elif BY_KEY[resource].status:
        if "status" in old:
            new["status"] = old["status"]
        else:
            new.pop("status", None)
