"""Who may make an account here, and who may sign in here by password: BERTH_SIGNUP and BERTH_LOCAL_SIGNIN."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from portal.settings.organization import organization
from tenants.models import AuditEntry, Team, User
from tenants.sign_in.adapters import AccountAdapter
from tests import factories
from tests.organization.conftest import Visitor

pytestmark = pytest.mark.django_db
Configure = Callable[..., None]
PASSWORD = "correct horse battery"


def sign_up(client: Client, email: str) -> Any:
    form = {"email": email, "username": "nina", "password1": PASSWORD, "password2": PASSWORD}
    return client.post("/accounts/signup/", form)


def invited(client: Client, team: Team, email: str) -> None:
    """Opened the link of an invitation and goes on to a new account."""
    _, token = factories.make_invitation(team, email)
    client.post("/join/", {"code": token})
    client.post("/join/sign-up/")


def test_anybody_signs_up_where_it_is_on(configure: Configure, client: Client) -> None:
    sign_up(client, "nina@anywhere.example")
    assert User.objects.filter(username="nina").exists()


def test_nobody_signs_up_where_it_is_off_and_is_told_whom_to_ask(
    configure: Configure, client: Client, settings: Any
) -> None:
    configure(BERTH_SIGNUP="off")
    settings.SUPPORT_CONTACT = "help@harbor.example"
    page = client.get("/accounts/signup/").content.decode()
    assert "Ask a team to invite you" in page
    assert "help@harbor.example" in page
    sign_up(client, "nina@anywhere.example")
    assert not User.objects.exists()


@pytest.mark.parametrize("signup", ["off", "harbor.example"])
def test_who_is_invited_signs_up_with_that_address_alone(
    configure: Configure, client: Client, team: Team, signup: str
) -> None:
    configure(BERTH_SIGNUP=signup)
    invited(client, team, "nina@anywhere.example")
    answer = sign_up(client, "other@anywhere.example")
    assert "Use nina@anywhere.example" in answer.content.decode()
    assert not User.objects.filter(username="nina").exists()
    sign_up(client, "nina@anywhere.example")
    assert User.objects.filter(username="nina").exists()


@pytest.mark.parametrize(
    ("email", "made"),
    [
        ("nina@harbor.example", True),
        ("nina@HARBOR.example", True),
        ("nina@docks.example", True),
        ("nina@evil-harbor.example", False),
        ("nina@harbor.example.evil.example", False),
    ],
)
def test_addresses_of_the_domains_sign_up(configure: Configure, client: Client, email: str, made: bool) -> None:
    configure(BERTH_SIGNUP="harbor.example, @docks.example")
    answer = sign_up(client, email)
    assert User.objects.filter(username="nina").exists() is made
    if not made:
        assert "Use an address at harbor.example or docks.example." in answer.content.decode()


def test_the_organization_makes_accounts_whatever_sign_up_is(configure: Configure, visitor: Visitor) -> None:
    configure(BERTH_SIGNUP="off", trust_email=True)
    visitor.sign_in()
    assert visitor.signed_in


# -- passwords shut --------------------------------------------------------------------------------------


@pytest.fixture
def shut(configure: Configure) -> None:
    configure(BERTH_LOCAL_SIGNIN="off", trust_email=True)


def sign_in(client: Client, name: str, password: str = factories.PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": name, "password": password})


def test_the_page_offers_the_organization_alone(shut: None, client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert "Sign in with Harbor ID" in page
    assert 'name="password"' not in page
    assert "passkey" not in page
    assert "Create one" not in page


def test_right_and_wrong_passwords_get_one_answer(shut: None, client: Client, alice: User) -> None:
    answers = [sign_in(client, "alice", password).content.decode() for password in (factories.PASSWORD, "wrong")]
    assert all("through the organization" in answer for answer in answers)
    assert "_auth_user_id" not in client.session


def test_no_account_is_made_by_password(shut: None, client: Client, team: Team) -> None:
    invited(client, team, "nina@anywhere.example")
    assert "Through your organization" in client.get("/accounts/signup/").content.decode()
    sign_up(client, "nina@anywhere.example")
    assert not User.objects.filter(username="nina").exists()


def test_every_other_way_in_ends_at_the_same_door(shut: None, alice: User, rf: Any) -> None:
    """Passkeys, say: all pass allauth's `pre_login`."""
    request = rf.post("/")
    request.session = Client().session
    request.user = alice
    passed = {"email_verification": None, "signal_kwargs": None, "email": None, "signup": False, "redirect_url": None}
    answer = AccountAdapter(request).pre_login(request, alice, **passed)
    assert answer is not None
    assert answer.status_code == 403


def test_the_organization_signs_in(shut: None, visitor: Visitor) -> None:
    visitor.sign_in()
    assert visitor.signed_in


def make_pass(name: str) -> str:
    out = io.StringIO()
    call_command("local_sign_in", name, "--reason", "the provider is away", stdout=out)
    return out.getvalue().split("http://127.0.0.1:8000")[1].strip()


def test_a_pass_lets_its_holder_in_by_password(shut: None, client: Client, alice: User, bob: User) -> None:
    factories.confirm_address(alice)
    client.get(make_pass("alice"))
    assert 'name="password"' in client.get("/accounts/login/").content.decode()
    sign_in(client, "alice", "wrong")
    assert "_auth_user_id" not in client.session
    assert sign_in(client, "bob").status_code == 403
    sign_in(client, "alice")
    assert client.session["_auth_user_id"] == str(alice.pk)
    assert AuditEntry.objects.get(action="account.pass").detail == "the provider is away"


def test_a_pass_ends_after_a_quarter_of_an_hour(shut: None, client: Client, alice: User) -> None:
    with time_machine.travel(0, tick=False) as clock:
        address = make_pass("alice")
        clock.shift(15 * 60 + 1)
        assert "does not work" in client.get(address, follow=True).content.decode()


def test_an_opened_pass_ends_too(shut: None, client: Client, alice: User) -> None:
    factories.confirm_address(alice)
    with time_machine.travel("2026-11-01T12:00:00Z", tick=False) as clock:
        client.get(make_pass("alice"))
        clock.shift(15 * 60 + 1)
        sign_in(client, "alice")
    assert "_auth_user_id" not in client.session


def test_a_made_up_pass_opens_nothing(shut: None, client: Client) -> None:
    client.get("/accounts/pass/?pass=alice:1:forged")
    assert 'name="password"' not in client.get("/accounts/login/").content.decode()


def test_a_pass_needs_somebody_with_a_password(shut: None, alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    for name in ("alice", "nobody"):
        with pytest.raises(CommandError):
            make_pass(name)


# -- settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("BERTH_SIGNUP", "sometimes", "BERTH_SIGNUP"),
        ("BERTH_LOCAL_SIGNIN", "off", "nobody could sign in"),
        ("BERTH_OIDC", "{", "not JSON"),
        ("BERTH_OIDC", '{"id": "a"}', "list of providers"),
        ("BERTH_OIDC", '[{"id": "a"}]', "a lacks client_id, name, server_url"),
        ("BERTH_OIDC", "PLAIN", "no https address"),
        ("BERTH_OIDC", "UNKNOWN", "unknown keys: color"),
        ("BERTH_OIDC", "ROLE", "gives 'king'"),
        ("BERTH_OIDC", "TWICE", "the same id"),
    ],
)
def test_settings_fail_loudly(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str) -> None:
    good = '"id": "a", "name": "A", "server_url": "https://id.example", "client_id": "b"'
    made = {
        "PLAIN": f"[{{{good.replace('https', 'http')}}}]",
        "UNKNOWN": f'[{{{good}, "color": "red"}}]',
        "ROLE": f'[{{{good}, "groups": {{"g": {{"team": "t", "role": "king"}}}}}}]',
        "TWICE": f"[{{{good}}}, {{{good}}}]",
    }
    monkeypatch.setenv(variable, made.get(value, value))
    with pytest.raises(ImproperlyConfigured, match=words):
        organization()


def test_a_client_secret_comes_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "secret").write_text("of the file\n")
    one = {"id": "a", "name": "A", "server_url": "https://id.example", "client_id": "b"}
    monkeypatch.setenv("BERTH_OIDC", json.dumps([{**one, "client_secret_file": str(tmp_path / "secret")}]))
    assert organization()["OIDC"]["a"]["client_secret"] == "of the file"
