"""Whether a wish fits, asked by a script, and the same figures in what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.models import App, AuditEntry, Namespace, Operation, Secret
from tests.api.conftest import Script
from tests.factories import GIB, make_release, make_spec

NS = "teams/payments/namespaces/dev"
ASK = f"{NS}/quota/preflight"


def figure(answer: dict[str, Any], resource: str) -> dict[str, Any]:
    return next(row for row in answer["figures"] if row["resource"] == resource)


def test_a_refusal_carries_the_figures_in_base_units_and_in_words(api: Script, namespace: Namespace) -> None:
    error = api.post(f"{NS}/volumes", {"name": "big", "size": "60 GiB"}).json()["error"]
    assert figure(error, "storage") == {
        "resource": "storage",
        "unit": "bytes",
        "limit": 50 * GIB,
        "others": 0,
        "this": 60 * GIB,
        "surge": 0,
        "free": 50 * GIB,
        "short": 10 * GIB,
        "words": {
            "limit": "50 GiB", "others": "0 GiB", "this": "60 GiB", "surge": "0 GiB", "free": "50 GiB",
            "short": "10 GiB",
        },
    }  # fmt: skip
    assert {row["resource"] for row in error["figures"]} == {"storage", "claims"}


@pytest.mark.parametrize(
    ("wish", "path", "body"),
    [
        (
            {"app": "checkout", "release": {"replicas": 40}},
            f"{NS}/apps/checkout/releases",
            {"replicas": 40},
        ),
        ({"app": "checkout", "rollback": 2}, f"{NS}/apps/checkout/rollback", {"number": 2}),
        (
            {"release": {"image": "registry.example/a:1", "cpu": 9}},
            f"{NS}/apps",
            {"name": "shop", "image": "registry.example/a:1", "cpu": 9},
        ),
        ({"volume": {"size": "60 GiB"}}, f"{NS}/volumes", {"name": "big", "size": "60 GiB"}),
        ({"secret": "mail"}, f"{NS}/secrets", {"name": "mail", "values": {"A": "1"}}),
    ],
    ids=["scale", "rollback", "app", "volume", "secret"],
)
def test_what_is_asked_first_is_what_is_refused(
    api: Script, app_row: App, secret: Secret, wish: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    make_release(app_row, 2, make_spec(memory=5 * GIB), worked=True, outcome="replaced")
    namespace = app_row.namespace
    namespace.limits |= {"secrets": 1}
    namespace.save()
    lines = AuditEntry.objects.count()
    asked = api.post(ASK, wish).json()
    assert asked["fits"] is False
    assert (Operation.objects.count(), AuditEntry.objects.count()) == (0, lines)
    answer = api.post(path, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["fields"]) == (422, "quota_exceeded", asked["fields"])
    for row in error["figures"]:
        assert row == figure(asked, row["resource"])


def test_wishes_are_asked_one_at_a_time(api: Script, app_row: App) -> None:
    answer = api.post(ASK, {"secret": "mail", "volume": {"size": "1 GiB"}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")


def test_a_rollback_is_asked_of_an_app(api: Script, app_row: App) -> None:
    assert "app" in api.post(ASK, {"rollback": 1}).json()["error"]["fields"]
    assert api.post(ASK, {"app": "nobody", "rollback": 1}).status_code == 404
    assert api.post(ASK, {"app": "checkout", "rollback": 1}).json()["error"]["code"] == "current"
