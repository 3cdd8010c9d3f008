"""What of a manifest an object in the cluster does not hold: the reason to apply it again.

Pure. Only what we say is compared: defaults that the API server fills in and fields that others add are no drift, as
server-side apply would leave them alone too.
"""

from __future__ import annotations

from typing import Any

from cluster import quantities
from cluster.names import ANNOTATION_OPERATION

_LIST_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "imagePullSecrets": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "protocol"),
}
"""Lists that are maps to server-side apply (`x-kubernetes-list-map-keys`): order and others' entries do not matter."""

_SERVICE_PORTS = ("port", "protocol")

_QUANTITIES = frozenset({"requests", "limits", "hard", "default", "defaultRequest", "max", "min"})
"""Fields whose values are quantities by resource name."""

_EXACT = frozenset({"ingress", "egress", "podSelector", "namespaceSelector", "selector", "roleRef", "subjects"})
"""Atomic to server-side apply and not defaulted: whatever was added there opens a wall or bends a selection."""

_NOT_COMPARED = frozenset({"apiVersion", "kind", "status"})
"""Items of lists and watches come without the first two."""

_EMPTY: tuple[Any, ...] = (None, "", [], {})
"""What the API server does not store: absent is the same."""


def drift(manifest: dict[str, Any], observed: dict[str, Any]) -> list[str]:
    """Paths (`spec.template.spec.containers[web].image`) of the manifest's fields that `observed` does not hold.

    `observed` is the object as the API server gives it, or as a watch does. Empty when nothing is to be done. The
    operation that wrote an object is no intent and not compared; its generation is.
    """
    found: list[str] = []
    for key, wanted in manifest.items():
        if key not in _NOT_COMPARED:
            _compare(key, key, wanted, observed.get(key), found)
    return found


def _compare(path: str, key: str, wanted: Any, there: Any, found: list[str]) -> None:
    if wanted in _EMPTY and there in _EMPTY:
        return
    if key in _EXACT:
        if wanted != there:
            found.append(path)
    elif isinstance(wanted, dict) and isinstance(there, dict):
        _compare_maps(path, key, wanted, there, found)
    elif isinstance(wanted, list) and isinstance(there, list):
        _compare_lists(path, key, wanted, there, found)
    elif wanted != there or isinstance(wanted, bool) != isinstance(there, bool):
        found.append(path)


def _compare_maps(path: str, key: str, wanted: dict[str, Any], there: dict[str, Any], found: list[str]) -> None:
    for name, value in wanted.items():
        if name == ANNOTATION_OPERATION:
            continue
        below = f"{path}[{name}]" if "." in name or "/" in name else f"{path}.{name}"
        if key in _QUANTITIES and isinstance(value, str) and _same_quantity(value, there.get(name)):
            continue
        _compare(below, name, value, there.get(name), found)


def _compare_lists(path: str, key: str, wanted: list[Any], there: list[Any], found: list[str]) -> None:
    keys = _keys_of(path, key)
    if keys is None:
        if len(wanted) != len(there):
            found.append(path)
            return
        for index, (value, other) in enumerate(zip(wanted, there, strict=True)):
            _compare(f"{path}[{index}]", key if key == "limits" else "", value, other, found)
        return
    by_key = {tuple(entry.get(name) for name in keys): entry for entry in there if isinstance(entry, dict)}
    for entry in wanted:
        identity = tuple(entry.get(name) for name in keys)
        below = f"{path}[{'/'.join(str(part) for part in identity)}]"
        if identity in by_key:
            _compare(below, "", entry, by_key[identity], found)
        else:
            found.append(below)


def _keys_of(path: str, key: str) -> tuple[str, ...] | None:
    if path == "spec.ports":
        return _SERVICE_PORTS
    return _LIST_KEYS.get(key)


def _same_quantity(wanted: str, there: Any) -> bool:
    if not isinstance(there, str | int):
        return False
    try:
        return quantities.parse(wanted) == quantities.parse(there)
    except ValueError:
        return False
