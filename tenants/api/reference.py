"""The OpenAPI document as rows to read: calls by noun, and what each takes and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
DEPTH = 3

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a body or an answer; nested ones as “health.path”, “volumes[].path” and “secret_env.NAME.key”."""

    name: str
    type: str
    required: bool
    note: str


@dataclass(frozen=True, slots=True)
class Shape:
    """`title`: “Body”, “202 answers”."""

    title: str
    note: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Call:
    id: str
    method: str
    path: str
    summary: str
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Section:
    noun: str
    calls: tuple[Call, ...]


def sections(document: Json) -> list[Section]:
    """All calls by noun, in the order in which the document first names them."""
    found: dict[str, list[Call]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                found.setdefault(operation["tags"][0], []).append(_call(document, path, method, operation))
    return [Section(noun, tuple(calls)) for noun, calls in found.items()]


def _call(document: Json, path: str, method: str, operation: Json) -> Call:
    shapes = []
    query = [p for p in operation.get("parameters", ()) if p["in"] == "query"]
    if query:
        fields = tuple(
            Field(p["name"], _type(p["schema"]), p.get("required", False), p.get("description", "")) for p in query
        )
        shapes.append(Shape("Parameters", "", fields))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        shapes.append(_shape(document, "Body", body["schema"]))
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            shapes.extend(_answers(document, status, answer))
    return Call(operation["operationId"], method.upper(), path, operation.get("summary", ""), tuple(shapes))


def _answers(document: Json, status: str, answer: Json) -> Iterator[Shape]:
    content = answer.get("content", {})
    if not content:
        yield Shape(f"Answers {status}", "Nothing in the body.", ())
    for media, held in content.items():
        if media == "application/json":
            yield _shape(document, f"Answers {status}", held["schema"])
        else:
            yield Shape(f"Answers {status}", media, ())


def _shape(document: Json, title: str, schema: Json) -> Shape:
    found = _resolved(document, schema)
    return Shape(title, found.get("description", ""), tuple(_fields(document, found)))


def _fields(document: Json, schema: Json, prefix: str = "", depth: int = 0) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, raw in schema.get("properties", {}).items():
        inner = _resolved(document, raw)
        note = raw.get("description") or ("" if depth else inner.get("description", ""))
        yield Field(f"{prefix}{name}", _type(inner), name in required, note)
        if depth + 1 < DEPTH:
            held, mark = _held(inner)
            yield from _fields(document, _resolved(document, held), f"{prefix}{name}{mark}", depth + 1)


def _held(schema: Json) -> tuple[Json, str]:
    """What a list or a map holds, and how that is written behind its name; anything else holds its own keys."""
    if "items" in schema:
        return schema["items"], "[]."
    if isinstance(schema.get("additionalProperties"), dict):
        return schema["additionalProperties"], ".NAME."
    return schema, "."


def _resolved(document: Json, schema: Json) -> Json:
    """What a schema stands for: behind `$ref`, and behind an `allOf` or `oneOf` that only wraps one."""
    for wrap in ("allOf", "oneOf"):
        if wrap in schema:
            held = [one for one in schema[wrap] if "NullEnum" not in str(one) and one.get("type") != "null"]
            if len(held) == 1:
                return _resolved(document, held[0])
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolved(document, document["components"]["schemas"][name])
    return schema


def _type(schema: Json) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "oneOf" in schema:
        return " or ".join(_type(one) for one in schema["oneOf"])
    kind = schema.get("type", "object")
    held = schema.get("additionalProperties")
    if isinstance(held, dict) and held:
        return "map" if "$ref" in held else f"map to {_type(held)}"
    if kind == "array":
        return f"list of {_type(schema['items'])}" if "$ref" not in schema["items"] else "list"
    if kind == "string" and "format" in schema:
        return str(schema["format"])
    return str(kind)
