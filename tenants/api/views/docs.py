"""The OpenAPI document, and the same as a page to read: rendered here, so that it needs no script."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import access
from tenants.api.reference import Section, sections
from tenants.api.schema import ERRORS


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document: the same for everybody, made once in a process."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


@cache
def rows() -> list[Section]:
    """The document as rows to read."""
    return sections(document())


class Document(SpectacularAPIView):
    """YAML, or JSON for whoever accepts that."""

    authentication_classes: list[type] = []
    http_method_names = ["get", "head"]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(document())


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Every call with what it takes and answers; for whoever comes, signed in or not."""
    base_url = f"{request.scheme}://{request.get_host()}"
    context = {"sections": rows(), "errors": ERRORS, "scopes": list(access.SCOPES), "base_url": base_url, "crumbs": []}
    return render(request, "api/reference.html", context)
