"""Server-side apply and the bookkeeping of who manages which field.

Follows k8s.io/apimachinery/pkg/util/managedfields and sigs.k8s.io/structured-merge-diff/v6/merge/update.go, for one
version a kind (nothing is converted here).
"""

from collections.abc import Iterable
from typing import Any

from simcluster import errors
from simcluster.fieldsets import (
    Comparison,
    Path,
    Paths,
    child,
    element_of,
    from_fields_v1,
    paths_of,
    spoken,
    to_fields_v1,
    with_parents,
    without,
)
from simcluster.schema.types import Node

Obj = dict[str, Any]
ManagerKey = tuple[str, str, str, str]
"""(manager, operation, apiVersion, subresource)"""

MAX_UPDATERS = 10
STRIPPED: frozenset[Path] = frozenset(
    [("f:apiVersion",), ("f:kind",), ("f:metadata",)]
    + [
        ("f:metadata", f"f:{name}")
        for name in [
            "name",
            "namespace",
            "creationTimestamp",
            "selfLink",
            "uid",
            "clusterName",
            "generation",
            "managedFields",
            "resourceVersion",
        ]
    ]
)


class Managers:
    """metadata.managedFields, read and written."""

    def __init__(self, entries: Iterable[Obj] = ()):
        self.sets: dict[ManagerKey, Paths] = {}
        self.times: dict[ManagerKey, str] = {}
        for entry in entries or ():
            key = (
                entry.get("manager", ""),
                entry.get("operation", ""),
                entry.get("apiVersion", ""),
                entry.get("subresource", ""),
            )
            self.sets[key] = from_fields_v1(entry.get("fieldsV1") or {})
            self.times[key] = entry.get("time", "")

    def entries(self) -> list[Obj]:
        """As they stand in an object: applies first, then updates by time and name."""

        def order(key: ManagerKey) -> tuple[Any, ...]:
            return (key[1], self.times.get(key, ""), key[0], key[2], key[3])

        made = []
        for key in sorted((key for key, paths in self.sets.items() if paths), key=order):
            manager, operation, api_version, subresource = key
            entry = {"manager": manager, "operation": operation, "apiVersion": api_version}
            entry["time"] = self.times.get(key, "")
            entry["fieldsType"] = "FieldsV1"
            entry["fieldsV1"] = to_fields_v1(self.sets[key])  # type: ignore[assignment]
            if subresource:
                entry["subresource"] = subresource
            made.append(entry)
        return made

    def lose(self, key: ManagerKey, paths: Paths) -> None:
        self.sets[key] = self.sets[key] - paths


def track_update(old: Obj | None, new: Obj, node: Node, manager: str, subresource: str, now: str) -> None:  # noqa: PLR0917
    """Write into `new` who manages what after an update (or creation, `old` None) by `manager`."""
    given = new["metadata"].pop("managedFields", None)
    kept = (old or {}).get("metadata", {}).get("managedFields") or []
    if given in ([], [{}]):
        return
    if old is not None and not kept and not given:
        return
    managers = Managers(given if given and not subresource else kept)
    compared = Comparison(_bare(old) if old else {}, _bare(new), node)
    me: ManagerKey = (manager, "Update", new["apiVersion"], subresource)
    touched = compared.touched - STRIPPED
    for key in managers.sets:
        if key != me:
            managers.lose(key, compared.touched | compared.removed)
    if me in managers.sets:
        managers.lose(me, compared.removed)
    if touched:
        managers.sets[me] = managers.sets.get(me, set()) | touched
        managers.times[me] = now
    _cap(managers)
    entries = managers.entries()
    if entries:
        new["metadata"]["managedFields"] = entries


def apply(live: Obj | None, config: Obj, node: Node, manager: str, subresource: str, force: bool, now: str) -> Obj:  # noqa: PLR0917
    """`config` merged into `live`: the object to store, managedFields written. Raises 409 with every conflict."""
    base = _bare(live) if live else {}
    managers = Managers((live or {}).get("metadata", {}).get("managedFields") or ())
    if live and not managers.sets:
        first = paths_of(base, node) - STRIPPED
        managers.sets["before-first-apply", "Update", config["apiVersion"], ""] = first
        managers.times["before-first-apply", "Update", config["apiVersion"], ""] = now
    me: ManagerKey = (manager, "Apply", config["apiVersion"], subresource)
    last = managers.sets.get(me, set())
    managers.sets[me] = paths_of(config, node)
    merged = merge(base, config, node)
    merged = _prune(merged, managers, last, node)
    managers.lose(me, set(STRIPPED))
    compared = Comparison(base, merged, node)
    _conflicts(managers, me, compared, force)
    for key in managers.sets:
        if key != me:
            managers.lose(key, compared.touched | compared.removed)
    if base != merged or me not in managers.times:
        managers.times[me] = now
    merged.setdefault("metadata", {})
    merged["metadata"] = {**merged["metadata"], "managedFields": managers.entries()}
    return merged


def merge(live: Any, config: Any, node: Node) -> Any:
    """`config` laid over `live` field by field; the config's order rules in keyed lists."""
    if config is None or live is None or node.atomic or node.kind == "scalar":
        return live if config is None else config
    if node.kind == "list":
        return _merge_list(live, config, node)
    if not isinstance(live, dict) or not isinstance(config, dict):
        return config
    made = dict(live)
    for name, inner in config.items():
        made[name] = merge(live.get(name), inner, child(node, f"f:{name}"))
    return made


def _merge_list(live: list[Any], config: list[Any], node: Node) -> list[Any]:
    before = {element_of(item, node): item for item in live}
    after = {element_of(item, node): item for item in config}
    made: list[Any] = []
    waiting = list(after)
    for element, item in before.items():
        if element not in after:
            made.append(item)
            continue
        while waiting and element in waiting:
            name = waiting.pop(0)
            made.append(merge(before.get(name), after[name], node.element))
            if name == element:
                break
    made.extend(merge(before.get(name), after[name], node.element) for name in waiting)
    return made


def _prune(merged: Obj, managers: Managers, last: Paths, node: Node) -> Obj:
    """Drop what this manager applied last time, does not now, and nobody else claims."""
    if not last:
        return merged
    owned: Paths = set().union(*managers.sets.values())
    in_merged = with_parents(paths_of(merged, node), node)
    pruned = without(merged, with_parents(last, node), node) or {}
    in_pruned = with_parents(paths_of(pruned, node), node)
    pruned = without(merged, in_merged - (in_pruned | with_parents(owned, node)), node) or {}
    in_pruned = with_parents(paths_of(pruned, node), node)
    result: Obj = without(merged, (in_merged - in_pruned) & with_parents(last, node), node) or {}
    return result


def _conflicts(managers: Managers, me: ManagerKey, compared: Comparison, force: bool) -> None:
    if force:
        return
    found = [
        (_spoken_manager(key), spoken(path))
        for key, paths in managers.sets.items()
        if key != me
        for path in sorted(paths & compared.touched)
    ]
    if not found:
        return
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": path}
        for manager, path in found
    ]
    if len(found) == 1:
        message = f"Apply failed with 1 conflict: conflict with {found[0][0]}: {found[0][1]}"
    else:
        lines: list[str] = []
        for manager in sorted({manager for manager, _ in found}):
            lines.append(f"conflicts with {manager}:")
            lines.extend(f"- {path}" for owner, path in found if owner == manager)
        message = f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)
    raise errors.ApiError(409, "Conflict", message, {"causes": causes})


def _spoken_manager(key: ManagerKey) -> str:
    manager, operation, api_version, subresource = key
    text = f'"{manager}"'
    if subresource:
        text += f' with subresource "{subresource}"'
    if operation == "Update":
        text += f" using {api_version}"
    return text


def _cap(managers: Managers) -> None:
    """At most ten updaters; the oldest become `ancient-changes`."""
    updaters = sorted((key for key in managers.sets if key[1] == "Update"), key=lambda key: managers.times.get(key, ""))
    if len(updaters) <= MAX_UPDATERS:
        return
    oldest = updaters[: len(updaters) - MAX_UPDATERS + 1]
    bucket: ManagerKey = ("ancient-changes", "Update", oldest[-1][2], "")
    time = managers.times.get(oldest[-1], "")
    gathered: Paths = set().union(*(managers.sets.pop(key) for key in oldest))
    managers.sets[bucket] = gathered
    managers.times[bucket] = time


def _bare(obj: Obj) -> Obj:
    """The object without managedFields, which nobody manages."""
    meta = {name: value for name, value in obj.get("metadata", {}).items() if name != "managedFields"}
    return {**obj, "metadata": meta}
