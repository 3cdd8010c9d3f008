"""Inviting people by pages, asking to join, and answering who asks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from tenants.models import Invitation, JoinMessage, JoinRequest, Letter, Membership, Team, User
from tests.factories import make_invitation, make_request

SignedIn = Callable[[User], Client]


# -- inviting --------------------------------------------------------------------------------------------


def test_pasted_list_is_invited(as_alice: Client) -> None:
    people = "Zoe Quay <zoe@example.com>, kim@example.com\nerin"
    answer = as_alice.post("/t/payments/invitations/", {"people": people, "role": "viewer", "note": ""})
    assert answer.headers["Location"] == "/t/payments/invitations/"
    assert {one.invitee for one in Invitation.objects.all()} == {"zoe@example.com", "kim@example.com", "erin"}
    html = as_alice.get("/t/payments/invitations/").content.decode()
    assert "3 invitations are on their way." in html
    assert "zoe@example.com" in html


def test_what_failed_stays_in_the_form_with_its_reason(as_alice: Client) -> None:
    html = as_alice.post(
        "/t/payments/invitations/", {"people": "zoe@example.com, carol, bob", "role": "viewer", "note": "Hi"}
    ).content.decode()
    assert "A member already" in html
    assert re.search(r"<textarea[^>]*name=\"people\"[^>]*>\s*carol\nbob</textarea>", html)
    assert Invitation.objects.get().email == "zoe@example.com"


def test_what_is_no_address_is_named_at_the_field_and_nobody_is_invited_yet(as_alice: Client) -> None:
    typed = "zoe@example.com, not an address\nzoe@; kim"
    html = as_alice.post(
        "/t/payments/invitations/", {"people": typed, "role": "viewer", "note": "Hi there"}
    ).content.decode()
    words = "Neither an e-mail address nor a user name: “not an address”, “zoe@”. Nobody was invited yet."
    assert words in html
    assert f"{typed}</textarea>" in html
    assert "Hi there</textarea>" in html
    assert not Invitation.objects.exists()


def test_a_team_that_invited_too_many_reads_why_at_the_form(as_alice: Client, team: Team, settings: Settings) -> None:
    settings.INVITATIONS_PER_HOUR = 1
    sent, _ = make_invitation(team, "zoe@example.com")
    wish = {"people": "kim@example.com", "role": "viewer", "note": ""}
    as_alice.post("/t/payments/invitations/", wish)
    html = as_alice.post("/t/payments/invitations/", wish | {"people": "lou@example.com"}).content.decode()
    words = "A team invites at most 1 people an hour: try again later."
    assert words in html
    assert "lou@example.com</textarea>" in html
    again = as_alice.post(f"/t/payments/invitations/{sent.pk}/resend/")
    assert (again.status_code, int(again.headers["Retry-After"]) > 3500) == (429, True)
    assert words in again.content.decode()


def test_admin_is_offered_the_roles_they_may_grant(signed_in: SignedIn, andy: User, team: Team) -> None:
    html = signed_in(andy).get("/t/payments/invitations/").content.decode()
    assert re.findall(r'<option value="(\w+)"', html) == ["developer", "viewer"]


def test_support_reads_invitations_and_sends_none(signed_in: SignedIn, sam: User, team: Team) -> None:
    make_invitation(team, "zoe@example.com")
    html = signed_in(sam).get("/t/payments/invitations/").content.decode()
    assert "zoe@example.com" in html
    assert "Send" not in html


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"sent_at": timezone.now()}, "Waits for an answer"),
        ({"given_up_at": timezone.now(), "error": "550 No such person"}, "550 No such person"),
        ({"attempts": 2, "error": "451 Later"}, "Mail waits"),
        ({}, "Mail leaves now"),
    ],
)
def test_list_says_what_became_of_the_mail(
    as_alice: Client, team: Team, columns: dict[str, object], words: str
) -> None:
    letter = Letter.objects.create(to="zoe@example.com", kind="invitation", **columns)
    make_invitation(team, "zoe@example.com", letter=letter)
    assert words in as_alice.get("/t/payments/invitations/").content.decode()


def test_of_a_user_name_the_list_says_nothing_of_the_mail(as_alice: Client, team: Team) -> None:
    letter = Letter.objects.create(to="zoe@example.com", kind="invitation", given_up_at=timezone.now(), error="550 No")
    make_invitation(team, "zoe", letter=letter)
    html = as_alice.get("/t/payments/invitations/").content.decode()
    assert "Waits for an answer" in html
    assert "550" not in html


def test_one_that_ran_out_is_sent_again(as_alice: Client, team: Team) -> None:
    invitation, _ = make_invitation(team, "zoe@example.com", expires_at=timezone.now() - timedelta(days=1))
    assert "Ran out" in as_alice.get("/t/payments/invitations/").content.decode()
    as_alice.post(f"/t/payments/invitations/{invitation.pk}/resend/")
    assert "Mail leaves now" in as_alice.get("/t/payments/invitations/").content.decode()
    as_alice.post(f"/t/payments/invitations/{invitation.pk}/revoke/")
    assert "zoe@example.com<" not in as_alice.get("/t/payments/invitations/").content.decode()


# -- asking ----------------------------------------------------------------------------------------------


@pytest.fixture
def open_team(team: Team) -> Team:
    Team.objects.filter(pk=team.pk).update(discoverable=True, description="Takes cards")
    return team


def test_only_teams_that_chose_it_are_found(as_erin: Client, open_team: Team) -> None:
    Team.objects.create(slug="secretive", name="Secretive")
    Team.objects.create(slug="leaving", name="Leaving", discoverable=True, deleting_since=timezone.now())
    html = as_erin.get("/teams/find/").content.decode()
    assert "Takes cards" in html
    assert "Secretive" not in html
    assert "Leaving" not in html
    assert "Payments" not in as_erin.get("/teams/find/?q=harbor").content.decode()
    assert "Payments" in as_erin.get("/teams/find/?q=CARDS").content.decode()


def test_directory_says_what_one_is_and_what_one_asked(
    as_erin: Client, as_bob: Client, erin: User, open_team: Team
) -> None:
    assert "You are in it" in as_bob.get("/teams/find/").content.decode()
    request = make_request(open_team, erin)
    assert f"/requests/{request.pk}/" in as_erin.get("/teams/find/").content.decode()


def test_team_settings_open_a_team_to_be_found(as_alice: Client, team: Team) -> None:
    as_alice.post("/t/payments/settings/", {"name": "Payments", "description": " Takes\n cards ", "discoverable": "on"})
    team.refresh_from_db()
    assert (team.discoverable, team.description) == (True, "Takes cards")


def test_asking_leads_to_the_thread(as_erin: Client, open_team: Team) -> None:
    answer = as_erin.post("/teams/find/payments/", {"message": "Let me in"}, follow=True)
    html = answer.content.decode()
    assert "Your request to join Payments" in html
    assert "Let me in" in html
    assert "Withdraw" in html
    html = as_erin.post("/teams/find/payments/", {"message": "Again"}).content.decode()
    assert "your request is open" in html


def test_team_that_cannot_be_found_cannot_be_asked(as_erin: Client, team: Team) -> None:
    assert as_erin.get("/teams/find/payments/").status_code == 404
    assert as_erin.post("/teams/find/payments/", {"message": "Let me in"}).status_code == 404


def test_manager_answers_and_lets_in(as_alice: Client, as_erin: Client, erin: User, team: Team) -> None:
    request = make_request(team, erin)
    assert "1 person asks to join" in as_alice.get("/").content.decode()
    assert "Let me in" in as_alice.get("/t/payments/requests/").content.decode()
    as_alice.post(f"/requests/{request.pk}/", {"text": "Who are you?"})
    assert "Who are you?" in as_erin.get(f"/requests/{request.pk}/").content.decode()
    as_alice.post(f"/requests/{request.pk}/accept/", {"role": "viewer"})
    assert Membership.objects.get(team=team, user=erin).role == "viewer"
    assert as_erin.get("/t/payments/").status_code == 200


def test_declining_takes_the_message_along(as_alice: Client, as_erin: Client, erin: User, team: Team) -> None:
    request = make_request(team, erin)
    as_alice.post(f"/requests/{request.pk}/decline/", {"text": "Ask Ledgers"})
    html = as_erin.get(f"/requests/{request.pk}/").content.decode()
    assert "Declined" in html
    assert "Ask Ledgers" in html
    assert "Withdraw" not in html


def test_too_long_an_answer_is_not_lost(as_alice: Client, erin: User, team: Team) -> None:
    request = make_request(team, erin)
    html = as_alice.post(f"/requests/{request.pk}/decline/", {"text": "x" * 1001}).content.decode()
    assert "At most 1000 characters" in html
    assert "x" * 1001 in html
    request.refresh_from_db()
    assert request.state == "open"


def test_withdrawn_by_the_person(as_erin: Client, erin: User, team: Team) -> None:
    request = make_request(team, erin)
    as_erin.post(f"/requests/{request.pk}/withdraw/")
    request.refresh_from_db()
    assert request.state == "withdrawn"


def test_support_sees_what_nobody_there_can_answer(signed_in: SignedIn, bob: User, erin: User, sam: User, team: Team,
                                                   other_team: Team) -> None:  # fmt: skip
    make_request(team, erin, "Answered by alice")
    make_request(other_team, bob, "Answered by nobody")
    User.objects.filter(pk=erin.pk).update(is_active=False)
    client = signed_in(sam)
    html = client.get("/requests/").content.decode()
    assert "Answered by nobody" in html
    assert "Answered by alice" not in html
    assert "1 person asks to join a team where nobody can answer" in client.get("/").content.decode()


def test_queries_do_not_grow_with_who_asks_and_who_is_invited(as_alice: Client, alice: User, team: Team) -> None:
    def fill(first: int, last: int) -> None:
        people = [User(username=f"p{n}", email=f"p{n}@example.com") for n in range(first, last)]
        asked = JoinRequest.objects.bulk_create(
            JoinRequest(team=team, person=person) for person in User.objects.bulk_create(people)
        )
        JoinMessage.objects.bulk_create(JoinMessage(request=one, author=one.person, text="Hello") for one in asked)
        Invitation.objects.bulk_create(
            Invitation(team=team, email=f"i{n}@example.com", role="viewer", digest=f"{n}", invited_by=alice,
                       expires_at=timezone.now() + timedelta(days=1))
            for n in range(first, last)
        )  # fmt: skip

    def counted() -> dict[str, int]:
        found = {}
        for page in ("requests/", "requests/?all=1", "invitations/", "members/"):
            with CaptureQueriesContext(connection) as queries:
                assert as_alice.get(f"/t/payments/{page}").status_code == 200
            found[page] = len(queries)
        with CaptureQueriesContext(connection) as queries:
            as_alice.get("/")
        return found | {"home": len(queries)}

    fill(0, 10)
    before = counted()
    fill(10, 500)
    assert counted() == before


def test_directory_asks_as_often_however_many_teams_are_found(as_erin: Client, open_team: Team) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            as_erin.get("/teams/find/")
        return len(queries)

    before = counted()
    Team.objects.bulk_create(Team(slug=f"t{n}", name=f"T {n}", discoverable=True) for n in range(20))
    assert counted() == before


def test_members_page_leads_to_who_asks(as_alice: Client, as_bob: Client, erin: User, team: Team) -> None:
    make_request(team, erin)
    html = as_alice.get("/t/payments/members/").content.decode()
    assert re.search(r'href="/t/payments/requests/"[^>]*>Requests <span class="b-count">1</span>', html)
    assert "/t/payments/requests/" not in as_bob.get("/t/payments/members/").content.decode()
