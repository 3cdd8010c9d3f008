"""Table answers: what `kubectl get` prints. Columns follow pkg/printers/internalversion/printers.go of 1.37."""

from typing import Any

from simcluster.resources import Resource
from simcluster.tables.columns import COLUMNS
from simcluster.tables.durations import since

Obj = dict[str, Any]


def table(resource: Resource, items: list[Obj], meta: Obj, include: str = "", *, columns: bool = True) -> Obj:
    """A meta.k8s.io/v1 Table of `items`. `include` is Metadata (the default), Object or None."""
    spec, cells = COLUMNS.get(resource.storage, ("Name Age", lambda obj: [obj["metadata"]["name"], since(obj)]))
    made: Obj = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": _list_meta(meta)}
    made["columnDefinitions"] = [_definition(column) for column in spec.split()] if columns else []
    made["rows"] = [{"cells": cells(obj), **_object(obj, include)} for obj in items]
    return made


def _object(obj: Obj, include: str) -> Obj:
    if include == "None":
        return {}
    if include == "Object":
        return {"object": obj}
    shown = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}
    return {"object": shown}


def _list_meta(meta: Obj) -> Obj:
    return {key: meta[key] for key in ("resourceVersion", "continue", "remainingItemCount") if key in meta}


def _definition(column: str) -> Obj:
    """`Name`, `Desired:integer`, `IP!` (shown with -o wide alone); an underscore stands for a space."""
    column, _, kind = column.partition(":")
    name = column.rstrip("!").replace("_", " ")
    return {
        "name": name,
        "type": kind or "string",
        "format": "name" if name == "Name" else "",
        "description": name,
        "priority": 1 if column.endswith("!") else 0,
    }
