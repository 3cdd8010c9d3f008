"""What every request passes: where a wish came from, and that private pages are not kept by caches."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

from tenants import audit, peer

Answer = Callable[[HttpRequest], HttpResponse]
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)


class OriginMiddleware:
    """Tells audit and outbox through which door, from where and in which request a wish came."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        door = "api" if request.path.startswith("/api/") else "page"
        token = audit.origin.set(audit.Origin(door=door, address=peer.address(request), request_id=_request_id()))
        try:
            return self.get_response(request)
        finally:
            audit.origin.reset(token)


class PrivatePagesMiddleware:
    """`no-store` on every answer that is not a static file: pages are private (security.md, Defaults)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _request_id() -> str:
    """The id that django-structlog gave or took from X-Request-ID: the log's and the audit's are the same.

    What came from outside and is no UUID gives way to a new one: a client writes no words of its own into the audit.
    """
    found = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    if not _UUID.fullmatch(found):
        found = str(uuid.uuid4())
        structlog.contextvars.bind_contextvars(request_id=found)
    return found
