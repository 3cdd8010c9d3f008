"""What server-side apply says of a document that does not fit its schema (structured-merge-diff's own words)."""

from typing import Any

from simcluster import errors
from simcluster.fieldsets import element_of, spoken
from simcluster.resources import Resource
from simcluster.schema.types import Node

_WANTED = {"integer": "numeric (int or float)", "number": "numeric (int or float)", "boolean": "boolean"}
_STRINGS = frozenset(("string", "time", "microtime", "bytes"))


def check_declared(config: dict[str, Any], node: Node, resource: Resource) -> None:
    """Raises 500, as the real server does, naming every field that is not declared or of the wrong type."""
    problems: list[str] = []
    _walk(config, node, (), problems)
    if not problems:
        return
    meta = config.get("metadata") or {}
    group = f"{resource.group}/{resource.version}" if resource.group else f"/{resource.version}"
    subject = f"{meta.get('namespace', '')}/{meta.get('name', '')}; {group}, Kind={resource.kind}"
    told = problems[0] if len(problems) == 1 else "errors:\n" + "\n".join(f"  {problem}" for problem in problems)
    raise errors.ApiError(500, "", f"failed to create typed patch object ({subject}): {told}")


def _walk(value: Any, node: Node, at: tuple[str, ...], problems: list[str]) -> None:
    if value is None or (node.kind == "struct" and not node.fields):
        return
    if node.kind == "scalar":
        _scalar(value, node.scalar, at, problems)
    elif node.kind == "list":
        _list(value, node, at, problems)
    elif not isinstance(value, dict):
        problems.append(f"{spoken(at)}: expected map, got &{{{value}}}")
    else:
        for name, inner in value.items():
            path = (*at, f"f:{name}")
            field = node.fields.get(name) if node.kind == "struct" else node.element
            if field is None:
                problems.append(f"{spoken(path)}: field not declared in schema")
            else:
                _walk(inner, field, path, problems)


def _list(value: Any, node: Node, at: tuple[str, ...], problems: list[str]) -> None:
    if not isinstance(value, list):
        problems.append(f"{spoken(at)}: expected list, got &{{{value}}}")
        return
    seen: set[str] = set()
    for index, item in enumerate(value):
        element = f"v:{index}" if node.atomic else _element(item, node, at, index, problems)
        if not element:
            continue
        if not node.atomic and element in seen:
            problems.append(f"{spoken(at)}: duplicate entries for key {spoken((element,))}")
        seen.add(element)
        _walk(item, node.element, (*at, element), problems)


def _element(item: Any, node: Node, at: tuple[str, ...], index: int, problems: list[str]) -> str:
    for key in node.keys:
        if (
            isinstance(item, dict)
            and item.get(key) is None
            and key not in node.element.defaults
            and key in node.element.required
            and node.element.name.startswith("gateway.")  # a built-in kind's missing key is its zero value
        ):
            problems.append(
                f"{spoken(at)}: element {index}: associative list with keys has an element that omits key field "
                f'"{key}" (and doesn\'t have default value)'
            )
            return ""
    return element_of(item, node)


def _scalar(value: Any, kind: str, at: tuple[str, ...], problems: list[str]) -> None:
    got = {bool: "boolean", str: "string", dict: "map", list: "list"}.get(type(value), "int")
    fits = {
        "integer": not isinstance(value, bool) and isinstance(value, int | float),
        "number": not isinstance(value, bool) and isinstance(value, int | float),
        "boolean": isinstance(value, bool),
    }.get(kind, kind not in _STRINGS or not isinstance(value, bool | int | float | dict | list))
    if not fits:
        shown = got if got in ("string", "boolean") else f"&{{{value}}}" if isinstance(value, dict | list) else "int"
        problems.append(f"{spoken(at)}: expected {_WANTED.get(kind, 'string')}, got {shown}")
