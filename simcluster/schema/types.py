"""The shapes of the served kinds, read once from types.json: what a field may hold, which lists are keyed by what.

Server-side apply, strategic merge and strict decoding all walk these nodes. types.json is made by extract.py.
"""

from functools import cache
from pathlib import Path
from typing import Any

import orjson


class Node:
    """One shape. `kind` is scalar, struct, map or list; only the fields of that kind mean something.

    scalar: `scalar` names it. struct: `fields`, `required`, `defaults`, and `solid`, the fields that Go holds by value,
    so that they are never absent; `numbers`, field names by protobuf number. map and list: `element`. list: `keys`
    when it is keyed ("map"), `is_set`; `merge_key` for strategic merge (None: replaced whole; "": a set of scalars).
    """

    __slots__ = (
        "atomic",
        "defaults",
        "element",
        "fields",
        "is_set",
        "keys",
        "kind",
        "merge_key",
        "name",
        "numbers",
        "required",
        "scalar",
        "solid",
    )

    def __init__(self, kind: str, name: str = ""):
        self.kind = kind
        self.name = name
        self.scalar = ""
        self.atomic = False
        self.fields: dict[str, Node] = {}
        self.required: tuple[str, ...] = ()
        self.defaults: dict[str, Any] = {}
        self.numbers: dict[str, Any] = {}
        self.solid: frozenset[str] = frozenset()
        self.element: Node = self
        self.keys: tuple[str, ...] = ()
        self.is_set = False
        self.merge_key: str | None = None

    def item_key(self, item: Any) -> tuple[Any, ...]:
        """The values that identify a keyed list's item; a missing one takes its field's default."""
        if not isinstance(item, dict):
            return (item,)
        return tuple(item.get(key, self.element.defaults.get(key)) for key in self.keys)


@cache
def kind_of(api_version: str, kind: str) -> Node | None:
    """The shape of a served kind, None when nothing is known of it."""
    name = _document()["kinds"].get(f"{api_version}/{kind}")
    return _named(name) if name else None


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(Path(__file__).with_name("types.json").read_bytes())
    return document


_made: dict[str, Node] = {}


def _named(name: str) -> Node:
    node = _made.get(name)
    if node is None:
        node = _made[name] = Node("struct", name)
        raw = _document()["types"][name]
        node.required = tuple(raw.get("required", ()))
        node.defaults = raw.get("defaults", {})
        node.numbers = raw.get("numbers", {})
        node.solid = frozenset(raw.get("solid", ()))
        node.atomic = raw.get("atomic", False)
        node.fields = {field: _node(inner) for field, inner in raw["fields"].items()}
    return node


def _node(raw: Any) -> Node:
    if isinstance(raw, str):
        return _named(raw[1:]) if raw.startswith("@") else _scalar(raw)
    if "list" in raw:
        node = Node("list")
        node.element = _node(raw["list"])
        node.atomic = raw["kind"] == "atomic"
        node.keys = tuple(raw.get("keys", ()))
        node.is_set = raw["kind"] == "set"
        node.merge_key = raw.get("merge")
        return node
    if "map" in raw:
        node = Node("map")
        node.element = _node(raw["map"])
        node.atomic = raw.get("atomic", False)
        return node
    return _atomic(raw["atomic"][1:])


@cache
def _scalar(name: str) -> Node:
    node = Node("scalar", name)
    node.scalar = name
    return node


def _atomic(name: str) -> Node:
    whole = _named(name)
    node = Node("struct", name)
    node.fields, node.required, node.defaults = whole.fields, whole.required, whole.defaults
    node.numbers, node.solid = whole.numbers, whole.solid
    node.atomic = True
    return node
