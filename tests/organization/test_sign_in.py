"""Sign-in through the organization: the account it makes or finds, and answers that are not good."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from tenants.models import AuditEntry, Letter, User
from tests import factories
from tests.oidc_provider import FAULTS, Provider
from tests.organization.conftest import Visitor
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
Configure = Callable[..., None]


def test_first_sign_in_makes_the_account(visitor: Visitor) -> None:
    answer = visitor.sign_in()
    assert answer["Location"] == "/"
    nina = User.objects.get(username="nina")
    assert not nina.has_usable_password()
    assert EmailAddress.objects.get(user=nina, verified=True).email == "nina@harbor.example"
    assert list(AuditEntry.objects.filter(actor=nina).values_list("action", "detail").order_by("pk")) == [
        ("account.create", "harbor"),
        ("account.sign_in", "harbor"),
    ]


def test_second_sign_in_finds_the_account_whatever_the_address_is_now(visitor: Visitor, provider: Provider) -> None:
    visitor.sign_in()
    provider.people["nina"]["email"] = "nina.new@harbor.example"
    other = Visitor(Client())
    other.sign_in()
    assert other.signed_in
    assert User.objects.count() == 1


def test_the_request_has_state_nonce_and_pkce(visitor: Visitor) -> None:
    query = parse_qs(urlsplit(visitor.leave()).query)
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["nonce"][0]) == 64
    assert query["state"][0]
    assert query["redirect_uri"] == ["http://127.0.0.1:8000/accounts/oidc/harbor/login/callback/"]


def test_nothing_of_the_request_comes_from_the_browser(visitor: Visitor) -> None:
    answer = visitor.client.post("/accounts/oidc/harbor/login/?scope=admin&auth_params=nonce%3Dmine%26prompt%3Dnone")
    shown = answer.content.decode()
    assert "admin" not in shown
    assert "mine" not in shown
    assert "prompt" not in shown


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_not_good_signs_nobody_in(visitor: Visitor, provider: Provider, fault: str) -> None:
    there = visitor.answer(visitor.leave(), "nina")
    provider.fault = fault
    answer = visitor.back(there)
    assert answer.status_code == 401
    assert "You are not signed in" in answer.content.decode()
    assert not visitor.signed_in
    assert not User.objects.exists()


def test_a_code_works_once(visitor: Visitor) -> None:
    used = visitor.answer(visitor.leave(), "nina")
    visitor.back(used)
    other = Visitor(Client())
    state = parse_qs(urlsplit(other.leave()).query)["state"][0]
    code = parse_qs(urlsplit(used).query)["code"][0]
    assert other.back(f"/accounts/oidc/harbor/login/callback/?code={code}&state={state}").status_code == 401
    assert not other.signed_in


def test_an_answer_for_another_browser_is_refused(visitor: Visitor) -> None:
    """A link that would sign somebody in to the sender's account."""
    there = visitor.answer(visitor.leave(), "nina")
    other = Visitor(Client())
    assert other.back(there).status_code == 401
    assert not other.signed_in


def test_a_code_of_another_browser_does_not_fit_ones_own_state(visitor: Visitor) -> None:
    stolen = parse_qs(urlsplit(visitor.answer(visitor.leave(), "nina")).query)["code"][0]
    other = Visitor(Client())
    state = parse_qs(urlsplit(other.leave()).query)["state"][0]
    assert other.back(f"/accounts/oidc/harbor/login/callback/?code={stolen}&state={state}").status_code == 401
    assert not other.signed_in


def test_a_provider_that_is_away_is_told_in_words(visitor: Visitor, configure: Configure) -> None:
    configure(server_url="http://127.0.0.1:9")
    answer = visitor.client.post("/accounts/oidc/harbor/login/")
    assert answer.status_code == 401
    assert "Harbor ID did not answer" in answer.content.decode()


def test_who_goes_back_is_not_signed_in(visitor: Visitor) -> None:
    there = visitor.answer(visitor.leave(), "a stranger to the provider")
    assert visitor.back(there)["Location"] == "/accounts/organization/cancelled/"
    assert not visitor.signed_in


def test_a_link_alone_signs_nobody_in(visitor: Visitor) -> None:
    answer = visitor.client.get("/accounts/oidc/harbor/login/?next=/search/")
    assert answer["Location"] == "/accounts/login/?next=%2Fsearch%2F"


@pytest.mark.parametrize(
    ("wanted", "found"), [("/search/", "/search/"), ("https://evil.example/", "/"), ("//evil.example", "/")]
)
def test_it_leads_to_pages_of_this_site_alone(visitor: Visitor, wanted: str, found: str) -> None:
    assert visitor.sign_in(next=wanted)["Location"] == found


def test_an_unknown_provider_is_not_there(visitor: Visitor) -> None:
    assert visitor.client.post("/accounts/oidc/other/login/").status_code == 404


def test_who_is_suspended_is_told_and_not_signed_in(visitor: Visitor) -> None:
    visitor.sign_in()
    User.objects.update(is_active=False, suspended_reason="left the company")
    other = Visitor(Client())
    answer = other.sign_in()
    assert "left the company" in answer.content.decode()
    assert not other.signed_in


# -- addresses that belong to an account here ----------------------------------------------------------------


def test_a_confirmed_address_of_a_trusted_provider_finds_the_account(visitor: Visitor, alice: User) -> None:
    factories.confirm_address(alice, "nina@harbor.example")
    visitor.sign_in()
    assert SocialAccount.objects.get().user == alice
    assert visitor.client.session["_auth_user_id"] == str(alice.pk)
    assert alice.has_usable_password()
    assert Letter.objects.filter(kind="account_connected").exists()


@pytest.mark.parametrize(
    ("claims", "options"),
    [
        ({"email_verified": True}, {"trust_email": False}),
        ({"email_verified": False}, {"trust_email": True}),
        ({"email_verified": "false"}, {"trust_email": True}),
        ({"email_verified": None}, {"trust_email": True}),
        ({"email_verified": True}, {"trust_email": ["other.example"]}),
        ({"email_verified": False}, {"trust_email": ["harbor.example"]}),
    ],
)
def test_any_other_address_finds_none(
    visitor: Visitor, provider: Provider, configure: Configure, alice: User, claims: dict, options: dict
) -> None:
    """The page is the same as for an address that is nobody's: a mail tells its owner that there is an account."""
    factories.confirm_address(alice, "nina@harbor.example")
    provider.people["nina"] |= claims
    configure(**options)
    answer = visitor.sign_in()
    assert answer["Location"] == "/accounts/confirm-email/"
    assert not visitor.signed_in
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 1
    assert Letter.objects.get().kind == "account_already_exists"


def test_a_trusted_domain_needs_no_word_of_the_provider(
    visitor: Visitor, provider: Provider, configure: Configure
) -> None:
    """Entra tells addresses of the organization's own domains, and not that they are confirmed."""
    del provider.people["nina"]["email_verified"]
    configure(trust_email=["harbor.example"])
    visitor.sign_in()
    assert EmailAddress.objects.get().verified


def test_an_address_that_somebody_merely_added_finds_no_account(visitor: Visitor, alice: User) -> None:
    """Else whoever adds another's address to theirs would get the other's organization into the account."""
    EmailAddress.objects.create(user=alice, email="nina@harbor.example", verified=False)
    visitor.sign_in()
    assert not SocialAccount.objects.filter(user=alice).exists()


def test_an_untrusted_address_is_confirmed_by_mail_first(visitor: Visitor, configure: Configure) -> None:
    configure()
    answer = visitor.sign_in()
    assert answer["Location"] == "/accounts/confirm-email/"
    assert not visitor.signed_in
    assert not EmailAddress.objects.get().verified


# -- connecting --------------------------------------------------------------------------------------------


def test_who_is_signed_in_connects_an_account(visitor: Visitor, alice: User) -> None:
    mine = Visitor(signed_in(alice))
    answer = mine.sign_in(process="connect")
    assert answer["Location"] == "/accounts/organization/"
    assert SocialAccount.objects.get().user == alice
    assert "nina@harbor.example" in mine.client.get("/accounts/organization/").content.decode()
    assert AuditEntry.objects.filter(actor=alice, action="account.connect", detail="harbor").exists()


def test_connecting_asks_who_signed_in_long_ago(visitor: Visitor, alice: User) -> None:
    mine = signed_in(alice, ago=16 * 60)
    answer = mine.post("/accounts/oidc/harbor/login/", {"process": "connect"}, follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/reauthenticate/")


def test_what_is_connected_to_another_account_stays_there(visitor: Visitor, alice: User, bob: User) -> None:
    Visitor(signed_in(alice)).sign_in(process="connect")
    Visitor(signed_in(bob)).sign_in(process="connect")
    assert SocialAccount.objects.get().user == alice


def test_disconnecting_leaves_a_way_in(visitor: Visitor) -> None:
    visitor.sign_in()
    account = SocialAccount.objects.get()
    answer = visitor.client.post("/accounts/organization/", {"account": account.pk})
    assert "Set a password first" in answer.content.decode()
    assert SocialAccount.objects.exists()


def test_nobody_disconnects_anothers(visitor: Visitor, alice: User) -> None:
    visitor.sign_in()
    signed_in(alice).post("/accounts/organization/", {"account": SocialAccount.objects.get().pk})
    assert SocialAccount.objects.exists()


def test_a_name_that_is_taken_gets_another(visitor: Visitor) -> None:
    factories.make_user("nina")
    visitor.sign_in()
    assert visitor.signed_in
    assert SocialAccount.objects.get().user.username != "nina"


def test_nothing_secret_is_kept(visitor: Visitor) -> None:
    visitor.sign_in()
    kept = SocialAccount.objects.get().extra_data
    assert set(kept) == {"sub", "email", "preferred_username", "groups"}
