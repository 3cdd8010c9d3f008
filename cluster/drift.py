"""What of a manifest an object in the cluster does not hold: the reason to apply it again.

Pure. Only what we say is compared: defaults that the API server fills in and fields that others add are no drift, as
server-side apply would leave them alone too. What bounds a tenant is Berth's alone: there, whatever was added is drift.
"""

from __future__ import annotations

from collections.abc import Iterator
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

_ALONE = frozenset({"ResourceQuota", "LimitRange"})
"""Kinds whose `spec` is written out by us in full: one more key there stops a team's pods, or lets them do more."""

_NOT_COMPARED = frozenset({"apiVersion", "kind", "status"})
"""Items of lists and watches come without the first two."""

_EMPTY: tuple[Any, ...] = (None, "", [], {})
"""What the API server does not store: absent is the same."""


def drift(manifest: dict[str, Any], observed: dict[str, Any]) -> list[str]:
    """Paths (`spec.template.spec.containers[web].image`) where `observed` does not hold the manifest.

    `observed` is the object as the API server gives it, or as a watch does. Empty when nothing is to be done. The
    operation that wrote an object is no intent and not compared; its generation is.
    """
    found: list[str] = []
    for key, wanted in manifest.items():
        if key not in _NOT_COMPARED:
            _compare(key, key, wanted, observed.get(key), found)
    if manifest["kind"] in _ALONE:
        found.extend(_said(path) for path in _added(manifest["spec"], observed.get("spec"), ("spec",)))
    return found


def without_added(manifest: dict[str, Any], observed: dict[str, Any]) -> dict[str, Any]:
    """A JSON merge patch (RFC 7396) that takes off what others added to the `spec` of a kind that is Berth's alone.

    {} when there is nothing, as for all other kinds. What was added within a list is not in it: such lists are atomic
    to server-side apply, which has put them right.
    """
    patch: dict[str, Any] = {}
    if manifest["kind"] in _ALONE:
        for *above, last in _added(manifest["spec"], observed.get("spec"), ("spec",)):
            if not any(isinstance(step, int) for step in above):
                place = patch
                for step in above:
                    place = place.setdefault(step, {})
                place[last] = None
    return patch


def _added(wanted: Any, there: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Where `there` holds a key that `wanted` does not name, each as the steps that lead to it."""
    if isinstance(wanted, dict) and isinstance(there, dict):
        for key, value in there.items():
            if key in wanted:
                yield from _added(wanted[key], value, (*path, key))
            elif value not in _EMPTY:
                yield (*path, key)
    elif isinstance(wanted, list) and isinstance(there, list):
        for index, (value, other) in enumerate(zip(wanted, there, strict=False)):
            yield from _added(value, other, (*path, index))


def _said(path: tuple[Any, ...]) -> str:
    said = str(path[0])
    for step in path[1:]:
        said += f"[{step}]" if isinstance(step, int) else _step(step)
    return said


def _step(name: str) -> str:
    return f"[{name}]" if "." in name or "/" in name else f".{name}"


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
        below = f"{path}{_step(name)}"
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
