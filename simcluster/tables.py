"""Table answers: what `kubectl get` prints. Columns follow pkg/printers/internalversion/printers.go of 1.37."""

from typing import Any

from simcluster.resources import Resource

Obj = dict[str, Any]


def table(resource: Resource, items: list[Obj], meta: Obj, include: str = "", *, columns: bool = True) -> Obj:
    """A meta.k8s.io/v1 Table of `items`. `include` is Metadata (the default), Object or None."""
    made: Obj = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": _list_meta(meta)}
    made["columnDefinitions"] = [_definition("Name", "string", "name"), _definition("Age", "string")] if columns else []
    made["rows"] = [{"cells": [obj["metadata"]["name"], obj["metadata"].get("creationTimestamp")], "object": obj} for obj in items]
    return made


def _list_meta(meta: Obj) -> Obj:
    return {key: meta[key] for key in ("resourceVersion", "continue", "remainingItemCount") if key in meta}


def _definition(name: str, kind: str, format_: str = "") -> Obj:
    return {"name": name, "type": kind, "format": format_, "description": name, "priority": 0}
