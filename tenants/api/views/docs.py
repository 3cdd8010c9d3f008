"""The OpenAPI document, and the same as a page to read: rendered here, so that it needs no script."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

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


@cache
def rendered(json: bool) -> bytes:
    """The document as text; writing YAML takes longer than most calls."""
    renderer = OpenApiJsonRenderer() if json else OpenApiYamlRenderer()
    text: bytes = renderer.render(document(), renderer_context={})
    return text


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """YAML, or JSON for whoever accepts that."""
    json = "json" in request.headers.get("Accept", "")
    kind = OpenApiJsonRenderer.media_type if json else OpenApiYamlRenderer.media_type
    return HttpResponse(rendered(json), content_type=kind)


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """Every call with what it takes and answers; for whoever comes, signed in or not."""
    base_url = f"{request.scheme}://{request.get_host()}"
    context = {
        "sections": rows(),
        "errors": ERRORS,
        "scopes": list(access.SCOPES),
        "base_url": base_url,
        "crumbs": [("REST API", "")],
    }
    return render(request, "api/reference.html", context)
