"""get and list: selectors, pages, metadata-only and table answers."""

import base64
from collections.abc import Callable
from typing import Any

import orjson

from simcluster import errors
from simcluster.http import Request, Response, answer
from simcluster.resources import Resource
from simcluster.routes import Target
from simcluster.selectors import Match, field_match, label_match
from simcluster.store import Obj, Store
from simcluster.tables import table
from simcluster.views import as_served

PARTIAL = "PartialObjectMetadata"


def wanted_form(request: Request) -> str:
    """ "" for whole objects, else `Table` or `PartialObjectMetadata`, by the Accept header. Raises 406."""
    accepted = request.headers.get("accept", "")
    for choice in accepted.split(","):
        parts = dict(part.strip().partition("=")[::2] for part in choice.split(";")[1:])
        form = parts.get("as", "")
        if form == "Table" and parts.get("v") == "v1":
            return form
        if form.startswith(PARTIAL):
            return PARTIAL
        if not form and ("json" in choice or "*/*" in choice or "application/*" in choice):
            return ""
    if accepted.strip():
        raise errors.not_acceptable()
    return ""


def metadata_only(obj: Obj) -> Obj:
    return {"kind": PARTIAL, "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


def get(store: Store, target: Target, request: Request) -> Response:
    return shaped(target.resource, as_served(find(store, target), target.resource), request)


def shaped(resource: Resource, obj: Obj, request: Request, status: int = 200) -> Response:
    """One object as the Accept header wants it; changes are answered by the same rule as reads."""
    form = wanted_form(request)
    if form == "Table":
        return answer(table(resource, [obj], obj["metadata"], request.query.get("includeObject", "")), status)
    return answer(metadata_only(obj) if form else obj, status)


def find(store: Store, target: Target) -> Obj:
    """Raises 404."""
    obj = store.get(target.resource.storage, target.namespace, target.name)
    if obj is None:
        raise errors.not_found(target.resource.key, target.name)
    return obj


def list_(store: Store, target: Target, request: Request) -> Response:
    """A list, a page of it, a table or metadata alone. Raises 400 on bad selectors, 410 on a stale token."""
    resource = target.resource
    limit = max(0, request.number("limit") or 0)
    match = matcher(resource, request)
    version, after = _start(store, target, request)
    exact = request.query.get("resourceVersionMatch") == "Exact" and version != store.version
    there = store.list_at(resource.storage, target.namespace, version) if exact else None
    items = sorted(store.list(resource.storage, target.namespace) if there is None else there, key=place)
    if after:
        items = [obj for obj in items if place(obj) > after]
    if match is not None:
        items = [obj for obj in items if match(obj)]
    meta: dict[str, Any] = {"resourceVersion": str(version)}
    if limit and len(items) > limit:
        meta["continue"] = _token(version, place(items[limit - 1]))
        if match is None:
            meta["remainingItemCount"] = len(items) - limit
        items = items[:limit]
    return answer(_shaped(items, resource, meta, wanted_form(request), request))


def _shaped(items: list[Obj], resource: Resource, meta: Obj, form: str, request: Request) -> Obj:
    served = [as_served(obj, resource) for obj in items] if resource.stored_as else items
    if form == "Table":
        return table(resource, served, meta, request.query.get("includeObject", ""))
    if form:
        partial = [metadata_only(obj) for obj in served]
        return {"kind": f"{PARTIAL}List", "apiVersion": "meta.k8s.io/v1", "metadata": meta, "items": partial}
    if not resource.custom:
        served = [{key: value for key, value in obj.items() if key not in ("kind", "apiVersion")} for obj in served]
    return {"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": meta, "items": served}


def matcher(resource: Resource, request: Request) -> Match | None:
    """One test for both selectors, None when there is none."""
    tests: list[Match] = []
    labels = request.query.get("labelSelector", "")
    if labels:
        by_label = label_match(labels)
        tests.append(lambda obj: by_label(obj["metadata"].get("labels") or {}))
    fields = request.query.get("fieldSelector", "")
    if fields:
        tests.append(field_match(fields, resource))
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else _both(tests[0], tests[1])


def _both(first: Match, second: Match) -> Callable[[Obj], bool]:
    return lambda obj: first(obj) and second(obj)


def place(obj: Obj) -> tuple[str, str]:
    """Where an object stands in a list."""
    return (obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


def _start(store: Store, target: Target, request: Request) -> tuple[int, tuple[str, str] | None]:
    """The list's resourceVersion and the place after which it goes on."""
    token = request.query.get("continue", "")
    if token:
        return _read_token(store, target, token)
    text = request.query.get("resourceVersion", "")
    match = request.query.get("resourceVersionMatch", "")
    if match and not text:
        raise _bad_match("Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided")
    if request.query.get("sendInitialEvents"):
        message = "Forbidden: sendInitialEvents is forbidden for list"
        raise _bad_option(("FieldValueForbidden", "sendInitialEvents", message))
    if match not in ("", "Exact", "NotOlderThan"):
        message = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
        raise _bad_option(("FieldValueNotSupported", "resourceVersionMatch", message))
    if match == "Exact" and text == "0":
        raise _bad_match('Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    if not text or text == "0":
        return store.version, None
    wanted = version_number(text)
    if wanted > store.version:
        raise too_large(wanted, store.version)
    return (wanted if match == "Exact" else store.version), None


def version_number(text: str) -> int:
    """Raises 400 when a resourceVersion is no number."""
    if not text.isdigit():
        message = f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise errors.ApiError(500, "", f"resourceVersion: {message}")
    return int(text)


def too_large(wanted: int, current: int) -> errors.ApiError:
    details = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }
    message = f"Timeout: Too large resource version: {wanted}, current: {current}"
    return errors.ApiError(504, "Timeout", message, details, {"Retry-After": "1"})


def _bad_match(message: str) -> errors.ApiError:
    return _bad_option(("FieldValueForbidden", "resourceVersionMatch", message))


def _bad_option(cause: errors.Cause) -> errors.ApiError:
    return errors.invalid("ListOptions", "meta.k8s.io", "", [cause])


def _token(version: int, last: tuple[str, str]) -> str:
    raw = orjson.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": "/".join(last)})
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read_token(store: Store, target: Target, token: str) -> tuple[int, tuple[str, str]]:
    try:
        found = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        version, start = int(found["rv"]), str(found["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise errors.bad_request(f"invalid continue token: continue key is not valid: {error}") from error
    try:
        store.events_since(target.resource.storage, version)
    except errors.ApiError as error:
        raise errors.gone(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
            "without the continue parameter, or use the continue token in this response to retrieve the remainder of "
            "the results. Continuing with the provided token results in an inconsistent list - objects that were "
            "created, modified, or deleted between the time the first chunk was returned and now may show up in the "
            "list."
        ) from error
    namespace, _, name = start.partition("/")
    return version, (namespace, name)
