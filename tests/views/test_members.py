"""Pages of members: what they show to whom, with how many queries, and how a team is handed over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.models import Membership, Team, Transfer, User
from tenants.services.tokens import create_token
from tests import factories
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
MEMBERS = "/t/payments/members/"


@pytest.fixture
def crowd(team: Team) -> list[User]:
    """1,000 more members."""
    people = User.objects.bulk_create(
        User(username=f"person{n:04}", email=f"{n}@x.example", seen_at=timezone.now()) for n in range(1000)
    )
    Membership.objects.bulk_create(Membership(team=team, user=user, role="developer") for user in people)
    return people


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def pk(team: Team, user: User) -> int:
    return team.memberships.get(user=user).pk


def test_it_says_who_is_what_since_when_and_when_they_were_here(alice: User, bob: User, team: Team) -> None:
    User.objects.filter(pk=bob.pk).update(seen_at=timezone.now() - timedelta(days=3), first_name="Bob Dillon")
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={})
    page = signed_in(alice).get(MEMBERS, {"q": "bob"})
    html = page.content.decode()
    assert "3 days ago" in html
    assert "Bob Dillon" in html
    assert [row.factor for row in page.context["rows"]] == [True]


def test_the_hour_of_a_visit_is_nobodys_business(alice: User, bob: User, team: Team) -> None:
    seen = timezone.now() - timedelta(days=1)
    User.objects.filter(pk=bob.pk).update(seen_at=seen)
    html = signed_in(alice).get(MEMBERS, {"q": "bob"}).content.decode()
    assert "yesterday" in html
    assert f"{seen:%Y-%m-%dT}" not in html


@pytest.mark.parametrize(("who", "knows"), [("alice", True), ("andy", True), ("sam", True), ("bob", False)])
def test_who_has_a_second_factor_is_told_to_those_who_manage(
    request: pytest.FixtureRequest, team: Team, who: str, knows: bool
) -> None:
    page = signed_in(request.getfixturevalue(who)).get(MEMBERS, {"q": "carol"})
    assert [row.factor is not None for row in page.context["rows"]] == [knows]
    assert ("Second factor" in page.content.decode()) is knows


def test_everybody_may_know_their_own(carol: User, team: Team) -> None:
    page = signed_in(carol).get(MEMBERS, {"q": "carol"})
    assert page.context["rows"][0].factor is False


def test_a_thousand_members_take_no_more_queries_than_ten(alice: User, team: Team, crowd: list[User]) -> None:
    client = signed_in(alice)
    many = queries(client, MEMBERS)
    Membership.objects.filter(user__in=crowd[6:]).delete()
    assert queries(client, MEMBERS) == many


def test_a_long_list_has_pages_and_is_searched(alice: User, team: Team, crowd: list[User]) -> None:
    client = signed_in(alice)
    assert len(client.get(MEMBERS).context["rows"]) == 50
    assert "51 to 100 of 1004" in client.get(MEMBERS, {"page": 2}).content.decode()
    found = client.get(MEMBERS, {"q": "PERSON0042"}).context["rows"]
    assert [row.membership.user.username for row in found] == ["person0042"]
    assert len(client.get(MEMBERS, {"role": "owner"}).context["rows"]) == 1


def test_several_go_after_one_more_question(alice: User, bob: User, carol: User, team: Team) -> None:
    client = signed_in(alice)
    form = {"member": ["bob", "carol"], "act": "remove"}
    asked = client.post(f"{MEMBERS}change/", form)
    assert "Remove 2 members" in asked.content.decode()
    assert team.memberships.count() == 4
    done = client.post(f"{MEMBERS}change/", {**form, "sure": "yes"}, follow=True)
    assert "2 of 2 are out of the team" in done.content.decode()
    assert team.memberships.count() == 2


def test_those_who_could_not_be_changed_are_named(alice: User, team: Team) -> None:
    page = signed_in(alice).post(f"{MEMBERS}change/", {"member": ["alice", "bob"], "act": "viewer"})
    html = page.content.decode()
    assert "1 of 2 are viewer now" in html
    assert "is the last owner of Payments" in html


def test_an_act_that_is_none_is_refused(alice: User, team: Team) -> None:
    answer = signed_in(alice).post(f"{MEMBERS}change/", {"member": ["bob"], "act": "king"})
    assert answer.status_code == 422


def test_before_somebody_goes_the_page_says_what_ends(alice: User, andy: User, team: Team) -> None:
    factories.make_invitation(team, "zoe@example.com", by=andy)
    html = signed_in(alice).get(f"{MEMBERS}{pk(team, andy)}/remove/").content.decode()
    assert "zoe@example.com" in html
    assert "tokens lose the team" in html


def test_the_last_owner_is_told_to_hand_over_first(alice: User, team: Team) -> None:
    html = signed_in(alice).get(f"{MEMBERS}{pk(team, alice)}/remove/").content.decode()
    assert "the last owner of Payments" in html
    assert "btn-danger" not in html


def test_whoever_leaves_comes_home(carol: User, team: Team) -> None:
    answer = signed_in(carol).post(f"{MEMBERS}{pk(team, carol)}/remove/")
    assert answer.headers["Location"] == "/"
    assert not team.memberships.filter(user=carol).exists()


def test_a_team_is_handed_over_from_page_to_page(alice: User, bob: User, team: Team) -> None:
    giver, taker = signed_in(alice), signed_in(bob)
    giver.post("/t/payments/transfer/", {"to": "bob", "keeps": "admin"})
    offer = Transfer.objects.get()
    assert "alice offers you this team" in taker.get("/").content.decode()
    assert "Own Payments" in taker.get(f"/transfers/{offer.pk}/").content.decode()
    taker.post(f"/transfers/{offer.pk}/accept/")
    roles = dict(team.memberships.values_list("user__username", "role"))
    assert (roles["alice"], roles["bob"]) == ("admin", "owner")


def test_what_was_chosen_is_kept_while_the_password_is_asked_for(alice: User, team: Team) -> None:
    client = signed_in(alice, ago=16 * 60)
    answer = client.post("/t/payments/transfer/", {"to": "bob", "keeps": "viewer"})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert not Transfer.objects.exists()
    form = client.get("/t/payments/transfer/").context["form"]
    assert (form["to"].value(), form["keeps"].value()) == ("bob", "viewer")


def test_an_offer_that_is_over_says_so(alice: User, bob: User, team: Team) -> None:
    offer = Transfer.objects.create(team=team, giver=alice, taker=bob, state="withdrawn", decided_at=timezone.now())
    html = signed_in(bob).get(f"/transfers/{offer.pk}/").content.decode()
    assert "This offer is over" in html
    assert signed_in(bob).post(f"/transfers/{offer.pk}/accept/").status_code == 409


@pytest.mark.parametrize("path", ["", "apps/", "members/", "settings/", "n/dev/"])
def test_every_page_of_a_suspended_team_says_so(
    alice: User, team: Team, namespace: object, path: str, as_alice: Client
) -> None:
    Team.objects.update(suspended_at=timezone.now(), suspended_reason="Unpaid")
    html = as_alice.get(f"/t/payments/{path}").content.decode()
    assert "Payments is suspended since" in html
    assert "Unpaid" in html
    assert "Open it again" not in html


def test_a_visit_is_noted_by_pages(alice: User) -> None:
    signed_in(alice).get("/")
    alice.refresh_from_db()
    assert alice.seen_at is not None


def test_a_visit_is_noted_by_calls_once_a_minute(bob: User, client: Client) -> None:
    _, text = create_token(actor=bob, name="ci", scopes=["read"], days=1)
    headers = {"authorization": f"Bearer {text}"}
    client.get("/api/v1/me", headers=headers)
    first = User.objects.get(pk=bob.pk).seen_at
    client.get("/api/v1/me", headers=headers)
    assert first is not None
    assert User.objects.get(pk=bob.pk).seen_at == first
    User.objects.filter(pk=bob.pk).update(seen_at=first - timedelta(minutes=2))
    client.get("/api/v1/me", headers=headers)
    assert User.objects.get(pk=bob.pk).seen_at >= first
