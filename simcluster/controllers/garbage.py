"""Deletes what its owners left behind, and finishes deletions that wait for dependents (Foreground) or let them go.

Rules of k8s.io/kubernetes/pkg/controller/garbagecollector.
"""

from collections.abc import Iterable
from typing import Any

from simcluster.controllers.queue import Controller, Key
from simcluster.deletion import FOREGROUND, ORPHAN
from simcluster.resources import BY_KEY, BY_KIND

RESOURCES = tuple(
    dict.fromkeys(row.storage for row in BY_KEY.values() if "watch" in row.verbs and row.storage != "events")
)


class Garbage(Controller):
    """Keys are (resource and namespace joined by a space, name)."""

    watches = RESOURCES
    component = "garbage-collector-controller"

    def keys(self, change: str, resource: str, obj: dict, old: dict | None) -> Iterable[Key]:
        metadata = obj["metadata"]
        if change == "DELETED":
            owned = [_key(kind, one) for kind, one in self.store.owned(metadata["uid"])]
            return [*owned, *self._waiting_owners(obj)]
        deleting = metadata.get("deletionTimestamp") and metadata.get("finalizers")
        if deleting or (metadata.get("ownerReferences") and (change == "ADDED" or _owners_changed(obj, old))):
            return [_key(resource, obj)]
        return ()

    def _waiting_owners(self, obj: dict) -> list[Key]:
        found = []
        for owner in obj["metadata"].get("ownerReferences") or ():
            place = self._owner(owner, obj["metadata"].get("namespace"))
            if place is not None and FOREGROUND in (place[1]["metadata"].get("finalizers") or ()):
                found.append(_key(*place))
        return found

    def _owner(self, owner: dict, namespace: str | None) -> tuple[str, dict] | None:
        """(resource, object) of an owner reference, when that very object is there."""
        row = BY_KIND.get((owner.get("apiVersion", ""), owner.get("kind", "")))
        if row is None:
            return None
        found = self.store.get(row.storage, namespace if row.namespaced else None, owner.get("name", ""))
        return (row.storage, found) if found is not None and found["metadata"]["uid"] == owner.get("uid") else None

    async def sync(self, key: Key) -> float | None:
        resource, _, namespace = key[0].partition(" ")
        obj = self.store.get(resource, namespace, key[1])
        if obj is None:
            return None
        finalizers = obj["metadata"].get("finalizers") or ()
        if obj["metadata"].get("deletionTimestamp") and ORPHAN in finalizers:
            self._let_go(obj)
            self._finished(resource, obj, ORPHAN)
        elif obj["metadata"].get("deletionTimestamp") and FOREGROUND in finalizers:
            self._delete_dependents_first(resource, obj)
        else:
            self._collect(resource, obj)
        return None

    def _let_go(self, obj: dict) -> None:
        uid = obj["metadata"]["uid"]

        def disown(copy: dict) -> None:
            owners = [one for one in copy["metadata"].get("ownerReferences") or () if one.get("uid") != uid]
            copy["metadata"]["ownerReferences"] = owners
            if not owners:
                del copy["metadata"]["ownerReferences"]

        for kind, dependent in list(self.store.owned(uid)):
            self.store.modify(kind, dependent["metadata"].get("namespace"), dependent["metadata"]["name"], disown)

    def _delete_dependents_first(self, resource: str, obj: dict) -> None:
        uid = obj["metadata"]["uid"]
        blocking = False
        for kind, dependent in list(self.store.owned(uid)):
            metadata = dependent["metadata"]
            references = [one for one in metadata["ownerReferences"] if one.get("uid") == uid]
            blocking = blocking or any(one.get("blockOwnerDeletion") for one in references)
            if not metadata.get("deletionTimestamp"):
                self.store.delete(kind, metadata.get("namespace"), metadata["name"], propagation="Foreground")
        blocking = blocking and any(True for _ in self.store.owned(uid))
        if not blocking:
            self._finished(resource, obj, FOREGROUND)

    def _finished(self, resource: str, obj: dict, finalizer: str) -> None:
        def change(copy: dict) -> None:
            left = [one for one in copy["metadata"].get("finalizers") or () if one != finalizer]
            copy["metadata"]["finalizers"] = left

        self.store.modify(resource, obj["metadata"].get("namespace"), obj["metadata"]["name"], change)

    def _collect(self, resource: str, obj: dict) -> None:
        """Owners that are gone are dropped; without any left the object goes too."""
        owners = obj["metadata"].get("ownerReferences") or ()
        namespace, name = obj["metadata"].get("namespace"), obj["metadata"]["name"]
        known = [one for one in owners if (one.get("apiVersion", ""), one.get("kind", "")) in BY_KIND]
        there = [one for one in owners if one not in known or self._owner(one, namespace) is not None]
        if not owners or len(there) == len(owners) or obj["metadata"].get("deletionTimestamp"):
            return
        if there:

            def change(copy: dict) -> None:
                copy["metadata"]["ownerReferences"] = there

            self.store.modify(resource, namespace, name, change)
        else:
            self.store.delete(resource, namespace, name, uid=obj["metadata"]["uid"])


def _key(resource: str, obj: dict[str, Any]) -> Key:
    return f"{resource} {obj['metadata'].get('namespace') or ''}", obj["metadata"]["name"]


def _owners_changed(obj: dict, old: dict | None) -> bool:
    return old is not None and obj["metadata"].get("ownerReferences") != old["metadata"].get("ownerReferences")
