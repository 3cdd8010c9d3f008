"""The door through which new and changed objects enter the store.

The order is the real server's: namespace lifecycle, defaults and mutation, validation, then Pod Security and quota.
"""

from typing import Any

import orjson

from simcluster import errors
from simcluster.admission import lifecycle
from simcluster.apply import track_update
from simcluster.options import WriteOptions
from simcluster.resources import BY_KEY
from simcluster.schema.types import kind_of
from simcluster.store import Store
from simcluster.strategy import prepare_create, prepare_update

Obj = dict[str, Any]


class AdmittedStore:
    """Creations and updates that quota, limit range, Pod Security and defaults apply to."""

    def __init__(self, store: Store):
        self.store = store

    def start(self) -> None:
        """Begin to count what is there: called once, on the loop, when the state is loaded."""

    async def create(self, resource: str, obj: Obj) -> Obj:
        """Admit and store a new object. Raises ApiError whose `message` reads as the real server's."""
        return self.create_now(resource, obj, WriteOptions())

    def create_now(self, resource: str, obj: Obj, options: WriteOptions) -> Obj:
        """`create` without leaving the loop's current step; honors dry run and tracks the field manager."""
        row = BY_KEY[resource]
        new: Obj = orjson.loads(orjson.dumps(obj))
        lifecycle.check_create(self.store, resource, new)
        if row.namespaced and not new["metadata"].get("namespace"):
            raise errors.bad_request("an empty namespace may not be set during creation")
        prepare_create(self.store, resource, new)
        self._track(None, new, options)
        return self.store.create(resource, new, dry_run=options.dry_run)

    def update_now(self, resource: str, obj: Obj, options: WriteOptions) -> Obj:
        """Replace the object, or with options.subresource "status" its status. Raises 404, 409, 422."""
        meta = obj["metadata"]
        old = self.store.get(resource, meta.get("namespace"), meta["name"])
        if old is None:
            raise errors.not_found(resource, meta["name"])
        version = meta.get("resourceVersion")
        if version and version != old["metadata"]["resourceVersion"]:
            raise errors.conflict(resource, meta["name"])
        new: Obj = orjson.loads(orjson.dumps(obj))
        prepare_update(self.store, resource, new, old, options.subresource)
        self._track(old, new, options)
        return self.store.update(resource, new, dry_run=options.dry_run)

    def _track(self, old: Obj | None, new: Obj, options: WriteOptions) -> None:
        node = kind_of(new["apiVersion"], new["kind"])
        if node is not None and options.tracked:
            track_update(old, new, node, options.manager, options.subresource, self.store.clock.stamp())
