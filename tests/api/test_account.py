"""One's own account by script: profile, sessions, tokens, and tokens that do not work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client

from tenants.models import ApiToken, User
from tests.api.conftest import Script
from tests.signing_in import signed_in

Make = Callable[..., Script]


@pytest.fixture
def browser(alice: User) -> Client:
    """alice is signed in with a browser, too."""
    client = signed_in(alice)
    key = client.session.session_key
    UserSession.objects.create(user=alice, ip="192.0.2.1", session_key=key, user_agent="Mozilla/5.0 (Windows) Edg/1")
    return client


def test_profile_is_changed_and_shown(api: Script) -> None:
    answer = api.call("PATCH", "me", {"name": "Alice", "time_zone": "europe/berlin", "language": "en-gb"})
    shown = {key: answer.json()[key] for key in ("name", "time_zone", "language", "theme", "second_factor")}
    assert shown == {
        "name": "Alice",
        "time_zone": "Europe/Berlin",
        "language": "en-gb",
        "theme": "auto",
        "second_factor": False,
    }
    assert api.get("me").json()["name"] == "Alice"


def test_a_zone_that_is_none_is_told_at_its_field(api: Script) -> None:
    answer = api.call("PATCH", "me", {"time_zone": "Atlantis"})
    assert (answer.status_code, set(answer.json()["error"]["fields"])) == (422, {"time_zone"})


def test_neither_address_nor_role_is_changed_by_a_script(api: Script, alice: User) -> None:
    for key in ("email", "staff_role", "username", "is_superuser"):
        assert api.call("PATCH", "me", {key: "x"}).status_code == 400
    alice.refresh_from_db()
    assert (alice.email, alice.staff_role) == ("alice@payments.example", "")


def test_sessions_are_listed_and_ended(api: Script, browser: Client) -> None:
    (session,) = api.get("sessions").json()["results"]
    assert (session["device"], session["address"]) == ("Edge on Windows", "192.0.2.1")
    assert api.delete(f"sessions/{session['id']}").status_code == 204
    assert browser.get("/settings/").status_code == 302


def test_all_sessions_end_at_once(api: Script, browser: Client) -> None:
    assert api.delete("sessions").status_code == 204
    assert not Session.objects.exists()


def test_sessions_take_their_scope(script: Make, alice: User, browser: Client) -> None:
    assert script(alice, ["read"]).get("sessions").status_code == 403
    assert script(alice, ["read"]).delete("sessions").status_code == 403
    assert Session.objects.exists()


def test_the_sessions_of_another_are_not_there(script: Make, bob: User, browser: Client) -> None:
    assert script(bob).delete(f"sessions/{UserSession.objects.get().pk}").status_code == 404
    assert Session.objects.exists()


def test_all_tokens_end_at_once_and_this_one_too(script: Make, alice: User) -> None:
    one, other = script(alice), script(alice, ["read"])
    assert other.delete("tokens").status_code == 204
    assert (one.get("me").status_code, other.get("me").status_code) == (401, 401)
    assert not ApiToken.objects.filter(revoked_at=None).exists()


def test_tokens_that_fail_are_slowed_down_and_those_that_work_are_not(
    api: Script, client: Client, settings: Any
) -> None:
    settings.FAILED_TOKENS_RATE = "60/min"
    cache.clear()
    forged = {"Authorization": "Bearer berth_guessed"}
    codes = [
        client.get("/api/v1/me", headers={**forged, "X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(61)
    ]
    assert codes == [401] * 60 + [429]
    answer = client.get("/api/v1/me", headers=forged)
    assert answer.json()["error"]["code"] == "too_many"
    assert int(answer.headers["Retry-After"]) > 0
    assert api.get("me").status_code == 200
