"""Accepting an invitation by pages: signed in, signed out, without an account, as somebody else, too late."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from tenants.models import Membership, Team, User
from tenants.views.accepting import CARRIED
from tests.factories import confirm_address, make_invitation, make_user
from tests.views.cost import cost

INVITED = "/join/invitation/"
SIGN_UP = {"username": "zoe", "password1": "quay-side-lantern-77", "password2": "quay-side-lantern-77"}
SignedIn = Callable[[User], Client]


def carry(client: Client, token: str) -> None:
    """As the page of the mail's link does."""
    answer = client.post("/join/", {"code": token})
    assert answer.headers["Location"] == INVITED


def test_get_changes_nothing(signed_in: SignedIn, erin: User, team: Team) -> None:
    invitation, token = make_invitation(team, confirm_address(erin))
    client = signed_in(erin)
    client.get(f"/join/?code={token}")
    carry(client, token)
    for _ in range(2):
        assert client.get(INVITED).status_code == 200
        assert client.head(INVITED).status_code == 200
    assert client.get(f"/invitations/{invitation.pk}/accept/").status_code == 405
    assert not Membership.objects.filter(user=erin).exists()


def test_signed_in_one_joins_with_a_click(signed_in: SignedIn, erin: User, team: Team) -> None:
    _, token = make_invitation(team, confirm_address(erin), note="Hello Erin")
    client = signed_in(erin)
    carry(client, token)
    html = client.get(INVITED).content.decode()
    assert "alice invites you" in html.replace("\n", " ")
    assert "Hello Erin" in html
    answer = client.post(INVITED)
    assert answer.headers["Location"] == "/t/payments/"
    assert "You are in Payments as developer." in client.get("/t/payments/").content.decode()


def test_signed_out_one_signs_in_and_joins(client: Client, erin: User, team: Team) -> None:
    _, token = make_invitation(team, confirm_address(erin))
    carry(client, token)
    html = client.get(INVITED).content.decode()
    assert f"/accounts/login/?next={INVITED}" in html
    answer = client.post(f"/accounts/login/?next={INVITED}", {"login": "erin", "password": "demo"})
    assert answer.headers["Location"] == INVITED
    client.post(INVITED)
    assert Membership.objects.filter(team=team, user=erin).exists()


def test_new_one_signs_up_with_the_address_confirmed(client: Client, team: Team) -> None:
    _, token = make_invitation(team, "zoe@example.com", role="viewer")
    carry(client, token)
    answer = client.post("/join/sign-up/")
    assert answer.headers["Location"] == f"/accounts/signup/?next={INVITED}"
    assert 'value="zoe@example.com"' in client.get(answer.headers["Location"]).content.decode()
    answer = client.post(answer.headers["Location"], {**SIGN_UP, "email": "zoe@example.com"})
    assert answer.headers["Location"] == INVITED
    assert EmailAddress.objects.get().verified
    client.post(INVITED)
    assert Membership.objects.get(team=team, user__username="zoe").role == "viewer"


def test_no_other_address_is_confirmed_by_an_invitation(client: Client, team: Team) -> None:
    _, token = make_invitation(team, "zoe@example.com")
    carry(client, token)
    client.post("/join/sign-up/")
    client.post("/accounts/signup/", {**SIGN_UP, "email": "victim@example.com"})
    assert not EmailAddress.objects.filter(email="victim@example.com", verified=True).exists()


def test_signing_up_without_the_token_confirms_nothing(client: Client, team: Team) -> None:
    make_invitation(team, "zoe@example.com")
    assert client.post("/join/sign-up/").status_code == 404
    client.post("/accounts/signup/", {**SIGN_UP, "email": "zoe@example.com"})
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_somebody_else_is_told_and_offered_to_switch(signed_in: SignedIn, bob: User, erin: User, team: Team) -> None:
    _, token = make_invitation(team, confirm_address(erin))
    client = signed_in(bob)
    carry(client, token)
    html = client.get(INVITED).content.decode()
    assert re.search(r"signed in as <b[^>]*>bob</b>, and this invitation is for erin@payments\.example", html)
    assert "Join the team" not in html
    assert client.post("/join/switch/").headers["Location"] == INVITED
    html = client.get(INVITED).content.decode()
    assert "Sign in" in html
    assert "signed in as" not in html


def dead_codes(team: Team, erin: User) -> dict[str, str]:
    """Tokens that open nothing, each for another reason."""
    address, gone = confirm_address(erin), timezone.now() - timedelta(minutes=1)
    return {
        "used": make_invitation(team, address, accepted_at=gone)[1],
        "revoked": make_invitation(team, address, revoked_at=gone)[1],
        "late": make_invitation(team, address, expires_at=gone)[1],
        "void": make_invitation(team, "second@example.com", by=make_user("former"))[1],
        "unknown": "A" * 43,
        "no token at all": "'; --",
    }


def test_every_dead_token_has_the_same_answer(client: Client, erin: User, team: Team) -> None:
    answers = {name: client.post("/join/", {"code": code}) for name, code in dead_codes(team, erin).items()}
    assert {answer.status_code for answer in answers.values()} == {404}
    bodies = {name: re.sub(r'value="[\w-]{64}"', "", answer.content.decode()) for name, answer in answers.items()}
    assert len(set(bodies.values())) == 1, bodies
    assert "Ask whoever invited you" in bodies["used"]


def test_another_ones_invitation_answers_as_a_dead_one(signed_in: SignedIn, bob: User, erin: User, team: Team) -> None:
    invitation, token = make_invitation(team, confirm_address(erin))
    client = signed_in(bob)
    carry(client, token)
    foreign = client.post(INVITED)
    by_id = client.post(f"/invitations/{invitation.pk}/accept/")
    unknown = client.post("/join/", {"code": "A" * 43})
    bodies = {re.sub(r'value="[\w-]{64}"', "", answer.content.decode()) for answer in (foreign, by_id, unknown)}
    assert {foreign.status_code, by_id.status_code, unknown.status_code} == {404}
    assert len(bodies) == 1


def test_dead_tokens_cost_the_same(client: Client, erin: User, team: Team) -> None:
    """But for the look at the inviter's role, which only an invitation that is otherwise alive comes to."""
    codes = dead_codes(team, erin)
    del codes["no token at all"]
    client.post("/join/", {"code": codes["used"]})
    costs = {name: cost(lambda code=code: client.post("/join/", {"code": code})) for name, code in codes.items()}
    assert costs.pop("void") - costs["unknown"] == {"SELECT tenants_membership": 1}
    assert costs == dict.fromkeys(costs, costs["unknown"])


def test_invitations_wait_on_the_home_page(signed_in: SignedIn, erin: User, team: Team) -> None:
    invitation, _ = make_invitation(team, confirm_address(erin))
    client = signed_in(erin)
    assert f"/invitations/{invitation.pk}/accept/" in client.get("/").content.decode()
    assert client.post(f"/invitations/{invitation.pk}/accept/").headers["Location"] == "/t/payments/"
    assert f"/invitations/{invitation.pk}/accept/" not in client.get("/").content.decode()


def test_declined_invitation_is_gone_from_home(signed_in: SignedIn, erin: User, team: Team) -> None:
    invitation, _ = make_invitation(team, confirm_address(erin))
    client = signed_in(erin)
    client.post(f"/invitations/{invitation.pk}/decline/")
    assert f"/invitations/{invitation.pk}/" not in client.get("/").content.decode()


def test_session_holds_no_token(client: Client, erin: User, team: Team) -> None:
    _, token = make_invitation(team, confirm_address(erin))
    carry(client, token)
    assert token not in str(dict(client.session))
    assert len(client.session[CARRIED]) == 64
