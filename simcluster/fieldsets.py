"""Sets of field paths, as managedFields records them: made from objects, compared, taken out of objects.

A path is a tuple of elements in FieldsV1 spelling: `f:spec`, `k:{"name":"web"}`, `v:"x"`. The rules are those of
sigs.k8s.io/structured-merge-diff/v6 (typed/tofieldset.go, compare.go, remove.go).
"""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from simcluster.schema.types import Node

Path = tuple[str, ...]
Paths = set[Path]
Trie = dict[str, Any]
_ANY = Node("scalar")
_ANY.scalar = "any"


def element_of(item: Any, node: Node) -> str:
    """The path element of a list's item: by key for keyed lists, by value for sets."""
    if node.keys:
        key = dict(zip(node.keys, node.item_key(item), strict=True))
        return (
            "k:"
            + orjson.dumps(
                {name: value for name, value in key.items() if value is not None}, option=orjson.OPT_SORT_KEYS
            ).decode()
        )
    return "v:" + orjson.dumps(item).decode()


def child(node: Node, element: str) -> Node:
    """The shape one step down; unknown below atomic and untyped values."""
    if node.kind == "struct" and element.startswith("f:"):
        return node.fields.get(element[2:], _ANY)
    return node.element if node.kind in ("map", "list") else _ANY


def paths_of(value: Any, node: Node) -> Paths:
    """Every field that `value` sets: what an applier owns."""
    found: Paths = set()
    _collect(value, node, (), found)
    return found


def _collect(value: Any, node: Node, at: Path, found: Paths) -> None:
    if node.atomic or node.kind == "scalar":
        found.add(at)
    elif node.kind == "list":
        for item in value or ():
            path = (*at, element_of(item, node))
            _collect(item, node.element, path, found)
            found.add(path)
    else:
        for name, inner in (value or {}).items():
            path = (*at, f"f:{name}")
            field = node.fields.get(name) if node.kind == "struct" else None
            _collect(inner, field or (node.element if node.kind == "map" else _ANY), path, found)
            if inner is None or inner == {} or field is None:
                found.add(path)


class Comparison:
    """Fields that `new` added to, changed in and removed from `old`."""

    __slots__ = ("added", "modified", "removed")

    def __init__(self, old: Any, new: Any, node: Node):
        self.added: Paths = set()
        self.modified: Paths = set()
        self.removed: Paths = set()
        self._compare(old, new, node, ())

    @property
    def touched(self) -> Paths:
        return self.added | self.modified

    def _compare(self, old: Any, new: Any, node: Node, at: Path) -> None:
        if old is not None and new is not None and old == new:
            return
        leaf = node.atomic or node.kind == "scalar" or (not old and not new)
        if leaf:
            if old is None:
                self.added.add(at)
            elif new is None:
                self.removed.add(at)
            elif old != new:
                self.modified.add(at)
            return
        before, after = _children(old, node), _children(new, node)
        for element in {**before, **after}:
            empty: Any = {} if element[2:] in node.solid else None
            below = child(node, element)
            self._compare(before.get(element, empty), after.get(element, empty), below, (*at, element))
        if at and old is None:
            self.added.add(at)
        elif at and new is None:
            self.removed.add(at)


def _children(value: Any, node: Node) -> dict[str, Any]:
    if not value:
        return {}
    if isinstance(value, list):
        return {element_of(item, node): item for item in value}
    return {f"f:{name}": inner for name, inner in value.items()}


def without(value: Any, paths: Iterable[Path], node: Node) -> Any:
    """A copy of `value` with the fields at `paths` taken out; None when nothing is left."""
    return _without(value, trie_of(paths), node)


def _without(value: Any, drop: Trie, node: Node) -> Any:
    if node.atomic or not value or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        items = []
        for item in value:
            below = drop.get(element_of(item, node))
            if below is None:
                items.append(item)
            elif None not in below:
                items.append(_without(item, below, node.element))
        return items or None
    made = {}
    for name, inner in value.items():
        below = drop.get(f"f:{name}")
        if below is None:
            made[name] = inner
        elif None not in below:
            made[name] = _without(inner, below, child(node, f"f:{name}"))
    return made or None


def with_parents(paths: Paths, node: Node) -> Paths:
    """`paths` and every struct field on the way to them (EnsureNamedFieldsAreMembers)."""
    found = set(paths)
    for path in paths:
        here = node
        for depth, element in enumerate(path[:-1], 1):
            if here.kind == "struct" and element[2:] in here.fields and element.startswith("f:"):
                found.add(path[:depth])
            here = child(here, element)
    return found


def trie_of(paths: Iterable[Path]) -> Trie:
    """Nested dicts by element; the key None marks a member."""
    root: Trie = {}
    for path in paths:
        here = root
        for element in path:
            here = here.setdefault(element, {})
        here[None] = True  # type: ignore[index]
    return root


def to_fields_v1(paths: Iterable[Path]) -> dict[str, Any]:
    """The FieldsV1 document of a set."""

    def write(node: Trie) -> dict[str, Any]:
        names = sorted(name for name in node if name is not None)
        made: dict[str, Any] = {".": {}} if names and None in node else {}
        for name in names:
            made[name] = write(node[name])
        return made

    return write(trie_of(paths))


def from_fields_v1(document: dict[str, Any]) -> Paths:
    """The set that a FieldsV1 document spells."""

    def read(node: dict[str, Any], at: Path) -> Iterator[Path]:
        for name, below in node.items():
            if name == ".":
                yield at
            elif below:
                yield from read(below, (*at, name))
            else:
                yield (*at, name)

    return set(read(document, ()))


def spoken(path: Path) -> str:
    """How messages name a path: .spec.template.spec.containers[name="web"].image"""
    text = ""
    for element in path:
        if element.startswith("f:"):
            text += f".{element[2:]}"
        elif element.startswith("k:"):
            keys = orjson.loads(element[2:])
            text += "[" + ",".join(f"{key}={orjson.dumps(value).decode()}" for key, value in keys.items()) + "]"
        else:
            text += f"[={element[2:]}]"
    return text
