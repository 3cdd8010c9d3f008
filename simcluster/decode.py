"""From a request's body to a typed object: unknown fields found, types checked, spellings made canonical.

The Go server decodes into structs: unknown fields, nulls and empty optional values vanish there, quantities take their
canonical form. Error texts follow encoding/json and sigs.k8s.io/json.
"""

import contextlib
import json
import re
from datetime import UTC, datetime
from typing import Any

import orjson
import yaml

from simcluster import errors, protobuf
from simcluster.quantities import SYNTAX_ERROR, canonical
from simcluster.resources import Resource
from simcluster.schema.types import Node, kind_of

FALSE_IS_ABSENT = frozenset(
    ["stdin", "stdinOnce", "tty", "hostNetwork", "hostPID", "hostIPC", "readOnly", "paused", "publishNotReadyAddresses"]
)
ZERO_IS_ABSENT = frozenset(["initialDelaySeconds", "minReadySeconds", "hostPort", "nodePort"])
KEPT_EMPTY = frozenset(("containers", "rules", "subjects", "key"))
INT64 = frozenset(
    [
        "runAsUser",
        "runAsGroup",
        "fsGroup",
        "terminationGracePeriodSeconds",
        "activeDeadlineSeconds",
        "tolerationSeconds",
        "generation",
        "observedGeneration",
        "deletionGracePeriodSeconds",
    ]
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_GO_TYPE_META = (
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
)
_GO = {str: "string", bool: "bool", int: "number", float: "number", dict: "object", list: "array"}


def parse_body(body: bytes, content_type: str, kind: str) -> Any:
    """The document in a body: JSON, YAML or Kubernetes' protobuf, by content type. Raises 400, 415."""
    if content_type.partition(";")[0].strip() == protobuf.CONTENT_TYPE:
        return protobuf.decode(body)
    if content_type and "json" not in content_type and "yaml" not in content_type:
        raise errors.unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: application/json, "
            "application/yaml, application/vnd.kubernetes.protobuf"
        )
    if "yaml" in content_type:
        return _yaml(body)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        text = body.decode(errors="replace")[:200]
        message = f"couldn't get version/kind; json parse error: {error} ({text})"
        raise errors.bad_request(f"the object provided is unrecognized (must be of type {kind}): {message}") from error


def _yaml(body: bytes) -> Any:
    """JSON is YAML, and what programs send: it is read as JSON first, a hundred times faster."""
    with contextlib.suppress(orjson.JSONDecodeError):
        return orjson.loads(body)
    try:
        return yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise errors.bad_request(f"error decoding YAML: {error}") from error


def duplicate_fields(body: bytes) -> list[str]:
    """Paths of fields that a JSON document names twice; a later one wins when it is decoded."""
    twice: list[tuple[dict[str, Any], str]] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            names = [name for name, _ in pairs]
            twice.extend((made, name) for name in made if names.count(name) > 1)
        return made

    try:
        document = json.loads(body, object_pairs_hook=collect)
    except ValueError:
        return []
    return [f"{_where(document, holder)}{name}" for holder, name in twice] if twice else []


def _where(document: Any, holder: dict[str, Any], at: str = "") -> str:
    """The path of `holder` in `document` with its final dot; "" when it was overwritten."""
    if document is holder:
        return at
    children = document.items() if isinstance(document, dict) else ()
    for name, value in children:
        found = _where(value, holder, f"{at}{name}.")
        if found:
            return found
    for index, value in enumerate(document if isinstance(document, list) else ()):
        found = _where(value, holder, f"{at.rstrip('.')}[{index}].")
        if found:
            return found
    return ""


class Decoded:
    """A typed object and the unknown fields that were dropped from it."""

    __slots__ = ("obj", "unknown")

    def __init__(self, obj: dict[str, Any], unknown: list[str]):
        self.obj = obj
        self.unknown = unknown


def decode(raw: Any, resource: Resource) -> Decoded:
    """Raises 400 when the document is of another kind or a value of the wrong type."""
    return decode_as(raw, resource.api_version, resource.kind)


def decode_as(raw: Any, api_version: str, kind: str) -> Decoded:
    """As `decode`, for kinds that are not resources themselves (Scale, Eviction, DeleteOptions)."""
    raw = {} if raw is None else raw
    if not isinstance(raw, dict):
        raise errors.bad_request(
            f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; "
            f"json parse error: json: cannot unmarshal {_GO.get(type(raw), 'null')} into Go value of type "
            f"{_GO_TYPE_META} ({orjson.dumps(raw).hex()})"
        )
    has_version, has_kind = raw.get("apiVersion") or api_version, raw.get("kind") or kind
    if (has_version, has_kind) != (api_version, kind):
        raise _other_kind(has_version, has_kind, api_version, kind)
    node = kind_of(api_version, kind)
    if node is None:
        return Decoded({**raw, "apiVersion": api_version, "kind": kind}, [])
    walk = _Walk(api_version, kind)
    obj = {"kind": kind, "apiVersion": api_version, **walk.struct(raw, node, "")}
    obj["kind"], obj["apiVersion"] = kind, api_version
    obj.setdefault("metadata", {})
    return Decoded(obj, walk.unknown)


def _other_kind(has_version: str, has_kind: str, api_version: str, kind: str) -> errors.ApiError:
    version = has_version.rpartition("/")[2]
    wanted_group = api_version.rpartition("/")[0]
    if kind_of(has_version, has_kind) is None:
        told = f'no kind "{has_kind}" is registered for version "{has_version}" in scheme'
        return errors.bad_request(
            f'{has_kind} in version "{version}" cannot be handled as a {kind}: {told} "pkg/runtime/scheme.go:111"'
        )
    source = f"{version}.{has_kind}"
    target = f"{wanted_group.split('.')[0] or 'core'}.{kind}"
    return errors.bad_request(
        f'{has_kind} in version "{version}" cannot be handled as a {kind}: '
        f"converting ({source}) to ({target}): unknown conversion"
    )


class _Walk:
    """One pass over a document; `unknown` collects the paths of fields that no struct has."""

    def __init__(self, api_version: str, kind: str):
        self.version = api_version.rpartition("/")[2]
        self.kind = kind
        self.custom = "gateway.networking.k8s.io/" in api_version
        self.unknown: list[str] = []

    def refuse(self, problem: str) -> errors.ApiError:
        return errors.bad_request(
            f'{self.kind} in version "{self.version}" cannot be handled as a {self.kind}: {problem}'
        )

    def mismatch(self, value: Any, holder: str, path: str, wanted: str) -> errors.ApiError:
        field = re.sub(r"\[\d+\]", "", path.lstrip("."))
        owner = holder.rpartition(".")[2] or self.kind
        found = f"number {value}" if isinstance(value, float) else _GO.get(type(value), "null")
        return self.refuse(f"json: cannot unmarshal {found} into Go struct field {owner}.{field} of type {wanted}")

    def value(self, value: Any, node: Node, path: str, holder: str) -> Any:
        if node.kind == "struct":
            if not isinstance(value, dict):
                raise self.mismatch(value, holder, path, go_type(node, path))
            return self.struct(value, node, path)
        if node.kind == "map":
            if not isinstance(value, dict):
                raise self.mismatch(value, holder, path, go_type(node, path))
            items = sorted(value.items())
            plain = node.element.kind == "scalar"
            made = {
                key: self.value(inner, node.element, path if plain else f"{path}.{key}", holder) for key, inner in items
            }
            return {key: inner if inner is not None else _zero(node.element) for key, inner in made.items()}
        if node.kind == "list":
            if not isinstance(value, list):
                raise self.mismatch(value, holder, path, go_type(node, path))
            return [self.value(inner, node.element, f"{path}[{index}]", holder) for index, inner in enumerate(value)]
        return self.scalar(value, node.scalar, path, holder)

    def struct(self, value: dict[str, Any], node: Node, path: str) -> dict[str, Any]:
        if not node.fields:
            return value
        made: dict[str, Any] = {}
        for name, inner in value.items():
            field = node.fields.get(name)
            if field is None:
                self.unknown.append(f"{path}.{name}".lstrip("."))
            elif inner is not None:
                kept = self.value(inner, field, f"{path}.{name}", node.name)
                if self.custom or not _absent(name, kept, field):
                    made[name] = kept
        if self.custom:
            for name, default in node.defaults.items():
                made.setdefault(name, orjson.loads(orjson.dumps(default)))
        return made

    def scalar(self, value: Any, kind: str, path: str, holder: str) -> Any:  # noqa: PLR0911
        if kind == "any" or value is None:
            return value
        if kind == "quantity":
            return self.quantity(value)
        if kind == "intstr":
            if isinstance(value, bool) or not isinstance(value, str | int):
                raise self.mismatch(value, holder, path, "intstr.IntOrString")
            return value
        if kind == "integer":
            if isinstance(value, float) and value.is_integer():
                return int(value)
            if isinstance(value, bool) or not isinstance(value, int):
                raise self.mismatch(value, holder, path, "int64" if path.rpartition(".")[2] in INT64 else "int32")
            return value
        wanted: tuple[type, ...] = {"boolean": (bool,), "number": (int, float)}.get(kind, (str,))
        if isinstance(value, datetime) and kind in ("time", "microtime"):
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if not isinstance(value, wanted):
            raise self.mismatch(value, holder, path, {"boolean": "bool", "number": "float64"}.get(kind, "string"))
        if kind in ("time", "microtime"):
            return self.time(str(value), kind)
        if kind == "bytes":
            self.base64(str(value))
        return value

    def base64(self, value: str) -> None:
        text = value.replace("\n", "").replace("\r", "")
        valid = _BASE64.match(text)
        end = valid.end() if valid else 0
        if end < len(text) or len(text) % 4:
            raise self.refuse(f"illegal base64 data at input byte {end - end % 4 if end == len(text) else end}")

    def time(self, value: str, kind: str) -> str:
        try:
            read = datetime.fromisoformat(value).astimezone(UTC)
        except ValueError as error:
            layout = "2006-01-02T15:04:05Z07:00" if kind == "time" else "2006-01-02T15:04:05.000000Z07:00"
            raise self.refuse(f'parsing time "{value}" as "{layout}": cannot parse "{value}" as "2006"') from error
        return read.strftime("%Y-%m-%dT%H:%M:%SZ" if kind == "time" else "%Y-%m-%dT%H:%M:%S.%fZ")

    def quantity(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.refuse(SYNTAX_ERROR)
        try:
            return canonical(value)
        except ValueError as error:
            raise self.refuse(str(error)) from error


def go_type(node: Node, path: str) -> str:
    """The Go type's name for messages, e.g. []v1.Container, map[string]string."""
    if node.kind == "list":
        return f"[]{go_type(node.element, path)}"
    if node.kind == "map":
        return f"map[string]{go_type(node.element, path)}"
    if node.kind == "struct":
        return ".".join(node.name.split(".")[-2:])
    return {"boolean": "bool", "integer": "int32", "bytes": "uint8", "quantity": "resource.Quantity"}.get(
        node.scalar, node.scalar
    )


def _absent(name: str, value: Any, node: Node) -> bool:
    """Whether the struct's `omitempty` leaves the value out when it is written again."""
    if node.kind == "list":
        return not value and name not in KEPT_EMPTY
    if node.kind == "map" or value == "":
        return not value and name not in KEPT_EMPTY
    if value is False:
        return name in FALSE_IS_ABSENT
    return value == 0 and node.scalar == "integer" and name in ZERO_IS_ABSENT


def _zero(node: Node) -> Any:
    return {"list": [], "map": {}, "struct": {}}.get(node.kind, "0" if node.scalar == "quantity" else "")
