"""What cannot be read or breaks a rule is refused with words at the key, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection

from tenants.models import App, AuditEntry, Namespace, Operation, Team, Volume
from tests import factories
from tests.api.conftest import Script

NS = "teams/payments/namespaces/dev"
GOOD = {"name": "web", "image": factories.IMAGE}

# What is sent as a new app → the key at which it is refused.
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({**GOOD, "name": "Web Shop"}, "name"),
    ({**GOOD, "name": ""}, "name"),
    ({**GOOD, "name": "a" * 41}, "name"),
    ({**GOOD, "name": "new"}, "name"),
    ({"name": "web"}, "image"),
    ({**GOOD, "image": "no spaces please"}, "image"),
    ({**GOOD, "port": 0}, "port"),
    ({**GOOD, "port": 70000}, "port"),
    ({**GOOD, "port": "http"}, "port"),
    ({**GOOD, "port": True}, "port"),
    ({**GOOD, "replicas": 51}, "replicas"),
    ({**GOOD, "replicas": 1.5}, "replicas"),
    ({**GOOD, "cpu": "much"}, "cpu"),
    ({**GOOD, "cpu": []}, "cpu"),
    ({**GOOD, "memory": "512"}, "memory"),
    ({**GOOD, "memory": "512m"}, "memory"),
    ({**GOOD, "env": {"1ST": "x"}}, "env"),
    ({**GOOD, "env": {"A": "x" * 40_000}}, "env"),
    ({**GOOD, "env": "A=1"}, "env"),
    ({**GOOD, "env": {"A": None}}, "env.A"),
    ({**GOOD, "secret_env": {"A": {"secret": "database"}}}, "secret_env.A.key"),
    ({**GOOD, "secret_env": {"A": {"secret": "gone", "key": "B"}}}, "secret_env"),
    ({**GOOD, "volumes": [{"volume": "data", "path": "/proc/1"}]}, "volumes.0.path"),
    ({**GOOD, "volumes": [{"volume": "gone", "path": "/data"}]}, "volumes"),
    ({**GOOD, "health": {"kind": "ftp"}}, "health.kind"),
    ({**GOOD, "health": {"kind": "http", "path": "healthz"}}, "health.path"),
    ({**GOOD, "health": {"kind": "http", "period": 0}}, "health.period"),
    ({**GOOD, "health": {"kind": "tcp"}, "port": None}, "health"),
    ({**GOOD, "command": [""]}, "command"),
    ({**GOOD, "pull_secret": "gone"}, "pull_secret"),
    ({**GOOD, "cpu": 4, "replicas": 2}, "cpu"),
]


@pytest.mark.parametrize(("body", "field"), BROKEN, ids=[f"{field}-{n}" for n, (_, field) in enumerate(BROKEN)])
def test_broken_rule_is_told_at_its_key(api: Script, namespace: Namespace, body: dict[str, Any], field: str) -> None:
    answer = api.post(f"{NS}/apps", body)
    error = answer.json()["error"]
    assert (answer.status_code, next(iter(error["fields"]))) == (422, field)
    assert error["fields"][field] in error["message"] or len(error["fields"]) > 1
    assert not App.objects.exists()
    assert not Operation.objects.exists()


@pytest.mark.parametrize("image", ["?", "", " "])
def test_all_broken_keys_are_told_at_once(api: Script, namespace: Namespace, image: str) -> None:
    answer = api.post(f"{NS}/apps", {"name": "-", "image": image, "port": 0})
    assert set(answer.json()["error"]["fields"]) == {"name", "image", "port"}


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({**GOOD, "imagee": "x"}, "imagee"),
        ({**GOOD, "secret_versions": {"a": {"b": 1}}}, "secret_versions"),
        ({**GOOD, "namespace": 1}, "namespace"),
        ({**GOOD, "health": {"kind": "tcp", "port": 1}}, "health.port"),
        ({**GOOD, "volumes": [{"volume": "a", "path": "/a", "readonly": True}]}, "volumes.readonly"),
    ],
)
def test_unknown_key_is_refused(api: Script, namespace: Namespace, body: dict[str, Any], key: str) -> None:
    answer = api.post(f"{NS}/apps", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_key")
    assert key in answer.json()["error"]["fields"]
    assert not App.objects.exists()


@pytest.mark.parametrize(
    "body", [{"correct horse battery": 1}, {"type": "correct horse"}, {"values": {"correct horse": None}}]
)
def test_what_may_be_a_value_is_not_repeated(api: Script, namespace: Namespace, body: dict[str, Any]) -> None:
    answer = api.post(f"{NS}/secrets", {"name": "mail", "values": {"A": "1"}} | body)
    assert answer.status_code in {400, 422}
    assert b"correct horse" not in answer.content


def test_unknown_key_is_refused_where_nothing_is_taken(api: Script, app_row: App) -> None:
    assert api.post(f"{NS}/apps/checkout/refresh-secrets", {"now": True}).status_code == 400


def test_unknown_parameter_is_refused(api: Script, team: Team) -> None:
    assert api.get("teams?pagesize=5").json()["error"]["code"] == "unknown_key"


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1]", b'"text"', b"\xff\xfe", b'{"name": NaN}', b'{"name": "a", "name": "b"}', b"[" * 100_000],
    ids=["cut", "list", "text", "bytes", "nan", "twice", "deep"],
)
def test_what_is_no_object_is_malformed(api: Script, team: Team, body: bytes) -> None:
    answer = api.call("POST", "teams", body)
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"code", "message", "fields"}


@pytest.mark.parametrize("text", ['"\\ud800"', '"a\\u0000b"'], ids=["surrogate", "nul"])
def test_text_that_no_database_holds_is_refused(api: Script, team: Team, text: str) -> None:
    body = f'{{"name": {text}, "slug": "shop"}}'.encode()
    assert api.call("POST", "teams", body).status_code in {400, 422}


def test_body_that_is_too_large_is_refused(api: Script, namespace: Namespace) -> None:
    answer = api.post(f"{NS}/secrets", {"name": "big", "values": {"A": "x" * (2 << 20)}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_refusal_never_repeats_a_secrets_value(api: Script, namespace: Namespace) -> None:
    for values in ({"A B": "canary-1"}, {"A": ["canary-2"]}, {"A": "canary-3" * 150_000}):
        answer = api.post(f"{NS}/secrets", {"name": "mail", "values": values})
        assert answer.status_code == 422
        assert b"canary" not in answer.content


def test_quota_is_refused_with_numbers_that_fit(api: Script, namespace: Namespace) -> None:
    answer = api.post(f"{NS}/volumes", {"name": "big", "size": "60 GiB"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "quota_exceeded")
    assert "50 GiB" in error["fields"]["size"]
    assert not Volume.objects.exists()


def test_preflight_changes_nothing(api: Script, namespace: Namespace) -> None:
    rows = AuditEntry.objects.count()
    shown = api.post(f"{NS}/quota/preflight", {"volume": {"size": "60 GiB"}}).json()
    assert shown["fits"] is False
    assert "size" in shown["fields"]
    assert (Volume.objects.count(), AuditEntry.objects.count()) == (0, rows)


def test_preflight_of_the_next_release_counts_its_surge(api: Script, app_row: App) -> None:
    shown = api.post(f"{NS}/quota/preflight", {"app": "checkout", "release": {"replicas": 3}}).json()
    cpu = next(row for row in shown["figures"] if row["resource"] == "cpu")
    assert (shown["fits"], cpu["this"], cpu["surge"]) == (True, 750, 250)


def test_name_that_is_taken_is_a_conflict(api: Script, app_row: App) -> None:
    answer = api.post(f"{NS}/apps", {**GOOD, "name": "checkout"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "taken")
    assert "name" in answer.json()["error"]["fields"]


def test_unknown_plan_says_where_plans_are(api: Script, team: Team) -> None:
    answer = api.post("teams/payments/namespaces", {"name": "dev", "plan": "huge"})
    assert "/api/v1/plans" in answer.json()["error"]["fields"]["plan"]


@pytest.mark.parametrize("address", ["nothing", "teams/", "teams/payments/", "operations/1", "teams/Päyments"])
def test_unknown_address_is_told_in_json(api: Script, team: Team, address: str) -> None:
    answer = api.get(address)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_other_methods_are_refused(api: Script, team: Team) -> None:
    answer = api.call("PUT", "teams/payments", {"name": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


def test_forms_are_not_taken(api: Script, team: Team) -> None:
    client = api._client
    answer = client.post("/api/v1/teams", {"name": "x"}, headers=api._headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "query", ["page=0", "page=last", "page=-1", "page=9999999999999", "page_size=0", "page_size=201", "page_size="]
)
def test_page_that_is_none(api: Script, team: Team, query: str) -> None:
    answer = api.get(f"teams?{query}")
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (422, [query.partition("=")[0]])


def test_page_beyond_the_last_is_not_there(api: Script, team: Team) -> None:
    assert api.get("teams?page=2").status_code == 404


def test_pages_have_the_size_that_is_asked_for(api: Script, namespace: Namespace) -> None:
    for number in range(3):
        factories.make_app(namespace, f"app{number}")
    shown = api.get(f"{NS}/apps?page_size=2").json()
    assert (shown["count"], len(shown["results"])) == (3, 2)
    assert shown["next"].endswith(f"{NS}/apps?page=2&page_size=2")
    assert len(api.get(shown["next"].removeprefix("http://testserver")).json()["results"]) == 1


def failing(error: Exception) -> Callable[..., Any]:
    """What the database's driver does in the place of writing a team."""

    def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith('INSERT INTO "tenants_team"'):
            raise error
        return run(sql, *rest)

    return execute


def test_database_that_is_away_is_told_with_when_to_try_again(api: Script, team: Team) -> None:
    with connection.execute_wrapper(failing(OperationalError("gone"))):
        answer = api.post("teams", {"name": "Shop", "slug": "shop"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_mistake_of_ours_is_told_without_its_details(api: Script, team: Team) -> None:
    api._client.raise_request_exception = False
    with connection.execute_wrapper(failing(ZeroDivisionError("inner secret"))):
        answer = api.post("teams", {"name": "Shop", "slug": "shop"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert b"inner secret" not in answer.content


@pytest.mark.parametrize(
    "address",
    ["teams", f"{NS}/apps", f"{NS}/volumes", f"{NS}/secrets", f"{NS}/apps/app0/releases", "teams/payments/namespaces"],
)
def test_lists_cost_the_same_however_long(
    api: Script, namespace: Namespace, address: str, django_assert_max_num_queries: Any
) -> None:
    def more(start: int, end: int) -> None:
        for number in range(start, end):
            app = factories.make_app(namespace, f"app{number}")
            factories.make_release(app, 2)
            factories.make_volume(namespace, f"volume{number}")
            factories.make_secret(namespace, f"secret{number}")
            factories.make_namespace(namespace.team, f"other{number}")
            factories.make_team(f"team{number}", owner=api.token.user)

    more(0, 1)
    with django_assert_max_num_queries(20) as few:
        api.get(address)
    more(1, 8)
    with django_assert_max_num_queries(len(few)):
        assert api.get(address).status_code == 200
