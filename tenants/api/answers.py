"""Every error as `{"error": {"code", "message", "fields": {name: message}}}`, whoever raised it.

What a quota has no room for comes with the `figures` of the wish.

400 is for what cannot be read or has unknown keys, 422 for what can be read and breaks a rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from cluster.errors import ClusterError
from tenants.api.errors import Unavailable, named, too_large
from tenants.errors import DomainError, Forbidden, NotFound, QuotaExceeded

log = structlog.get_logger(__name__)

RETRY_SECONDS = 5
CODES = {
    exceptions.NotAuthenticated: "unauthenticated",
    exceptions.AuthenticationFailed: "unauthenticated",
    exceptions.ParseError: "malformed",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotFound: "not_found",
    exceptions.Throttled: "too_many",
}
SIGN_IN = "Send the header “Authorization: Bearer berth_…” with a token; make one in the settings."


def handle(error: Exception, context: Mapping[str, Any]) -> Response:
    """DRF's exception handler: turns whatever was raised into an answer; a mistake of ours into a plain 500."""
    set_rollback()
    told = _told(error)
    if isinstance(told, DomainError):
        headers = {"Retry-After": str(getattr(told, "retry_after", RETRY_SECONDS))} if told.status in (429, 503) else {}
        more = {"figures": told.figures} if isinstance(told, QuotaExceeded) else {}
        return answer(told.status, told.code, told.message, told.fields, headers, **more)
    if isinstance(told, exceptions.ValidationError):
        fields = dict(_flat(told.detail))
        return answer(422, "invalid", _summary(fields), fields)
    if isinstance(told, exceptions.APIException):
        return _of_framework(told)
    got_request_exception.send(sender=None, request=context.get("request"))
    log.error("call_failed", exc_info=error)
    return answer(500, "internal", "Something went wrong here. It is logged; try again, or tell the site's staff.")


def answer(
    status: int,
    code: str,
    message: str,
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """An error's answer; `more` stands beside the fields."""
    body = {"error": {"code": code, "message": message, "fields": dict(fields or {}), **more}}
    return Response(body, status=status, headers=dict(headers or {}))


def _of_framework(error: exceptions.APIException) -> Response:
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    code = CODES.get(type(error), str(error.default_code))
    message = SIGN_IN if isinstance(error, exceptions.NotAuthenticated) else str(error.detail)
    return answer(error.status_code, code, message, {}, headers)


def _told(error: Exception) -> Exception:
    """Errors of Django, the database and the cluster as errors of the API; others as they are."""
    if isinstance(error, Http404):
        return NotFound("It is not there.")
    if isinstance(error, RequestDataTooBig):
        return too_large()
    if isinstance(error, PermissionDenied):
        return Forbidden("This is not allowed.")
    if isinstance(error, (OperationalError, InterfaceError)):
        log.warning("database_silent", error=str(error))
        return Unavailable("The database does not answer. Try again in a moment.")
    if isinstance(error, ClusterError):
        log.warning("cluster_silent", error=str(error))
        return Unavailable("The cluster does not answer. Try again in a moment.")
    return error


def _flat(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Nested details as (“health.path”, first message)."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            where = "" if key == "non_field_errors" else named(key)
            yield from _flat(inner, ".".join(filter(None, (path, where))))
    elif isinstance(detail, list) and detail and not isinstance(detail[0], str):
        for number, inner in enumerate(detail):
            yield from _flat(inner, f"{path}.{number}")
    elif isinstance(detail, list):
        if detail:
            yield path, str(detail[0])
    else:
        yield path, str(detail)


def _summary(fields: Mapping[str, str]) -> str:
    if len(fields) == 1:
        field, message = next(iter(fields.items()))
        return f"{field}: {message}" if field else message
    return f"{len(fields)} fields need a change: {', '.join(fields)}."
