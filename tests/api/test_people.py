"""Members in detail, offers of a team, and the staff's calls, as a script sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from tenants.models import Team, Transfer, User
from tests.api.conftest import Script

Scripts = Callable[..., Script]


def test_a_member_in_detail(api: Script, team: Team, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(seen_at=timezone.now(), first_name="Bob Dillon")
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={})
    shown = api.get("teams/payments/members/bob").json()
    since = shown.pop("since")
    assert since.endswith("Z")
    assert shown == {
        "username": "bob",
        "name": "Bob Dillon",
        "role": "developer",
        "by_group": False,
        "last_active": timezone.localdate().isoformat(),
        "second_factor": True,
        "suspended": False,
    }


def test_a_developer_is_not_told_who_has_a_second_factor(script: Scripts, team: Team, bob: User) -> None:
    rows = {row["username"]: row for row in script(bob).get("teams/payments/members").json()["results"]}
    assert (rows["alice"]["second_factor"], rows["bob"]["second_factor"]) == (None, False)


def test_members_are_searched(api: Script, team: Team) -> None:
    found = api.get("teams/payments/members?q=CAR").json()["results"]
    assert [row["username"] for row in found] == ["carol"]
    assert api.get("teams/payments/members?role=admin").json()["count"] == 1
    assert api.get("teams/payments/members?role=king").status_code == 422


def test_several_members_have_an_answer_each(api: Script, team: Team) -> None:
    body = {"members": ["bob", "nobody", "alice"], "role": "viewer"}
    answer = api.patch("teams/payments/members", body).json()
    codes = {row["username"]: row["code"] for row in answer["results"]}
    assert (answer["done"], codes) == (1, {"bob": "done", "nobody": "not_found", "alice": "last_owner"})
    assert api.patch("teams/payments/members", {"members": ["bob", "carol"], "remove": True}).json()["done"] == 2


@pytest.mark.parametrize(
    "body", [{"members": ["bob"]}, {"members": ["bob"], "role": "viewer", "remove": True}, {"role": "viewer"}]
)
def test_what_to_do_with_them_must_be_clear(api: Script, team: Team, body: dict[str, object]) -> None:
    assert api.patch("teams/payments/members", body).status_code in {400, 422}
    assert team.memberships.count() == 4


def test_a_team_changes_hands(api: Script, script: Scripts, team: Team, bob: User) -> None:
    made = api.post("teams/payments/transfers", {"to": "bob", "keeps": "viewer"})
    assert made.status_code == 201
    address = made.headers["Location"].removeprefix("/api/v1/")
    taker = script(bob)
    assert [row["id"] for row in taker.get("transfers").json()["results"]] == [made.json()["id"]]
    assert taker.post(f"{address}/accept").json()["state"] == "accepted"
    roles = dict(team.memberships.values_list("user__username", "role"))
    assert (roles["alice"], roles["bob"]) == ("viewer", "owner")
    assert taker.post(f"{address}/accept").json()["error"]["code"] == "decided"


def test_an_offer_is_taken_back(api: Script, team: Team) -> None:
    address = api.post("teams/payments/transfers", {"to": "bob"}).headers["Location"].removeprefix("/api/v1/")
    assert api.post(f"{address}/withdraw").json()["state"] == "withdrawn"
    assert Transfer.objects.get().keeps == "admin"


def test_staff_list_people_and_teams(script: Scripts, sam: User, team: Team, other_team: Team) -> None:
    staff = script(sam)
    found = staff.get("staff/people?role=owner").json()["results"]
    assert [(row["username"], row["teams"]) for row in found] == [("alice", 1), ("erin", 1)]
    assert [row["slug"] for row in staff.get("staff/teams?q=pay").json()["results"]] == ["payments"]
    assert staff.get("staff/people?role=king").status_code == 422
    one = staff.get("staff/people/alice").json()
    assert (one["sole_owner_of"], one["tokens"], one["suspended_at"]) == (["payments"], 0, None)


def test_support_suspends_a_person_and_lets_them_in(script: Scripts, sam: User, team: Team, bob: User) -> None:
    bobs, staff = script(bob), script(sam)
    told = staff.call("PUT", "staff/people/bob/suspension", {"reason": "Left"}).json()
    assert (told["suspended"], told["suspended_reason"]) == (True, "Left")
    assert bobs.get("me").status_code == 401
    assert staff.call("PUT", "staff/people/bob/suspension", {"reason": "Left"}).status_code == 409
    assert staff.delete("staff/people/bob/suspension").json()["suspended"] is False
    assert bobs.get("me").status_code == 200


def test_a_suspended_team_says_so_by_code(api: Script, script: Scripts, sam: User, team: Team) -> None:
    script(sam).call("PUT", "staff/teams/payments/suspension", {"reason": "Unpaid"})
    assert api.get("teams/payments").json()["suspended_reason"] == "Unpaid"
    answer = api.patch("teams/payments", {"name": "Other"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "suspended")
    assert "Unpaid" in answer.json()["error"]["message"]
    script(sam).delete("staff/teams/payments/suspension")
    assert api.patch("teams/payments", {"name": "Other"}).status_code == 200


def test_a_reason_is_needed(script: Scripts, sam: User, team: Team, bob: User) -> None:
    answer = script(sam).call("PUT", "staff/people/bob/suspension", {"reason": " "})
    assert (answer.status_code, set(answer.json()["error"]["fields"])) == (422, {"reason"})


def test_the_scope_of_the_site_is_asked_for(script: Scripts, sam: User, bob: User) -> None:
    answer = script(sam, ["read", "teams"]).call("PUT", "staff/people/bob/suspension", {"reason": "Left"})
    assert (answer.status_code, "“site”" in answer.json()["error"]["message"]) == (403, True)
