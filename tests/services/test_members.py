"""Several members at once, members by group, and what somebody is told. Single roles: test_teams.py."""

from __future__ import annotations

import pytest

from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.models import AuditEntry, Notice, Team, User
from tenants.selectors import members as shown
from tenants.services import members
from tests.factories import make_invitation

pytestmark = pytest.mark.django_db


def codes(answers: list[members.Answer]) -> dict[str, str]:
    return {answer.username: answer.code for answer in answers}


def test_several_get_a_role_and_each_has_an_answer(alice: User, team: Team) -> None:
    names = ["bob", "carol", "nobody", "alice"]
    answers = members.change_many(actor=alice, team=team, usernames=names, role="viewer")
    assert codes(answers) == {"bob": "done", "carol": "done", "nobody": "not_found", "alice": "last_owner"}
    roles = dict(team.memberships.values_list("user__username", "role"))
    assert roles == {"alice": "owner", "andy": "admin", "bob": "viewer", "carol": "viewer"}


def test_several_go_as_far_as_it_is_allowed(andy: User, team: Team) -> None:
    answers = members.change_many(actor=andy, team=team, usernames=["alice", "bob", "carol"], role=None)
    assert codes(answers) == {"alice": "forbidden", "bob": "done", "carol": "done"}
    assert set(team.memberships.values_list("user__username", flat=True)) == {"alice", "andy"}


@pytest.mark.parametrize(("who", "error"), [("bob", Forbidden), ("sam", Forbidden), ("erin", NotFound)])
def test_who_manages_nobody_changes_none(
    request: pytest.FixtureRequest, team: Team, who: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        members.change_many(actor=request.getfixturevalue(who), team=team, usernames=["carol"], role=None)
    assert team.memberships.count() == 4


@pytest.mark.parametrize(("names", "role", "field"), [([], "viewer", "members"), (["bob"], "king", "role")])
def test_what_is_wrong_is_said_at_the_field(alice: User, team: Team, names: list[str], role: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        members.change_many(actor=alice, team=team, usernames=names, role=role)
    assert set(caught.value.fields) == {field}


def test_a_role_by_group_is_not_changed_by_hand(alice: User, bob: User, team: Team) -> None:
    team.memberships.filter(user=bob).update(by_group=True)
    bobs = team.memberships.get(user=bob)
    for verb in (
        lambda: members.change_role(actor=alice, membership=bobs, role="viewer"),
        lambda: members.remove_member(actor=alice, membership=bobs),
    ):
        with pytest.raises(Conflict, match="group of your organization") as caught:
            verb()
        assert caught.value.code == "by_group"


def test_whoever_is_here_by_group_may_leave(bob: User, team: Team) -> None:
    team.memberships.filter(user=bob).update(by_group=True)
    members.remove_member(actor=bob, membership=team.memberships.get(user=bob))
    assert not team.memberships.filter(user=bob).exists()


def test_whose_role_somebody_changed_is_told(alice: User, bob: User, carol: User, team: Team) -> None:
    members.change_role(actor=alice, membership=team.memberships.get(user=bob), role="viewer")
    members.remove_member(actor=alice, membership=team.memberships.get(user=carol))
    told = dict(Notice.objects.values_list("person__username", "title"))
    assert told == {"bob": "You are viewer in Payments now", "carol": "You are not in Payments any more"}


def test_whoever_leaves_is_told_nothing(carol: User, team: Team) -> None:
    members.remove_member(actor=carol, membership=team.memberships.get(user=carol))
    assert not Notice.objects.exists()


def test_what_ends_with_a_member(alice: User, andy: User, team: Team) -> None:
    invitation, _ = make_invitation(team, "zoe@example.com", invited_by=andy)
    AuditEntry.objects.create(actor=andy, actor_name="andy", door="api", action="app.release", team=team, target="x")
    ends = shown.ends(team.memberships.get(user=andy))
    assert (ends.last_owner, ends.invitations, ends.script is not None) == (False, [invitation], True)
    assert shown.ends(team.memberships.get(user=alice)).last_owner


def test_the_log_has_the_person_as_what_was_changed(alice: User, bob: User, team: Team) -> None:
    members.change_role(actor=alice, membership=team.memberships.get(user=bob), role="viewer")
    line = AuditEntry.objects.get(action="member.change")
    assert (line.target, line.target_noun, line.target_id) == ("user bob", "user", str(bob.pk))
    assert (line.team_id, line.team_slug, line.role) == (team.pk, "payments", "owner")
