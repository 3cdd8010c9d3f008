"""The pages of one's own account: what they show, keep, end and ask for."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.models import ApiToken, AuditEntry, Letter, Membership, Role, Team, User
from tenants.operations.seal import unseal
from tenants.services import tokens
from tests import factories
from tests.signing_in import prove, signed_in

TOTP, CODES = "/accounts/2fa/totp/activate/", "/accounts/2fa/recovery-codes/"
TOKEN = {"name": "deploys", "scopes": ["read", "apps"], "days": "7"}


def code_of(secret: str) -> str:
    """What an authenticator app shows now."""
    return format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30))


def turn_on(client: Client) -> str:
    """Sets up an authenticator app. Returns its key."""
    key = re.search(r'id="totp-key">(\w+)<', client.get(TOTP).content.decode())
    assert key
    done = client.post(TOTP, {"code": code_of(key[1])})
    assert done.headers["Location"] == CODES
    return key[1]


def subjects(user: User) -> list[str]:
    return [unseal(letter.pk, letter.sealed)["subject"] for letter in Letter.objects.filter(to=user.email)]


@pytest.fixture
def elsewhere(bob: User) -> Client:
    """bob's other browser, in which he is signed in as well."""
    client = signed_in(bob)
    UserSession.objects.create(
        user=bob, ip="192.0.2.9", session_key=client.session.session_key, user_agent="Mozilla/5.0 (iPhone) Safari/605"
    )
    return client


# -- profile -------------------------------------------------------------------------------------------------


def test_profile_is_kept(as_bob: Client, bob: User) -> None:
    fields = {"name": "Bob Best", "time_zone": "Asia/Kolkata", "language": "en-gb", "theme": "dark"}
    assert as_bob.post("/settings/", fields).status_code == 302
    page = as_bob.get("/settings/").content.decode()
    assert 'value="Bob Best"' in page
    assert '<html lang="en-gb" data-zone="Asia/Kolkata" data-theme="dark"' in page


def test_times_are_shown_in_the_viewer_s_zone_and_stay_utc_for_machines(as_bob: Client, bob: User, team: Team) -> None:
    Team.objects.filter(pk=team.pk).update(created_at=datetime(2026, 3, 1, 20, tzinfo=UTC))
    User.objects.filter(pk=bob.pk).update(time_zone="Asia/Kolkata")
    page = as_bob.get("/t/payments/settings/").content.decode()
    shown = re.search(r'<time datetime="2026-03-01T20:00:00\+00:00" title="([^"]*)"[^>]*>([^<]*)<', page)
    assert shown
    assert shown.groups() == ("Mon 2 Mar 2026, 01:30:00 IST", "2 Mar 2026")


def test_a_zone_that_is_gone_breaks_no_page(as_bob: Client, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(time_zone="Mars/Olympus")
    assert as_bob.get("/").status_code == 200


# -- asked again who one is -----------------------------------------------------------------------------------


def test_a_token_takes_a_recent_sign_in_and_the_form_is_not_lost(bob: User) -> None:
    client = signed_in(bob, ago=16 * 60)
    asked = client.post("/settings/tokens/", TOKEN)
    assert asked.headers["Location"] == "/accounts/reauthenticate/?next=%2Fsettings%2Ftokens%2F"
    assert not ApiToken.objects.exists()
    back = client.post(asked.headers["Location"], {"password": factories.PASSWORD, "next": "/settings/tokens/"})
    assert back.headers["Location"] == "/settings/tokens/"
    page = client.get("/settings/tokens/").content.decode()
    assert 'value="deploys"' in page
    assert re.findall(r'name="scopes" value="(\w+)" checked', page) == ["read", "apps"]
    assert re.search(r'<option value="7" selected', page)
    assert client.post("/settings/tokens/", TOKEN).status_code == 200
    assert ApiToken.objects.get().name == "deploys"


def test_what_was_kept_of_a_form_is_shown_once_and_to_its_author_alone(bob: User, carol: User) -> None:
    client = signed_in(bob, ago=16 * 60)
    client.post("/settings/tokens/", TOKEN)
    session = client.session
    session["kept_form"]["user"] = carol.pk
    session.save()
    assert 'value="deploys"' not in client.get("/settings/tokens/").content.decode()


def test_fifteen_minutes_are_recent_and_a_wrong_password_is_no_proof(bob: User) -> None:
    client = signed_in(bob, ago=14 * 60)
    assert client.get("/settings/delete/").status_code == 200
    prove(client, bob, ago=16 * 60)
    answer = client.post("/accounts/reauthenticate/", {"password": "wrong", "next": "/settings/delete/"})
    assert "This is not your password." in answer.content.decode()
    assert client.get("/settings/delete/").status_code == 302


def test_another_s_proof_in_the_same_session_counts_for_nothing(bob: User, carol: User) -> None:
    client = signed_in(bob)
    prove(client, carol)
    assert client.get("/settings/delete/").status_code == 302


def test_who_has_no_way_to_prove_it_here_signs_in_again(bob: User) -> None:
    bob.set_unusable_password()
    bob.save()
    client = signed_in(bob, ago=16 * 60)
    assert client.get("/settings/delete/").headers["Location"] == "/accounts/login/?next=%2Fsettings%2Fdelete%2F"
    assert client.get("/settings/").status_code == 302


# -- password and sessions --------------------------------------------------------------------------------------


def change_password(client: Client, **fields: str) -> Any:
    secret = "quite another one"
    form = {"oldpassword": factories.PASSWORD, "password1": secret, "password2": secret, **fields}
    return client.post("/accounts/password/change/", form)


def test_a_new_password_ends_the_other_sessions_at_once(bob: User, elsewhere: Client) -> None:
    here = signed_in(bob)
    assert change_password(here).status_code == 302
    assert elsewhere.get("/settings/").status_code == 302
    assert here.get("/settings/").status_code == 200
    assert not Session.objects.filter(session_key=elsewhere.session.session_key).exists()
    assert AuditEntry.objects.filter(action="account.password", actor=bob).count() == 1


@pytest.mark.parametrize(("fields", "live"), [({}, 1), ({"revoke_tokens": "on"}, 0)])
def test_tokens_outlive_a_password_unless_one_says_so(bob: User, fields: dict[str, str], live: int) -> None:
    tokens.create_token(actor=bob, name="ci", scopes=["read"], days=1)
    change_password(signed_in(bob), **fields)
    assert ApiToken.objects.filter(revoked_at=None).count() == live


def test_a_new_password_needs_the_old_one(bob: User) -> None:
    answer = change_password(signed_in(bob), oldpassword="wrong")
    assert "This is not your password now." in answer.content.decode()


def test_sessions_are_told_in_words_and_end_one_by_one(bob: User, elsewhere: Client) -> None:
    here = signed_in(bob)
    page = here.get("/settings/sessions/").content.decode()
    assert "Safari on iPhone" in page
    assert "192.0.2.9" in page
    here.post(f"/settings/sessions/{UserSession.objects.get().pk}/end/")
    assert elsewhere.get("/settings/").status_code == 302
    assert here.get("/settings/").status_code == 200


def test_sessions_of_an_earlier_password_are_not_listed(bob: User, elsewhere: Client) -> None:
    bob.set_password("something else")
    bob.save()
    assert "iPhone" not in signed_in(bob).get("/settings/sessions/").content.decode()


def test_a_hundred_sessions_ask_as_much_as_one(bob: User, elsewhere: Client) -> None:
    here = signed_in(bob)
    asked = []
    for sessions in (range(0), range(100)):
        for number in sessions:
            UserSession.objects.create(user=bob, ip="192.0.2.9", session_key=f"s{number}", user_agent="")
        with CaptureQueriesContext(connection) as queries:
            here.get("/settings/sessions/")
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_the_session_of_another_is_not_there(bob: User, carol: User, elsewhere: Client) -> None:
    assert signed_in(carol).post(f"/settings/sessions/{UserSession.objects.get().pk}/end/").status_code == 404


# -- second factor -----------------------------------------------------------------------------------------------


def test_an_app_is_asked_for_after_the_password(bob: User, client: Client) -> None:
    bob.emailaddress_set.create(email=bob.email, verified=True, primary=True)
    key = turn_on(signed_in(bob))
    login = client.post("/accounts/login/", {"login": "bob", "password": factories.PASSWORD})
    assert login.headers["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/settings/").status_code == 302
    assert "This code is wrong" in client.post("/accounts/2fa/authenticate/", {"code": "000000"}).content.decode()
    refused = AuditEntry.objects.get(action="account.sign_in", outcome="denied")
    assert (refused.target, refused.detail) == ("user bob", "wrong second factor: TOTP Authenticator")
    assert client.post("/accounts/2fa/authenticate/", {"code": code_of(key)}).headers["Location"] == "/"
    assert client.get("/settings/").status_code == 200


def test_the_key_of_an_app_is_not_kept_in_clear(bob: User) -> None:
    key = turn_on(signed_in(bob))
    assert key not in str(list(Authenticator.objects.values()))


def test_recovery_codes_are_shown_once_and_work_once(bob: User, client: Client) -> None:
    bob.emailaddress_set.create(email=bob.email, verified=True, primary=True)
    owner = signed_in(bob)
    turn_on(owner)
    shown = re.findall(r"(?<=[>\n])\d{8}$", owner.get(CODES).content.decode(), re.MULTILINE)
    assert len(shown) == 10
    again = owner.get(CODES).content.decode()
    assert shown[0] not in again
    assert "not shown again" in again
    assert owner.get(f"{CODES}download/").status_code == 403
    for attempt, goes in ((client, True), (Client(), False)):
        attempt.post("/accounts/login/", {"login": "bob", "password": factories.PASSWORD})
        answer = attempt.post("/accounts/2fa/authenticate/", {"code": shown[0]})
        assert (answer.status_code == 302) is goes


def test_a_second_factor_ends_the_other_sessions_and_is_told_by_mail(
    bob: User, elsewhere: Client, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    bob.emailaddress_set.create(email=bob.email, verified=True, primary=True)
    here = signed_in(bob)
    with django_capture_on_commit_callbacks(execute=True):
        turn_on(here)
    assert elsewhere.get("/settings/").status_code == 302
    assert here.get("/settings/").status_code == 200
    assert subjects(bob) == ["Your second factor is on"]
    done = AuditEntry.objects.filter(actor=bob, action="second_factor.add").values_list("detail", flat=True)
    assert sorted(done) == ["Recovery codes", "TOTP Authenticator"]


def test_an_app_is_removed_with_the_codes(bob: User) -> None:
    client = signed_in(bob)
    turn_on(client)
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()


def test_an_address_is_added_beside_a_second_factor(bob: User) -> None:
    bob.emailaddress_set.create(email=bob.email, verified=True, primary=True)
    client = signed_in(bob)
    turn_on(client)
    client.post("/accounts/email/", {"action_add": "", "email": "bob@elsewhere.example"})
    assert bob.emailaddress_set.filter(email="bob@elsewhere.example", verified=False).exists()


# -- where the site asks for a second factor --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "who"),
    [({"owners"}, {"alice"}), ({"staff"}, {"sam"}), ({"owners", "staff"}, {"alice", "sam"}), (set(), set())],
)
def test_owners_and_staff_set_up_a_second_factor_first(
    team: Team, alice: User, bob: User, sam: User, settings: Any, asked: set[str], who: set[str]
) -> None:
    settings.REQUIRE_SECOND_FACTOR = frozenset(asked)
    sent = {user.username for user in (alice, bob, sam) if signed_in(user).get("/settings/").status_code == 302}
    assert sent == who


def test_until_then_only_its_pages_and_the_way_out_are_open(team: Team, alice: User, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = frozenset({"owners"})
    client = signed_in(alice)
    for path in ("/", "/t/payments/", "/settings/tokens/", "/accounts/email/", "/admin/"):
        assert client.get(path).headers["Location"] == "/accounts/2fa/", path
    part = client.get("/", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (204, "/accounts/2fa/")
    assert "asks you for a second factor" in client.get("/accounts/2fa/").content.decode()
    turn_on(client)
    assert client.get("/").status_code == 200


def test_until_then_tokens_do_not_work(team: Team, alice: User, client: Client, settings: Any) -> None:
    _, text = tokens.create_token(actor=alice, name="ci", scopes=["read"], days=1)
    settings.REQUIRE_SECOND_FACTOR = frozenset({"owners"})
    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {text}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "second_factor_required")
    turn_on(signed_in(alice))
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {text}"}).status_code == 200


def test_who_becomes_an_owner_is_asked_from_then_on(team: Team, bob: User, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = frozenset({"owners"})
    client = signed_in(bob)
    assert client.get("/settings/").status_code == 200
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    assert client.get("/settings/").status_code == 302


# -- the end ----------------------------------------------------------------------------------------------------------


def test_the_page_says_what_goes_and_who_must_take_over(team: Team, alice: User, bob: User) -> None:
    tokens.create_token(actor=bob, name="ci", scopes=["read"], days=1)
    page = signed_in(bob).get("/settings/delete/").content.decode()
    assert "your token ends" in page
    assert "You leave your team" in page
    alone = signed_in(alice).get("/settings/delete/").content.decode()
    assert "last owner of" in alone
    assert 'name="confirm"' not in alone


def test_who_types_the_name_is_gone(team: Team, bob: User) -> None:
    client = signed_in(bob)
    assert client.post("/settings/delete/", {"confirm": "bobby"}).status_code == 200
    assert client.post("/settings/delete/", {"confirm": "bob"}).headers["Location"] == "/accounts/login/"
    assert not User.objects.filter(username="bob").exists()
    assert "Your account is deleted." in client.get("/accounts/login/").content.decode()
