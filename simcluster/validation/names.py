"""Names, labels and annotations (k8s.io/apimachinery/pkg/util/validation)."""

import re
from typing import Any

from simcluster.errors import Cause
from simcluster.validation.causes import wrong

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
QUALIFIED_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
LABEL_NAMED = frozenset(("namespaces", "services"))
PATH_NAMED = frozenset(
    f"{plural}.rbac.authorization.k8s.io" for plural in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")
)
STANDARD_FINALIZERS = frozenset(("foregroundDeletion", "kubernetes", "orphan"))
ANNOTATIONS_MAX = 256 * 1024


def metadata(resource: str, meta: dict[str, Any], at: str = "metadata") -> list[Cause]:
    """Causes in an object's own metadata."""
    found = [*_name(resource, meta["name"], at), *labels(meta.get("labels"), f"{at}.labels")]
    return [*found, *_annotations(meta, at), *_finalizers(meta, at)]


def _name(resource: str, name: str, at: str) -> list[Cause]:
    field = f"{at}.name"
    if resource in PATH_NAMED:
        wrong_part = next((part for part in ("/", "%") if part in name), "")
        return [wrong(field, name, f"may not contain '{wrong_part}'")] if wrong_part else []
    if resource in LABEL_NAMED:
        if "." in name and SUBDOMAIN.fullmatch(name):
            return [wrong(field, name, "must not contain dots")]
        return label(field, name, characters=True)
    return subdomain(field, name)


def subdomain(field: str, name: str) -> list[Cause]:
    """A DNS-1123 subdomain."""
    found: list[Cause] = []
    if len(name) > 253:
        found.append(wrong(field, name, "must be no more than 253 characters"))
    if not SUBDOMAIN.fullmatch(name):
        found.append(wrong(field, name, SUBDOMAIN_TEXT))
    return found


def label(field: str, name: str, *, characters: bool = False) -> list[Cause]:
    """A DNS-1123 label."""
    found: list[Cause] = []
    if len(name) > 63:
        found.append(wrong(field, name, f"must be no more than 63 {'characters' if characters else 'bytes'}"))
    if not LABEL.fullmatch(name):
        found.append(wrong(field, name, LABEL_TEXT))
    return found


def labels(held: dict[str, str] | None, field: str) -> list[Cause]:
    found: list[Cause] = []
    for key, value in sorted((held or {}).items()):
        found += qualified(field, key)
        if len(value) > 63:
            found.append(wrong(field, value, "must be no more than 63 bytes"))
        if value and not QUALIFIED.fullmatch(value):
            found.append(wrong(field, value, VALUE_TEXT))
    return found


def qualified(field: str, key: str) -> list[Cause]:
    """A key of labels or annotations: [prefix/]name."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        told = QUALIFIED_TEXT.replace("name part", "a valid label key", 1)
        return [wrong(field, key, f"{told} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")]
    found: list[Cause] = []
    if slash and not SUBDOMAIN.fullmatch(prefix):
        found.append(wrong(field, key, f"prefix part {SUBDOMAIN_TEXT}"))
    if not name:
        found.append(wrong(field, key, "name part must be non-empty"))
    elif len(name) > 63:
        found.append(wrong(field, key, "name part must be no more than 63 bytes"))
    if not QUALIFIED.fullmatch(name):
        found.append(wrong(field, key, QUALIFIED_TEXT))
    return found


def _finalizers(meta: dict[str, Any], at: str) -> list[Cause]:
    told = "name is neither a standard finalizer name nor is it fully qualified"
    return [
        wrong(f"{at}.finalizers[{index}]", name, told)
        for index, name in enumerate(meta.get("finalizers") or ())
        if "/" not in name and name not in STANDARD_FINALIZERS
    ]


def _annotations(meta: dict[str, Any], at: str) -> list[Cause]:
    held = meta.get("annotations") or {}
    found: list[Cause] = []
    for key in sorted(held):
        found += qualified(f"{at}.annotations", key)
    if sum(len(key) + len(value) for key, value in held.items()) > ANNOTATIONS_MAX:
        message = f"Too long: may not be more than {ANNOTATIONS_MAX} bytes"
        found.append(("FieldValueTooLong", f"{at}.annotations", message))
    return found
