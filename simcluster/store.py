"""All objects of the cluster in memory: one asyncio loop, no locks.

Objects are plain dicts as they go over the wire. A stored object is never mutated: a change makes a new one, so that
watchers, history and callers may hold what they were given. Every change is an `Event` that is serialized at most once.
"""

import uuid
from collections.abc import Callable, Iterator

import orjson

from simcluster import errors
from simcluster.changes import Event, Events, Listener, Obj, Objects, Shelf, Subscription
from simcluster.clock import Clock
from simcluster.deletion import POD_FINAL_PHASES, deletion_marks
from simcluster.resources import BY_KEY

__all__ = ["Event", "Obj", "Store", "Subscription", "name_suffix"]


class Store:
    """`resource` is plural[.group] everywhere. Cluster-scoped objects have namespace None or ""."""

    def __init__(self, clock: Clock):
        self.clock = clock
        self.version = 1
        self.listeners: list[Listener] = []
        self._shelves: dict[str, Shelf] = {resource.storage: Shelf() for resource in BY_KEY.values()}
        self._owned: dict[str, set[tuple[str, str, str]]] = {}

    # Reading

    def get(self, resource: str, namespace: str | None, name: str) -> Obj | None:
        return self._shelf(resource).items.get(namespace or "", {}).get(name)

    def list(self, resource: str, namespace: str | None = None) -> Objects:
        """Those of one namespace, or all (namespace None or ""), in no promised order."""
        items = self._shelf(resource).items
        if namespace:
            return list(items.get(namespace, {}).values())
        return [obj for there in items.values() for obj in there.values()]

    def by_owner(self, uid: str) -> Objects:
        """Objects whose metadata.ownerReferences name `uid`."""
        return [obj for _, obj in self.owned(uid)]

    def owned(self, uid: str) -> Iterator[tuple[str, Obj]]:
        """(resource, object) of each that names `uid` as an owner."""
        for resource, namespace, name in sorted(self._owned.get(uid, ())):
            obj = self.get(resource, namespace, name)
            if obj is not None:
                yield resource, obj

    def count(self, resource: str) -> int:
        return self._shelf(resource).count

    def resources(self) -> Iterator[str]:
        """Keys of all resources that are stored here."""
        return iter(self._shelves)

    def events_since(self, resource: str, version: int) -> Events:
        """What happened after `version`; raises 410 Gone when that is no longer known."""
        shelf = self._shelf(resource)
        if version < shelf.forgotten:
            raise errors.gone(f"too old resource version: {version} ({shelf.forgotten})")
        found: list[Event] = []
        for event in reversed(shelf.events):
            if event.version <= version:
                break
            found.append(event)
        found.reverse()
        return found

    def list_at(self, resource: str, namespace: str | None, version: int) -> Objects:
        """Those that were there at `version`; raises 410 when that is no longer known."""
        found = {_place(obj): obj for obj in self.list(resource, namespace)}
        for event in reversed(self.events_since(resource, version)):
            if namespace and event.obj["metadata"].get("namespace") != namespace:
                continue
            if event.old is None:
                found.pop(_place(event.obj), None)
            else:
                found[_place(event.obj)] = event.old
        return list(found.values())

    def forget_history(self, *resources: str) -> None:
        """Drop what watches could resume from, as a compaction does: they get 410."""
        for resource in resources or tuple(self._shelves):
            shelf = self._shelf(resource)
            shelf.events.clear()
            shelf.forgotten = self.version

    def subscribe(self, *resources: str) -> Subscription:
        return Subscription(self.listeners, {resource: self.list(resource) for resource in resources})

    # Writing

    def create(self, resource: str, obj: Obj, *, dry_run: bool = False) -> Obj:
        """Store a new object: sets uid, creationTimestamp, resourceVersion, generation, fills generateName.

        Raises 409 AlreadyExists. Nothing is admitted or defaulted here: see simcluster.admission.
        """
        new = _copy(obj)
        row = BY_KEY[resource]
        new.setdefault("apiVersion", row.api_version)
        new.setdefault("kind", row.kind)
        meta = new.setdefault("metadata", {})
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + name_suffix()
        if not row.namespaced:
            meta.pop("namespace", None)
        if self.get(resource, meta.get("namespace"), meta["name"]) is not None:
            raise errors.already_exists(resource, meta["name"])
        for field in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"):
            meta.pop(field, None)
        meta.setdefault("uid", str(uuid.uuid4()))
        meta["creationTimestamp"] = self.clock.stamp()
        if row.generation:
            meta["generation"] = 1
        else:
            meta.pop("generation", None)
        meta.pop("resourceVersion", None)
        return new if dry_run else self._put("ADDED", resource, new, None)

    def update(self, resource: str, obj: Obj, *, status_only: bool = False, dry_run: bool = False) -> Obj:
        """Replace an object, or its status alone.

        A metadata.resourceVersion that is given and stale raises 409; nothing is written when nothing changes. An
        object under deletion whose last finalizer goes is removed. Raises 404 when it is not there.
        """
        meta = obj["metadata"]
        old = self.get(resource, meta.get("namespace"), meta["name"])
        if old is None:
            raise errors.not_found(resource, meta["name"])
        was = old["metadata"]
        if meta.get("resourceVersion") and meta["resourceVersion"] != was["resourceVersion"]:
            raise errors.conflict(resource, meta["name"])
        if status_only:
            new = {**old, "metadata": {**was}, "status": _copy(obj.get("status") or {})}
            if "managedFields" in meta:
                new["metadata"]["managedFields"] = meta["managedFields"]
        else:
            new = _copy(obj)
        return self._replace(resource, old, new, dry_run)

    def modify(
        self,
        resource: str,
        namespace: str | None,
        name: str,
        change: Callable[[Obj], None],
        *,
        status_only: bool = False,
    ) -> Obj | None:
        """Copy, let `change` alter the copy, write it when it differs. None when there is no such object."""
        old = self.get(resource, namespace, name)
        if old is None:
            return None
        new = _copy(old)
        change(new)
        if new == old:
            return old
        return self.update(resource, new, status_only=status_only)

    def delete(
        self,
        resource: str,
        namespace: str | None,
        name: str,
        *,
        uid: str | None = None,
        grace: int | None = None,
        propagation: str = "Background",
        dry_run: bool = False,
    ) -> Obj | None:
        """Delete as the API does: honors finalizers, a pod's grace and a namespace's contents.

        Answers the object as it stands now when it is still there, None when it is gone. Raises 404, and 409 when
        `uid` is another object's.
        """
        old = self.get(resource, namespace, name)
        if old is None:
            raise errors.not_found(resource, name)
        if uid and uid != old["metadata"]["uid"]:
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old['metadata']['uid']}"
            raise errors.conflict(resource, name, why)
        new = deletion_marks(resource, _copy(old), self.clock, grace, propagation)
        if new is None:
            if not dry_run:
                self.remove(resource, namespace, name)
            return None
        return self._replace(resource, old, new, dry_run)

    def remove(self, resource: str, namespace: str | None, name: str) -> None:
        """Gone now, whatever finalizers it has: the last step of the kubelet and of finalizing."""
        old = self.get(resource, namespace, name)
        if old is None:
            return
        self.version += 1
        gone = {**old, "metadata": {**old["metadata"], "resourceVersion": str(self.version)}}
        self._unlink(resource, old)
        self._tell(Event("DELETED", resource, gone, old, self.version))

    def load(self, resource: str, obj: Obj) -> None:
        """Put back an object of an earlier run as it was, telling nobody."""
        self.version = max(self.version, int(obj["metadata"]["resourceVersion"]))
        self._link(resource, obj)

    # Inside

    def _shelf(self, resource: str) -> Shelf:
        shelf = self._shelves.get(resource)
        if shelf is None:
            raise KeyError(f"no resource {resource} is stored here")
        return shelf

    def _replace(self, resource: str, old: Obj, new: Obj, dry_run: bool) -> Obj:
        was, meta = old["metadata"], new["metadata"]
        kept = ("uid", "creationTimestamp", "generation", "resourceVersion", "namespace")
        for field in kept:
            if field in was:
                meta[field] = was[field]
            else:
                meta.pop(field, None)
        if "deletionTimestamp" in was:
            meta.setdefault("deletionTimestamp", was["deletionTimestamp"])
            if "deletionGracePeriodSeconds" in was:
                meta.setdefault("deletionGracePeriodSeconds", was["deletionGracePeriodSeconds"])
        if not meta.get("finalizers"):
            meta.pop("finalizers", None)
        if new == old:
            return old
        started = "deletionTimestamp" in meta and "deletionTimestamp" not in was
        if "generation" in was and (_intent(old) != _intent(new) or started):
            meta["generation"] = was["generation"] + 1
        if dry_run:
            return new
        if "deletionTimestamp" in meta and _finished(resource, new):
            self.remove(resource, meta.get("namespace"), meta["name"])
            return new
        return self._put("MODIFIED", resource, new, old)

    def _put(self, type_: str, resource: str, new: Obj, old: Obj | None) -> Obj:
        self.version += 1
        new["metadata"]["resourceVersion"] = str(self.version)
        if old is not None:
            self._unlink(resource, old)
        self._link(resource, new)
        self._tell(Event(type_, resource, new, old, self.version))
        return new

    def _link(self, resource: str, obj: Obj) -> None:
        meta = obj["metadata"]
        namespace, name = meta.get("namespace") or "", meta["name"]
        shelf = self._shelf(resource)
        shelf.items.setdefault(namespace, {})[name] = obj
        shelf.count += 1
        for owner in meta.get("ownerReferences") or ():
            self._owned.setdefault(owner.get("uid", ""), set()).add((resource, namespace, name))

    def _unlink(self, resource: str, obj: Obj) -> None:
        meta = obj["metadata"]
        namespace, name = meta.get("namespace") or "", meta["name"]
        shelf = self._shelf(resource)
        there = shelf.items[namespace]
        del there[name]
        shelf.count -= 1
        if not there:
            del shelf.items[namespace]
        for owner in meta.get("ownerReferences") or ():
            owned = self._owned.get(owner.get("uid", ""))
            if owned is not None:
                owned.discard((resource, namespace, name))
                if not owned:
                    del self._owned[owner["uid"]]

    def _tell(self, event: Event) -> None:
        self._shelf(event.resource).remember(event)
        for listener in tuple(self.listeners):
            listener(event)


def _copy(obj: Obj) -> Obj:
    copied: Obj = orjson.loads(orjson.dumps(obj))
    return copied


def _place(obj: Obj) -> tuple[str, str]:
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


def _intent(obj: Obj) -> Obj:
    """What a change of counts as a new generation; a pod's binding to a node is none."""
    intent = {key: value for key, value in obj.items() if key not in ("metadata", "status")}
    if obj.get("kind") == "Pod":
        intent["spec"] = {key: value for key, value in intent.get("spec", {}).items() if key != "nodeName"}
    return intent


def _finished(resource: str, obj: Obj) -> bool:
    """Whether an object under deletion has nothing left to wait for."""
    meta = obj["metadata"]
    if meta.get("finalizers"):
        return False
    if resource == "namespaces":
        return not (obj.get("spec") or {}).get("finalizers")
    if resource == "pods":
        ended = (obj.get("status") or {}).get("phase") in POD_FINAL_PHASES
        return not meta.get("deletionGracePeriodSeconds") or (ended and not (obj.get("spec") or {}).get("nodeName"))
    return True


def name_suffix() -> str:
    """Five characters from the alphabet that k8s.io/apimachinery/pkg/util/rand uses."""
    alphabet = "bcdfghjklmnpqrstvwxz2456789"
    number = uuid.uuid4().int
    letters = []
    for _ in range(5):
        number, index = divmod(number, len(alphabet))
        letters.append(alphabet[index])
    return "".join(letters)
