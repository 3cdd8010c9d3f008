"""Namespace lifecycle: nothing new in a namespace that is not there or is going."""

from typing import Any

from simcluster import errors
from simcluster.resources import BY_KEY
from simcluster.store import Store

PROTECTED = frozenset(("default", "kube-system", "kube-public"))


def check_create(store: Store, resource: str, obj: dict[str, Any]) -> None:
    """Raises 404 for a missing namespace, 403 for a terminating one."""
    row = BY_KEY[resource]
    meta = obj.setdefault("metadata", {})
    if not row.namespaced:
        return
    namespace = store.get("namespaces", None, meta.get("namespace", ""))
    if namespace is None:
        raise errors.not_found("namespaces", meta.get("namespace", ""))
    if namespace["metadata"].get("deletionTimestamp"):
        name = namespace["metadata"]["name"]
        why = f"unable to create new content in namespace {name} because it is being terminated"
        error = errors.forbidden(resource, meta.get("name", ""), why)
        cause = {"reason": "NamespaceTerminating", "message": f"namespace {name} is being terminated"}
        error.status["details"]["causes"] = [{**cause, "field": "metadata.namespace"}]
        raise error


def check_delete(resource: str, name: str) -> None:
    """Raises 403 for the namespaces that a cluster cannot be without."""
    if resource == "namespaces" and name in PROTECTED:
        raise errors.forbidden(resource, name, "this namespace may not be deleted")
