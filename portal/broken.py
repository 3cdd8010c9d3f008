"""The last answer, when no view could give one: pages and API in their own shapes, the database's absence told apart.

Middleware meets a database that is away before any view does, and so passes every door's own error handling.
"""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

RETRY_SECONDS = 5
AWAY = "The database does not answer. Try again in a moment."
BROKEN = "Something went wrong here. It is logged; try again, or tell the site's staff."


def broken(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After while the database is away, else 500.

    Its pages have nothing of the site's frame, which may be what is broken.
    """
    away = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    status = 503 if away else 500
    headers = {"Retry-After": str(RETRY_SECONDS)} if away else {}
    if request.path.startswith("/api/"):
        code, message = ("unavailable", AWAY) if away else ("internal", BROKEN)
        error = {"code": code, "message": message, "fields": {}}
        return JsonResponse({"error": error}, status=status, headers=headers)
    return HttpResponse(render_to_string(f"{status}.html"), status=status, headers=headers)
