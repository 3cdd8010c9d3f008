"""Members by calls: the ranks are the services' matter; here is what a script sees of it."""

from __future__ import annotations

from collections.abc import Callable

from tenants.models import Membership, Team, User
from tests.api.conftest import Script
from tests.factories import make_member, make_user


def test_members_are_listed_with_their_roles(api: Script, team: Team) -> None:
    shown = {row["username"]: row["role"] for row in api.get("teams/payments/members").json()["results"]}
    assert shown == {"alice": "owner", "andy": "admin", "bob": "developer", "carol": "viewer"}


def test_role_is_changed(api: Script, team: Team, bob: User) -> None:
    assert api.patch("teams/payments/members/bob", {"role": "admin"}).json()["role"] == "admin"
    assert Membership.objects.get(user=bob).role == "admin"


def test_admin_makes_no_owner(script: Callable[..., Script], andy: User, team: Team) -> None:
    assert script(andy).patch("teams/payments/members/bob", {"role": "owner"}).status_code == 403


def test_last_owner_stays(api: Script, team: Team) -> None:
    answer = api.delete("teams/payments/members/alice")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "last_owner")


def test_member_is_removed(api: Script, team: Team, bob: User) -> None:
    assert api.delete("teams/payments/members/bob").status_code == 204
    assert not Membership.objects.filter(user=bob).exists()
    assert api.get("teams/payments/members/bob").status_code == 404


def test_names_with_dots_and_signs_have_an_address(api: Script, team: Team) -> None:
    make_member(team, make_user("e.r+in@x"), "viewer")
    assert api.get("teams/payments/members/e.r+in@x").json()["username"] == "e.r+in@x"


def test_team_switches_are_changed(api: Script, team: Team) -> None:
    shown = api.patch("teams/payments", {"viewers_read_logs": True}).json()
    assert (shown["viewers_read_logs"], shown["name"]) == (True, "Payments")


def test_slug_never_changes(api: Script, team: Team) -> None:
    assert api.patch("teams/payments", {"slug": "paying"}).status_code == 400
