"""Invitations and join requests by calls: what a script sees of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tenants.models import Invitation, JoinRequest, Membership, Team, User
from tests.api.conftest import Script
from tests.factories import confirm_address, make_invitation, make_request, make_user

Scripts = Callable[..., Script]


def test_people_are_invited_each_with_an_answer(api: Script, team: Team) -> None:
    answer = api.post("teams/payments/invitations", {"people": ["zoe@example.com", "bob"], "role": "viewer"})
    assert answer.status_code == 201
    body = answer.json()
    assert body["invited"] == 1
    assert [(one["invitee"], one["code"]) for one in body["results"]] == [
        ("zoe@example.com", "invited"),
        ("bob", "member"),
    ]
    listed = api.get("teams/payments/invitations").json()["results"]
    assert [(one["invitee"], one["role"], one["invited_by"], one["state"]) for one in listed] == [
        ("zoe@example.com", "viewer", "alice", "Mail leaves now")
    ]


def test_where_nobody_could_be_invited_the_call_fails(api: Script, team: Team) -> None:
    answer = api.post("teams/payments/invitations", {"people": ["bob", "zoe@"], "role": "viewer"})
    assert answer.status_code == 422
    assert set(answer.json()["error"]["fields"]) == {"bob", "zoe@"}


def test_a_name_has_the_same_answer_whether_or_not_it_is_anybodys(api: Script, team: Team, erin: User) -> None:
    confirm_address(erin)
    known, unknown = (
        api.post("teams/payments/invitations", {"people": [name], "role": "viewer"}).json()["results"][0]
        for name in ("erin", "nobody")
    )
    for one in (known, unknown):
        for field in ("id", "created_at", "expires_at", "invitee"):
            one["invitation"].pop(field)
        one.pop("invitee")
    assert known == unknown


def test_no_answer_holds_a_token(api: Script, team: Team) -> None:
    invitation, token = make_invitation(team, "zoe@example.com")
    for address in ("teams/payments/invitations", f"teams/payments/invitations/{invitation.pk}"):
        text = api.get(address).content.decode()
        assert token not in text
        assert invitation.digest not in text


def test_sent_again_and_taken_back(api: Script, team: Team) -> None:
    invitation, _ = make_invitation(team, "zoe@example.com")
    here = f"teams/payments/invitations/{invitation.pk}"
    before = invitation.digest
    assert api.post(f"{here}/resend").status_code == 200
    invitation.refresh_from_db()
    assert invitation.digest != before
    assert api.delete(here).status_code == 204
    assert api.get("teams/payments/invitations").json()["count"] == 0
    assert api.delete(here).json()["error"]["code"] == "over"


def test_too_many_invitations_and_requests_say_when_to_come_back(
    api: Script, script: Scripts, erin: User, team: Team, settings: Settings
) -> None:
    settings.INVITATIONS_PER_HOUR = settings.JOIN_REQUESTS_PER_HOUR = 1
    Team.objects.update(discoverable=True)
    invite = {"people": ["zoe@example.com"], "role": "viewer"}
    sent = api.post("teams/payments/invitations", invite).json()["results"][0]["invitation"]["id"]
    asked = script(erin)
    first = asked.post("teams/payments/join-requests", {"message": "Please"}).json()["id"]
    asked.delete(f"me/join-requests/{first}")
    for answer, fields in (
        (api.post("teams/payments/invitations", invite | {"people": ["kim@example.com"]}), {"people"}),
        (api.post(f"teams/payments/invitations/{sent}/resend"), set()),
        (asked.post("teams/payments/join-requests", {"message": "Please"}), {"message"}),
    ):
        error = answer.json()["error"]
        assert (answer.status_code, error["code"], set(error["fields"])) == (429, "too_many", fields)
        assert 3500 < int(answer.headers["Retry-After"]) <= 3600


def test_accepted_by_token_or_by_id(script: Scripts, erin: User, team: Team) -> None:
    address = confirm_address(erin)
    _, token = make_invitation(team, address, role="viewer")
    assert script(erin).post("invitations/accept", {"token": token}).json() == {"team": "payments", "role": "viewer"}
    Membership.objects.filter(user=erin).delete()
    waiting, _ = make_invitation(team, address)
    (shown,) = script(erin).get("me/invitations").json()
    assert (shown["id"], shown["team"], shown["invited_by"]) == (str(waiting.pk), "payments", "alice")
    assert script(erin).post("invitations/accept", {"id": shown["id"]}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"token": "x", "id": "6f1ed002-ab5f-4c16-9b3a-3d2d2f0c5e62"}])
def test_acceptance_names_one_invitation(script: Scripts, erin: User, body: dict[str, str]) -> None:
    assert script(erin).post("invitations/accept", body).status_code == 400


def test_dead_tokens_have_one_answer(script: Scripts, erin: User, team: Team) -> None:
    _, foreign = make_invitation(team, "zoe@example.com")
    answers = {script(erin).post("invitations/accept", {"token": text}).content for text in (foreign, "A" * 43)}
    assert len(answers) == 1


def test_directory_names_teams_that_chose_it_and_no_more(script: Scripts, erin: User, team: Team) -> None:
    assert script(erin).get("directory").json()["results"] == []
    Team.objects.filter(pk=team.pk).update(discoverable=True, description="Takes cards")
    assert script(erin).get("directory?q=card").json()["results"] == [
        {"slug": "payments", "name": "Payments", "description": "Takes cards", "role": "", "request": None}
    ]


def test_asking_answering_and_letting_in(script: Scripts, api: Script, erin: User, team: Team) -> None:
    Team.objects.filter(pk=team.pk).update(discoverable=True)
    hers = script(erin)
    made = hers.post("teams/payments/join-requests", {"message": "Let me in"})
    assert made.status_code == 201
    here = made.headers["Location"]
    pk = made.json()["id"]
    again = hers.post("teams/payments/join-requests", {"message": "Again"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "asked")
    assert list(again.json()["error"]["fields"]) == ["message"]
    theirs = f"teams/payments/join-requests/{pk}"
    assert api.post(f"{theirs}/messages", {"text": "Who are you?"}).status_code == 201
    assert hers.post(f"{here}/messages", {"text": "Erin"}).status_code == 201
    assert [message["text"] for message in hers.get(here).json()["messages"]] == ["Let me in", "Who are you?", "Erin"]
    assert api.get("teams/payments/join-requests").json()["results"][0]["replies"] == 2
    assert api.post(f"{theirs}/accept", {"role": "viewer"}).json() == {"team": "payments", "role": "viewer"}
    assert hers.get("teams/payments").json()["role"] == "viewer"
    assert hers.get(here).json()["decided_by"] == "alice"
    assert api.post(f"{theirs}/decline").json()["error"]["code"] == "decided"


def test_request_is_withdrawn(script: Scripts, erin: User, team: Team) -> None:
    request = make_request(team, erin)
    assert script(erin).delete(f"me/join-requests/{request.pk}").json()["state"] == "withdrawn"


def test_team_that_cannot_be_found_is_asked_nothing(script: Scripts, erin: User, team: Team) -> None:
    assert script(erin).post("teams/payments/join-requests", {"message": "Let me in"}).status_code == 404


def test_support_sees_requests_that_nobody_can_answer(
    script: Scripts, bob: User, erin: User, sam: User, alice: User, other_team: Team
) -> None:
    make_request(other_team, bob)
    assert script(sam).get("join-requests").json()["count"] == 0
    User.objects.filter(pk=erin.pk).update(is_active=False)
    assert script(sam).get("join-requests").json()["count"] == 1
    assert script(alice).get("join-requests").json()["count"] == 0


def test_adding_a_member_by_name_is_no_call_any_more(api: Script, team: Team, erin: User) -> None:
    assert api.post("teams/payments/members", {"username": "erin", "role": "viewer"}).status_code == 405


def test_lists_ask_as_often_with_many_rows(api: Script, alice: User, team: Team) -> None:
    def counted() -> list[int]:
        found = []
        for address in ("invitations", "join-requests"):
            with CaptureQueriesContext(connection) as queries:
                assert api.get(f"teams/payments/{address}").status_code == 200
            found.append(len(queries))
        return found

    make_invitation(team, "first@example.com")
    make_request(team, make_user("first"))
    counted()  # the token's first use is noted once
    before = counted()
    for number in range(12):
        make_invitation(team, f"i{number}@example.com", by=alice)
        make_request(team, make_user(f"p{number}"))
    assert (Invitation.objects.count(), JoinRequest.objects.count()) == (13, 13)
    assert counted() == before
