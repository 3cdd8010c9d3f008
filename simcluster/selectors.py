"""Label and field selectors, as `labelSelector` and `fieldSelector` carry them.

Grammar and messages follow k8s.io/apimachinery/pkg/labels and pkg/fields.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from simcluster import errors
from simcluster.resources import Resource

Obj = dict[str, Any]
Match = Callable[[Obj], bool]

_TOKEN = re.compile(r"\s*(==|!=|=|!|,|\(|\)|>|<|[^\s=!,()<>]+)")

FIELDS: dict[str, tuple[str, ...]] = {
    "pods": (
        "spec.hostNetwork",
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.nominatedNodeName",
        "status.phase",
        "status.podIP",
        "status.podIPs",
    ),
    "events": (
        "involvedObject.apiVersion",
        "involvedObject.fieldPath",
        "involvedObject.kind",
        "involvedObject.name",
        "involvedObject.namespace",
        "involvedObject.resourceVersion",
        "involvedObject.uid",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "secrets": ("type",),
    "services": ("spec.clusterIP", "spec.type"),
    "replicasets.apps": ("status.replicas",),
    "jobs.batch": ("status.successful",),
}
_OWN_MESSAGE = frozenset(
    ("pods", "events", "namespaces", "nodes", "secrets", "services", "replicasets.apps", "jobs.batch")
)


@lru_cache(maxsize=512)
def label_match(text: str) -> Callable[[dict[str, str]], bool]:
    """A test of a label map. Raises 400 on a selector that does not parse."""
    tokens = _TOKEN.findall(text)
    terms: list[Callable[[dict[str, str]], bool]] = []
    while tokens:
        terms.append(_term(tokens))
        if tokens and (found := tokens.pop(0)) != ",":
            raise errors.bad_request(f"found '{found}', expected: ',' or 'end of string'")
    return lambda labels: all(term(labels) for term in terms)


def _term(tokens: list[str]) -> Callable[[dict[str, str]], bool]:
    first = tokens.pop(0)
    if first == "!":
        absent = _identifier(tokens)
        return lambda labels: absent not in labels
    key = _identifier([first])
    if not tokens or tokens[0] == ",":
        return lambda labels: key in labels
    operator = tokens.pop(0)
    if operator in ("=", "=="):
        value = _value(tokens)
        return lambda labels: labels.get(key) == value
    if operator == "!=":
        value = _value(tokens)
        return lambda labels: labels.get(key) != value
    if operator in ("in", "notin"):
        values = _values(tokens)
        return (
            (lambda labels: labels.get(key) in values)
            if operator == "in"
            else lambda labels: labels.get(key) not in values
        )
    if operator in (">", "<"):
        bound = int(_identifier(tokens))
        sign = 1 if operator == ">" else -1
        return lambda labels: labels.get(key, "").lstrip("-").isdigit() and (int(labels[key]) - bound) * sign > 0
    raise errors.bad_request(f"unable to parse requirement: found '{operator}', expected: in, notin, =, ==, !=, gt, lt")


def _identifier(tokens: list[str]) -> str:
    found = tokens.pop(0) if tokens else ""
    if not found or found in "=!,()<>" or found in ("==", "!="):
        raise errors.bad_request(f"unable to parse requirement: found '{found}', expected: identifier")
    return found


def _value(tokens: list[str]) -> str:
    if not tokens or tokens[0] == ",":
        return ""
    return _identifier(tokens)


def _values(tokens: list[str]) -> frozenset[str]:
    if not tokens or tokens.pop(0) != "(":
        raise errors.bad_request("unable to parse requirement: found '', expected: '('")
    values: set[str] = set()
    while tokens and tokens[0] != ")":
        if tokens[0] == ",":
            tokens.pop(0)
            continue
        values.add(_identifier(tokens))
    if not tokens:
        raise errors.bad_request("unable to parse requirement: found '', expected: ',' or ')'")
    tokens.pop(0)
    return frozenset(values)


def field_match(text: str, resource: Resource) -> Match:
    """A test of an object. Raises 400 on a field that this resource cannot be selected by."""
    terms: list[Match] = []
    for term in filter(None, text.split(",")):
        path, operator, value = re.split(r"(==|!=|=)", term, maxsplit=1) if "=" in term else ("", "", "")
        if not operator:
            raise errors.bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        _check_field(path, resource)
        terms.append(_field_term(_reader(path), value, operator == "!="))
    return lambda obj: all(term(obj) for term in terms)


def _field_term(read: Callable[[Obj], str], value: str, negated: bool) -> Match:
    return lambda obj: (read(obj) == value) is not negated


def _check_field(path: str, resource: Resource) -> None:
    plain = ["metadata.name", "metadata.namespace"] if resource.namespaced else ["metadata.name"]
    if path in plain or path in FIELDS.get(resource.storage, ()):
        return
    if resource.storage in _OWN_MESSAGE:
        raise errors.bad_request(f"field label not supported: {path}")
    known = ", ".join(f'"{name}"' for name in plain)
    raise errors.bad_request(f'"{path}" is not a known field selector: only {known}')


def _reader(path: str) -> Callable[[Obj], str]:
    if path == "source":
        return lambda obj: (obj.get("source") or {}).get("component") or obj.get("reportingComponent") or ""
    if path == "spec.unschedulable":
        return lambda obj: str(bool(obj.get("spec", {}).get("unschedulable"))).lower()
    steps = path.split(".")

    def read(obj: Obj) -> str:
        value: Any = obj
        for step in steps:
            value = value.get(step) if isinstance(value, dict) else None
        return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    return read


def selects(selector: Obj | None, labels: dict[str, str] | None) -> bool:
    """metav1.LabelSelector against labels: an absent selector selects nothing, an empty one everything."""
    if selector is None:
        return False
    labels = labels or {}
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    for term in selector.get("matchExpressions") or ():
        key, operator, values = term["key"], term["operator"], term.get("values") or []
        held = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not held.get(operator, False):
            return False
    return True
