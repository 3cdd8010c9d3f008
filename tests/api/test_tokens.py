"""A token in the header is the only way in, and it does what its scopes and its owner's role both allow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from tenants import access
from tenants.models import ApiToken, App, AuditEntry, Membership, Namespace, Operation, Team, User
from tenants.services.tokens import create_token
from tests.api.conftest import Script

Make = Callable[..., Script]
NS = "teams/payments/namespaces/dev"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer berth_",
        "Bearer berth_wrong",
        "Basic YWxpY2U6ZGVtbw==",
        "berth_x",
        "Bearer ü",
        "Token x",
    ],
)
def test_call_without_a_token_is_told_how(client: Client, team: Team, header: str | None) -> None:
    answer = client.get("/api/v1/teams", headers={"authorization": header} if header is not None else {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_session_of_a_signed_in_person_is_ignored(client: Client, alice: User, team: Team) -> None:
    client.force_login(alice)
    assert client.get("/api/v1/teams").status_code == 401
    assert client.post("/api/v1/teams", "{}", content_type="application/json").status_code == 401


def test_token_needs_no_csrf_token(alice: User) -> None:
    _, text = create_token(actor=alice, name="script", scopes=["teams"], days=1)
    strict = Client(enforce_csrf_checks=True)
    body = {"name": "Shop", "slug": "shop"}
    answer = strict.post(
        "/api/v1/teams", body, content_type="application/json", headers={"authorization": f"Bearer {text}"}
    )
    assert answer.status_code == 201


def test_token_in_the_address_is_no_token(client: Client, api: Script) -> None:
    text = api._headers["authorization"].removeprefix("Bearer ")
    assert client.get(f"/api/v1/me?access_token={text}").status_code == 401


def test_revoked_token_ends_at_once(api: Script) -> None:
    ApiToken.objects.update(revoked_at=timezone.now())
    assert api.get("me").status_code == 401


def test_expired_token_is_no_token(api: Script) -> None:
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert api.get("me").status_code == 401


def test_token_of_a_suspended_account_is_no_token(api: Script, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert api.get("me").status_code == 401


def test_token_loses_what_its_owner_loses(script: Make, bob: User, namespace: Namespace) -> None:
    bobs = script(bob)
    assert bobs.get(NS).status_code == 200
    Membership.objects.filter(user=bob).delete()
    assert bobs.get(NS).status_code == 404


def test_use_is_noted(api: Script) -> None:
    assert ApiToken.objects.get().last_used_at is None
    api.get("me")
    assert ApiToken.objects.get().last_used_at is not None


def test_use_is_noted_once_a_minute(api: Script) -> None:
    noted = timezone.now() - timedelta(seconds=30)
    ApiToken.objects.update(last_used_at=noted)
    api.get("me")
    assert ApiToken.objects.get().last_used_at == noted


def test_reading_takes_the_scope_read(script: Make, alice: User, app_row: App) -> None:
    apps_only = script(alice, ["apps"])
    answer = apps_only.get(f"{NS}/apps")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert "“read”" in answer.json()["error"]["message"]
    assert apps_only.get("me").status_code == 200
    assert apps_only.post(f"{NS}/quota/preflight", {"volume": {"size": "1 GiB"}}).status_code == 403
    assert apps_only.post(f"{NS}/apps/checkout/releases", {"replicas": 2}).status_code == 202


CHANGES = {
    "apps": ("POST", f"{NS}/apps/checkout/releases", {"replicas": 2}),
    "volumes": ("POST", f"{NS}/volumes", {"name": "files", "size": "1 GiB"}),
    "secrets": ("POST", f"{NS}/secrets", {"name": "mail", "values": {"A": "1"}}),
    "account": ("PATCH", "me", {"theme": "dark"}),
    "teams": ("PATCH", "teams/payments", {"name": "Paying"}),
}


@pytest.mark.parametrize("scope", access.SCOPES)
def test_scope_allows_its_own_changes_alone(script: Make, alice: User, app_row: App, scope: str) -> None:
    limited = script(alice, [scope])
    allowed = {name for name, change in CHANGES.items() if limited.call(*change).status_code < 300}
    assert allowed == {scope} & set(CHANGES)


def test_refused_call_is_audited_as_a_call(script: Make, carol: User, app_row: App) -> None:
    script(carol).post(f"{NS}/apps/checkout/releases", {"replicas": 2})
    line = AuditEntry.objects.get(outcome="denied")
    assert (line.actor, line.action, line.door) == (carol, "apps.write", "api")


def test_call_leaves_its_request_id(api: Script, app_row: App) -> None:
    api.post(f"{NS}/apps/checkout/releases", {"replicas": 2})
    line = AuditEntry.objects.get(action="app.release")
    assert line.request_id
    assert Operation.objects.get().request_id == line.request_id


@pytest.mark.parametrize("sent", ["approved by sam", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"])
def test_request_id_is_not_the_clients_to_choose(alice: User, app_row: App, sent: str) -> None:
    token = create_token(actor=alice, name="script", scopes=["apps"], days=1)[1]
    headers = {"authorization": f"Bearer {token}", "x-request-id": sent}
    path = f"/api/v1/{NS}/apps/checkout/releases"
    answer = Client().post(path, {"replicas": 2}, content_type="application/json", headers=headers)
    assert answer.status_code < 300, answer.content
    given = AuditEntry.objects.get(action="app.release").request_id
    assert given != sent
    assert str(UUID(given)) == given


def test_a_token_makes_no_tokens(script: Make, alice: User) -> None:
    answer = script(alice, list(access.SCOPES)).post("tokens", {"name": "more", "scopes": ["read"], "days": 1})
    assert answer.status_code == 405
    assert ApiToken.objects.count() == 1


def test_others_tokens_are_not_there(script: Make, alice: User, bob: User) -> None:
    mine, his = script(alice), script(bob)
    assert his.get(f"tokens/{mine.token.pk}").status_code == 404
    assert his.delete(f"tokens/{mine.token.pk}").status_code == 404
    assert mine.get("me").status_code == 200


def test_audit_log_is_whole_for_owners_and_own_for_developers(
    script: Make, alice: User, bob: User, app_row: App
) -> None:
    for number, user in enumerate((alice, bob), start=2):
        script(user).post(f"{NS}/apps/checkout/releases", {"replicas": number})
    lines = {
        name: {line["actor"] for line in script(user).get("teams/payments/audit").json()["results"]}
        for name, user in (("alice", alice), ("bob", bob))
    }
    assert lines == {"alice": {"alice", "bob"}, "bob": {"bob"}}


def test_answers_are_private(api: Script) -> None:
    assert api.get("me").headers["Cache-Control"] == "no-store"
