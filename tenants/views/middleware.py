"""What every request passes: where a wish came from, and that private pages are not kept by caches."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import Http404, HttpRequest, HttpResponse

from tenants import audit, peer

Answer = Callable[[HttpRequest], HttpResponse]


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


class PlainAddressMiddleware:
    """An address with a NUL in its path is of nothing: PostgreSQL may not even be asked for such a text."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path_info:
            raise Http404("There is no such page.")
        return self.get_response(request)


class PrivatePagesMiddleware:
    """`no-store` on every answer that is not a static file: pages are private (docs/security.md)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _request_id() -> str:
    """The UUID that django-structlog gave the request: the log's and the audit's are the same.

    A client's own X-Request-ID is not taken, lest it write what it likes into the audit.
    """
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
