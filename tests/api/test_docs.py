"""The OpenAPI document is sound and whole, and can be read without a script."""

from __future__ import annotations

import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern

from tenants.api.urls import v1_patterns
from tenants.api.views.docs import document, rows


def routes(patterns: list, prefix: str = "") -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}".replace("^", "")
        found |= {route} if isinstance(pattern, URLPattern) else routes(pattern.url_patterns, route)
    return found


def test_document_is_valid_openapi_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, api_version=None)
    assert "openapi: 3.0" in capsys.readouterr().out


def test_document_names_every_route() -> None:
    told = {re.sub(r"\{(\w+)\}", "", path).removeprefix("/api/v1/") for path in document()["paths"]}
    standing = {re.sub(r"\(\?P[^)]*\)|<[^>]*>|\$$", "", route) for route in routes(v1_patterns)} - {".*"}
    assert told == standing


def test_every_call_has_a_name_and_words() -> None:
    calls = [call for section in rows() for call in section.calls]
    assert len({call.id for call in calls}) == len(calls)
    assert all(call.summary and call.shapes for call in calls)


def test_every_call_tells_its_errors() -> None:
    for path, item in document()["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                assert {"401", "403", "404"} <= set(operation["responses"]), (method, path)


def test_document_is_yaml_or_json(client: Client) -> None:
    assert client.get("/api/schema/").headers["Content-Type"].startswith("application/vnd.oai.openapi")
    answer = client.get("/api/schema/", headers={"accept": "application/json"})
    assert answer.json()["info"]["title"] == "Berth"


@pytest.mark.django_db
def test_reference_shows_every_call_and_field_without_a_script(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    assert "/api/v1/teams/{team}/namespaces/{namespace}/apps/{app}/rollback" in page
    assert "health.start_seconds" in page
    assert "secret_env.NAME.key" in page
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert " style=" not in page


@pytest.mark.django_db
def test_reference_names_this_site(client: Client) -> None:
    assert "http://testserver/api/v1/me" in client.get("/api/docs/").content.decode()
