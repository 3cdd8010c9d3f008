"""delete and deletecollection, with preconditions, grace, propagation and what each kind answers."""

from simcluster import errors
from simcluster.admission.lifecycle import check_delete
from simcluster.http import Request, Response, answer
from simcluster.options import DeletionOptions, deletion_options
from simcluster.reads import find, matcher, place, shaped
from simcluster.resources import Resource
from simcluster.routes import Target
from simcluster.store import Obj, Store
from simcluster.views import as_served

ANSWERS_OBJECT = frozenset(
    [
        "pods",
        "services",
        "persistentvolumes",
        "persistentvolumeclaims",
        "resourcequotas",
        "serviceaccounts",
        "namespaces",
        "storageclasses.storage.k8s.io",
    ]
)
"""Kinds whose registry sets ReturnDeletedObject: they answer the object even when it went at once."""


def delete(store: Store, target: Target, request: Request) -> Response:
    """Raises 404, and 409 when a precondition does not hold."""
    options = deletion_options(request)
    old = find(store, target)
    left = _delete(store, target.resource, old, options)
    if left is not None:
        return shaped(target.resource, as_served(left, target.resource), request)
    if target.resource.storage in ANSWERS_OBJECT:
        return shaped(target.resource, as_served(old, target.resource), request)
    return answer(success(target.resource, old))


def delete_collection(store: Store, target: Target, request: Request) -> Response:
    """Delete what the selectors find; answers the list of what was found."""
    options = deletion_options(request)
    match = matcher(target.resource, request)
    resource = target.resource
    found = [obj for obj in store.list(resource.storage, target.namespace) if match is None or match(obj)]
    items = []
    for obj in sorted(found, key=place):
        left = _delete(store, resource, obj, options)
        items.append(as_served(left or obj, resource))
    meta = {"resourceVersion": str(store.version)}
    return answer({"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": meta, "items": items})


def evict(store: Store, target: Target, options: DeletionOptions) -> Response:
    """pods/eviction without a disruption budget in the way: a deletion that answers Success."""
    _delete(store, target.resource, find(store, target), options)
    return answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)


def success(resource: Resource, obj: Obj) -> Obj:
    details = {"name": obj["metadata"]["name"], "group": resource.group, "kind": resource.plural}
    details["uid"] = obj["metadata"]["uid"]
    details = {key: value for key, value in details.items() if value}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _delete(store: Store, resource: Resource, obj: Obj, options: DeletionOptions) -> Obj | None:
    meta = obj["metadata"]
    check_delete(resource.storage, meta["name"])
    _preconditions(resource, meta, options)
    propagation = options.propagation or ("Orphan" if "orphan" in (meta.get("finalizers") or ()) else "Background")
    return store.delete(
        resource.storage,
        meta.get("namespace"),
        meta["name"],
        grace=options.grace,
        propagation=propagation,
        dry_run=options.dry_run,
    )


def _preconditions(resource: Resource, meta: Obj, options: DeletionOptions) -> None:
    if options.uid and options.uid != meta["uid"]:
        why = (
            f"the UID in the precondition ({options.uid}) does not match the UID in record ({meta['uid']}). "
            "The object might have been deleted and then recreated"
        )
        raise errors.conflict(resource.kind, meta["name"], why)
    if options.version and options.version != meta["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({options.version}) does not match the ResourceVersion in record "
            f"({meta['resourceVersion']}). The object might have been modified"
        )
        raise errors.conflict(resource.kind, meta["name"], why)
