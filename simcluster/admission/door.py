"""The door through which new and changed objects enter the store.

The order is the real server's: namespace lifecycle, defaults and mutation, validation, then limit range, Pod Security
and, last, quota.
"""

from typing import Any

import orjson

from simcluster import errors
from simcluster.admission import lifecycle
from simcluster.admission.limitrange import check_limits, default_containers
from simcluster.admission.podsecurity import TEMPLATES, check_pod_security
from simcluster.admission.quota import QuotaBook
from simcluster.admission.resize import check_resize
from simcluster.admission.serviceaccount import give_account
from simcluster.apply import track_update
from simcluster.options import WriteOptions
from simcluster.pod_defaults import qos_class
from simcluster.resources import BY_KEY
from simcluster.schema.types import kind_of
from simcluster.store import Store
from simcluster.strategy import prepare_create, prepare_update
from simcluster.validation import validate, validate_update

Obj = dict[str, Any]
LIMITED = frozenset(("pods", "persistentvolumeclaims"))


class AdmittedStore:
    """Creations and updates that quota, limit range, Pod Security and defaults apply to."""

    def __init__(self, store: Store):
        self.store = store
        self.quotas = QuotaBook(store)

    def start(self) -> None:
        """Begin to count what is there: called once, on the loop, when the state is loaded."""
        self.quotas.start()

    async def create(self, resource: str, obj: Obj) -> Obj:
        """Admit and store a new object. Raises ApiError whose `message` reads as the real server's."""
        return self.create_now(resource, obj, WriteOptions())

    def create_now(self, resource: str, obj: Obj, options: WriteOptions) -> Obj:
        """`create` without leaving the loop's current step; honors dry run and tracks the field manager."""
        new: Obj = orjson.loads(orjson.dumps(obj))
        new.setdefault("metadata", {}).pop("uid", None)
        lifecycle.check_create(self.store, resource, new)
        there = self.store.get(resource, new["metadata"].get("namespace"), new["metadata"].get("name", ""))
        if there is not None:
            leaving = "deletionTimestamp" in there["metadata"]
            raise errors.already_exists(resource, new["metadata"]["name"], leaving=leaving)
        prepare_create(self.store, resource, new)
        if resource == "pods":
            give_account(self.store, new)
            default_containers(self.store, new)
            new["status"]["qosClass"] = qos_class(new["spec"])
        validate(resource, new)
        self._judge(resource, new, None, options)
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
        if options.subresource != "status":
            validate_update(resource, new, old)
            validate(resource, new)
            self._judge(resource, new, old, options)
        self._track(old, new, options)
        return self.store.update(resource, new, dry_run=options.dry_run)

    def _judge(self, resource: str, new: Obj, old: Obj | None, options: WriteOptions) -> None:
        if resource == "persistentvolumeclaims" and old is not None:
            check_resize(self.store, new, old)
        if resource in LIMITED and (old is None or resource != "pods"):
            check_limits(self.store, resource, new)
        if (resource == "pods" and old is None) or resource in TEMPLATES:
            check_pod_security(self.store, resource, new, options.warnings)
        if BY_KEY[resource].namespaced:
            self.quotas.check(resource, new, old)

    def _track(self, old: Obj | None, new: Obj, options: WriteOptions) -> None:
        node = kind_of(new["apiVersion"], new["kind"])
        if node is not None and options.tracked:
            track_update(old, new, node, options.manager, options.subresource, self.store.clock.stamp())
