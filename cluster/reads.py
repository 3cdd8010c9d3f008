"""Reading single objects and short lists, as little of them as is needed: most reads ask for metadata alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cluster.calls import JSON, METADATA, METADATA_LIST, Caller
from cluster.errors import NotFound
from cluster.paths import collection, item
from cluster.specs import ClusterInfo, StorageClass

PAGE = 500
"""Objects that one list call answers."""

_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def get(caller: Caller, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
    """The whole object, None when there is none."""
    try:
        return caller.json("GET", item(kind, namespace, name))
    except NotFound:
        return None


def metadata(caller: Caller, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
    """An object's metadata, None when there is none. Of a Secret too: no value is ever asked for."""
    try:
        answer = caller.json("GET", item(kind, namespace, name), accept=METADATA)
    except NotFound:
        return None
    found: dict[str, Any] = answer["metadata"]
    return found


def objects(caller: Caller, kind: str, namespace: str, *, selector: str = "") -> Iterator[dict[str, Any]]:
    """Whole objects of a namespace, page by page."""
    yield from _pages(caller, collection(kind, namespace), selector, JSON)


def metadatas(caller: Caller, kind: str, namespace: str, *, selector: str = "") -> Iterator[dict[str, Any]]:
    """The metadata of a namespace's objects, page by page."""
    for partial in _pages(caller, collection(kind, namespace), selector, METADATA_LIST):
        yield partial["metadata"]


def any_of(caller: Caller, kind: str, namespace: str, *, selector: str) -> bool:
    """Whether there is at least one."""
    query = {"limit": "1", "labelSelector": selector}
    return bool(caller.json("GET", collection(kind, namespace), query=query, accept=METADATA_LIST)["items"])


def cluster_info(caller: Caller) -> ClusterInfo:
    """The API server's version and what volumes can be had."""
    version = caller.json("GET", "/version")["gitVersion"]
    classes = caller.json("GET", collection("StorageClass"))["items"]
    return ClusterInfo(
        version=version,
        storage_classes=tuple(sorted((_storage_class(found) for found in classes), key=lambda one: one.name)),
        seen_at=datetime.now(UTC),
    )


def _pages(caller: Caller, path: str, selector: str, accept: str) -> Iterator[dict[str, Any]]:
    query = {"limit": str(PAGE)}
    if selector:
        query["labelSelector"] = selector
    while True:
        page = caller.json("GET", path, query=query, accept=accept)
        yield from page.get("items") or ()
        following = (page.get("metadata") or {}).get("continue")
        if not following:
            return
        query["continue"] = following


def _storage_class(found: dict[str, Any]) -> StorageClass:
    meta = found["metadata"]
    return StorageClass(
        name=meta["name"],
        default=(meta.get("annotations") or {}).get(_DEFAULT_CLASS) == "true",
        expands=bool(found.get("allowVolumeExpansion")),
        waits=found.get("volumeBindingMode") == "WaitForFirstConsumer",
        retains=found.get("reclaimPolicy") == "Retain",
    )
