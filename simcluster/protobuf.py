"""Kubernetes' protobuf as kubectl's typed clients send it: decoded into the same dicts as JSON.

The envelope is `k8s\\0` and a runtime.Unknown. Field numbers are those of the generated.proto files, kept in
types.json. Answers are always JSON, which every client accepts beside it.
"""

import base64
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from simcluster import errors
from simcluster.schema.types import Node, kind_of

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
MAGIC = b"k8s\x00"
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def decode(body: bytes) -> dict[str, Any]:
    """The object in a request's body. Raises 400 when it is none of the served kinds."""
    if not body.startswith(MAGIC):
        raise errors.bad_request("provided data does not appear to be a protobuf message")
    try:
        envelope = dict(_fields(body[len(MAGIC) :]))
        meta = dict(_fields(envelope.get(1, b"")))
        api_version, kind = meta.get(1, b"").decode(), meta.get(2, b"").decode()
        node = kind_of(api_version, kind)
        if node is None:
            raise errors.bad_request(f'no kind "{kind}" is registered for version "{api_version}"')
        return {"apiVersion": api_version, "kind": kind, **_message(envelope.get(2, b""), node, node.numbers)}
    except (IndexError, ValueError, struct.error) as error:
        raise errors.bad_request(f"unable to decode protobuf: {error}") from error


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """(number, value) of each field; varints as unsigned numbers, everything else as bytes."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        size = {FIXED64: 8, FIXED32: 4}.get(wire, 0)
        if wire == BYTES:
            size, position = _varint(data, position)
        yield number, data[position : position + size]
        position += size


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _message(data: bytes, node: Node, numbers: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for number, value in _fields(data):
        name = numbers.get(str(number))
        if isinstance(name, dict):
            made.update(_message(value, node, name))
        elif name is not None and name in node.fields:
            field = node.fields[name]
            if field.kind == "list":
                made.setdefault(name, []).append(_value(value, field.element))
            elif field.kind == "map":
                entry = dict(_fields(value))
                made.setdefault(name, {})[entry.get(1, b"").decode()] = _value(entry.get(2, b""), field.element)
            else:
                made[name] = _value(value, field)
    return {name: value for name, value in made.items() if value != ""}


def _value(value: Any, node: Node) -> Any:  # noqa: PLR0911
    if node.kind == "struct":
        return _message(value, node, node.numbers)
    if node.kind == "list":
        return [_value(item, node.element) for _, item in _fields(value)]
    if node.scalar == "integer":
        return value - (1 << 64) if value >= 1 << 63 else value
    if node.scalar == "boolean":
        return bool(value)
    if node.scalar == "number":
        return struct.unpack("<d", value)[0]
    if node.scalar == "bytes":
        return base64.b64encode(value).decode()
    if node.scalar in ("quantity", "time", "microtime", "intstr", "any"):
        return _special(dict(_fields(value)), node.scalar)
    return value.decode()


def _special(fields: dict[int, Any], kind: str) -> Any:
    """Types that JSON spells as one scalar."""
    if kind == "quantity":
        return fields.get(1, b"0").decode()
    if kind == "intstr":
        return fields.get(3, b"").decode() if fields.get(1) else _value(fields.get(2, 0), _INTEGER)
    if kind == "any":
        return orjson.loads(fields.get(1) or b"null")
    seconds, nanos = fields.get(1), fields.get(2, 0)
    if not seconds or seconds >= 1 << 63:
        return None
    return _stamp(seconds, nanos, kind)


def _stamp(seconds: int, nanos: int, kind: str) -> str:
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanos // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ" if kind == "time" else "%Y-%m-%dT%H:%M:%S.%fZ")


_INTEGER = Node("scalar")
_INTEGER.scalar = "integer"
