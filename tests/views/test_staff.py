"""Pages of the site's staff: lists with filters, a person's page, suspension."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.models import Membership, StaffRole, Team, User
from tenants.services.tokens import create_token
from tests import factories
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_sam(sam: User, team: Team, other_team: Team) -> Client:
    return signed_in(sam)


def people(client: Client, **asked: str) -> list[str]:
    return [user.username for user in client.get("/staff/people/", asked).context["shown"]]


def teams(client: Client, **asked: str) -> list[str]:
    return [team.slug for team in client.get("/staff/teams/", asked).context["shown"]]


def test_people_are_found_by_name_and_address(as_sam: Client) -> None:
    assert people(as_sam) == ["alice", "andy", "bob", "carol", "erin", "sam"]
    assert people(as_sam, q="ALI") == ["alice"]
    assert people(as_sam, q="erin@") == ["erin"]
    assert people(as_sam, q="nobody") == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"role": "owner"}, ["alice", "erin"]),
        ({"role": "support"}, ["sam"]),
        ({"role": "approver"}, []),
        ({"role": "none"}, ["sam"]),
        ({"state": "suspended"}, ["carol"]),
        ({"state": "open", "role": "owner"}, ["alice", "erin"]),
        ({"factor": "yes"}, ["bob"]),
        ({"seen": "7"}, ["andy", "sam"]),
        ({"seen": "over"}, ["erin"]),
        ({"seen": "never"}, ["alice", "bob", "carol"]),
        ({"role": "king", "state": "x"}, ["alice", "andy", "bob", "carol", "erin", "sam"]),
    ],
)
def test_people_are_filtered(
    as_sam: Client, andy: User, bob: User, carol: User, erin: User, asked: dict[str, str], found: list[str]
) -> None:
    Authenticator.objects.create(user=bob, type=Authenticator.Type.WEBAUTHN, data={})
    User.objects.filter(pk=carol.pk).update(is_active=False, suspended_at=timezone.now())
    User.objects.filter(pk=andy.pk).update(seen_at=timezone.now() - timedelta(days=2))
    User.objects.filter(pk=erin.pk).update(seen_at=timezone.now() - timedelta(days=200))
    assert people(as_sam, **asked) == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["ledgers", "payments"]),
        ({"q": "PAY"}, ["payments"]),
        ({"state": "suspended"}, ["payments"]),
        ({"state": "open"}, ["ledgers"]),
        ({"owned": "no"}, ["ledgers"]),
        ({"owned": "yes"}, ["payments"]),
    ],
)
def test_teams_are_filtered(as_sam: Client, erin: User, asked: dict[str, str], found: list[str]) -> None:
    Team.objects.filter(slug="payments").update(suspended_at=timezone.now())
    User.objects.filter(pk=erin.pk).update(is_active=False)
    assert teams(as_sam, **asked) == found


def test_lists_take_the_same_queries_however_long(as_sam: Client) -> None:
    def counted() -> list[int]:
        found = []
        for page in ("/staff/people/", "/staff/teams/", "/staff/people/alice/"):
            with CaptureQueriesContext(connection) as captured:
                assert as_sam.get(page).status_code == 200
            found.append(len(captured))
        return found

    before = counted()
    users = User.objects.bulk_create(User(username=f"p{n}", email=f"{n}@x.example") for n in range(300))
    made = Team.objects.bulk_create(Team(slug=f"team-{n}", name=f"Team {n}") for n in range(300))
    Membership.objects.bulk_create(
        Membership(team=team, user=user, role="owner") for team, user in zip(made, users, strict=True)
    )
    alice = User.objects.get(username="alice")
    Membership.objects.bulk_create(Membership(team=team, user=alice, role="viewer") for team in made)
    assert counted() == before


def test_a_persons_page_counts_sessions_and_tokens_and_shows_none(as_sam: Client, alice: User) -> None:
    token, text = create_token(actor=alice, name="nightly-deploy", scopes=["read"], days=1)
    html = as_sam.get("/staff/people/alice/").content.decode()
    assert "its only owner" in html
    for secret in (text, token.prefix, token.digest, "nightly-deploy", alice.password):
        assert secret not in html


def test_support_suspends_and_lets_in_again(as_sam: Client, bob: User) -> None:
    page = as_sam.get("/staff/people/bob/suspend/").content.decode()
    assert "signed out everywhere" in page
    assert as_sam.post("/staff/people/bob/suspend/", {"reason": ""}).context["form"].errors
    shown = as_sam.post("/staff/people/bob/suspend/", {"reason": "Left in May"}, follow=True).content.decode()
    assert "Left in May" in shown
    bob.refresh_from_db()
    assert not bob.is_active
    as_sam.post("/staff/people/bob/lift/")
    bob.refresh_from_db()
    assert bob.is_active


def test_support_suspends_a_team_and_opens_it_again(as_sam: Client, team: Team) -> None:
    shown = as_sam.post("/staff/teams/payments/suspend/", {"reason": "Unpaid"}, follow=True).content.decode()
    assert "Payments is suspended since" in shown
    assert "Open it again" in shown
    as_sam.post("/staff/teams/payments/lift/")
    team.refresh_from_db()
    assert not team.suspended


def test_an_approver_reads_and_is_offered_nothing(dave: User, team: Team) -> None:
    client = signed_in(dave)
    assert "Suspend" not in client.get("/staff/people/bob/").content.decode().replace("Suspended", "")
    assert client.post("/staff/people/bob/suspend/", {"reason": "x"}).status_code == 403


def test_support_is_not_offered_to_suspend_itself(as_sam: Client) -> None:
    assert "/staff/people/sam/suspend/" not in as_sam.get("/staff/people/sam/").content.decode()
    assert as_sam.post("/staff/people/sam/suspend/", {"reason": "x"}).status_code == 403


def test_the_sidebar_leads_staff_there_and_nobody_else(as_sam: Client, alice: User) -> None:
    assert 'href="/staff/people/"' in as_sam.get("/").content.decode()
    assert "/staff/" not in signed_in(alice).get("/").content.decode()


def test_names_with_dots_and_signs_have_a_page(as_sam: Client) -> None:
    factories.make_user("e.r+in@x", staff_role=StaffRole.NONE)
    assert as_sam.get("/staff/people/e.r+in@x/").status_code == 200
