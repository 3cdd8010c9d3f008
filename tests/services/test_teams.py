"""Teams and their members."""

from __future__ import annotations

import pytest

from tenants import access
from tenants.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from tenants.models import AuditEntry, Membership, Namespace, Operation, Team, User
from tenants.services import invitations, members, namespaces, teams
from tests.factories import make_member, make_namespace


def member(team: Team, user: User) -> Membership:
    return Membership.objects.get(team=team, user=user)


def test_who_creates_a_team_owns_it(bob: User) -> None:
    team = teams.create_team(actor=bob, name=" Night Shift ", slug="night")
    assert (team.name, team.slug, member(team, bob).role) == ("Night Shift", "night", "owner")


def test_taken_slug_is_a_conflict_at_the_slug(bob: User, team: Team) -> None:
    with pytest.raises(Conflict, match="taken") as caught:
        teams.create_team(actor=bob, name="Payments", slug="payments")
    assert "slug" in caught.value.fields


def test_one_team_more_than_a_person_may_own_is_refused(bob: User, team: Team, settings: object) -> None:
    settings.MAX_TEAMS_PER_PERSON = 1
    teams.create_team(actor=bob, name="Night", slug="night")
    with pytest.raises(Invalid, match="own 1 team,") as caught:
        teams.create_team(actor=bob, name="Day", slug="day")
    assert (caught.value.code, set(caught.value.fields)) == ("too_many", {"name"})
    assert not Team.objects.filter(slug="day").exists()


def test_slug_rests_until_the_old_team_is_gone(alice: User, bob: User, team: Team, namespace: Namespace) -> None:
    teams.delete_team(actor=alice, team=team, confirm="payments")
    with pytest.raises(Conflict, match="cleaned up"):
        teams.create_team(actor=bob, name="Payments", slug="payments")


@pytest.mark.parametrize("slug", ["kube", "kube-a", "default", "openshift", "openshift-x", "berth", "A", "a", "x" * 25])
def test_slug_that_cannot_be_is_refused_at_the_slug(bob: User, slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        teams.create_team(actor=bob, name="T", slug=slug)
    assert set(caught.value.fields) == {"slug"}


def test_token_without_the_scope_creates_no_team(bob: User) -> None:
    bob.token_scopes = ["apps"]
    with pytest.raises(Forbidden, match="teams"):
        teams.create_team(actor=bob, name="T", slug="tt")


def test_edit_team_changes_what_is_given_alone(andy: User, team: Team) -> None:
    edited = teams.edit_team(actor=andy, team=team, viewers_read_logs=True)
    assert (edited.name, edited.viewers_read_logs) == ("Payments", True)
    assert AuditEntry.objects.get().changes == [{"field": "viewers_read_logs", "old": False, "new": True}]


def test_edit_that_changes_nothing_leaves_no_line(andy: User, team: Team) -> None:
    teams.edit_team(actor=andy, team=team, name="Payments", viewers_read_logs=False)
    assert not AuditEntry.objects.exists()


def test_developer_cannot_edit_the_team(bob: User, team: Team) -> None:
    with pytest.raises(Forbidden):
        teams.edit_team(actor=bob, team=team, name="Mine")


def test_team_without_namespaces_goes_at_once(alice: User, team: Team) -> None:
    teams.delete_team(actor=alice, team=team, confirm="payments")
    assert not Team.objects.exists()
    assert AuditEntry.objects.get(action="team.delete").team_slug == "payments"


def test_team_with_namespaces_waits_for_their_deletion(alice: User, team: Team, namespace: Namespace) -> None:
    teams.delete_team(actor=alice, team=team, confirm="payments")
    team.refresh_from_db()
    namespace.refresh_from_db()
    assert team.deleting
    assert namespace.deleting
    assert Operation.objects.get().kind == "namespace.delete"


def test_team_takes_up_a_deletion_that_runs(alice: User, team: Team, namespace: Namespace) -> None:
    namespaces.delete_namespace(actor=alice, namespace=namespace, confirm="payments-dev")
    teams.delete_team(actor=alice, team=team, confirm="payments")
    assert Operation.objects.count() == 1


def test_namespace_that_is_created_meanwhile_is_not_deleted_unseen(
    alice: User, team: Team, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = teams.lock_team

    def after_another_was_created(row: Team) -> Team:
        make_namespace(team, "late")
        return lock(row)

    monkeypatch.setattr(teams, "lock_team", after_another_was_created)
    with pytest.raises(Conflict, match="payments-late was created"):
        teams.delete_team(actor=alice, team=team, confirm="payments")
    assert not Namespace.objects.exclude(deleting_since=None).exists()
    assert not Operation.objects.exists()


def test_team_that_is_deleted_takes_nothing_new(alice: User, erin: User, team: Team, namespace: Namespace) -> None:
    teams.delete_team(actor=alice, team=team, confirm="payments")
    for verb in (
        lambda: namespaces.create_namespace(actor=alice, team=team, name="x", plan=namespace.plan),
        lambda: invitations.invite(actor=alice, team=team, people=["erin"], role="viewer"),
        lambda: teams.edit_team(actor=alice, team=team, name="X"),
        lambda: teams.delete_team(actor=alice, team=team, confirm="payments"),
    ):
        with pytest.raises(Gone):
            verb()


def test_admin_cannot_delete_the_team(andy: User, team: Team) -> None:
    with pytest.raises(Forbidden):
        teams.delete_team(actor=andy, team=team, confirm="payments")


def test_delete_team_asks_for_the_slug(alice: User, team: Team) -> None:
    with pytest.raises(Invalid) as caught:
        teams.delete_team(actor=alice, team=team, confirm="Payments")
    assert "confirm" in caught.value.fields


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_admin_grants_no_rank_like_their_own(andy: User, bob: User, team: Team, role: str) -> None:
    with pytest.raises(Forbidden):
        members.change_role(actor=andy, membership=member(team, bob), role=role)
    assert AuditEntry.objects.get().outcome == "denied"


def test_admin_moves_developers_and_viewers(andy: User, bob: User, team: Team) -> None:
    assert members.change_role(actor=andy, membership=member(team, bob), role="viewer").role == "viewer"


@pytest.mark.parametrize("whom", ["alice", "andy"])
def test_admin_does_not_touch_owners_and_admins(andy: User, team: Team, whom: str) -> None:
    with pytest.raises(Forbidden):
        members.change_role(actor=andy, membership=team.memberships.get(user__username=whom), role="viewer")


def test_last_owner_keeps_the_role(alice: User, team: Team) -> None:
    with pytest.raises(Conflict) as caught:
        members.change_role(actor=alice, membership=member(team, alice), role="admin")
    assert caught.value.code == "last_owner"


def test_last_owner_cannot_leave(alice: User, team: Team) -> None:
    with pytest.raises(Conflict):
        members.remove_member(actor=alice, membership=member(team, alice))


def test_inactive_owner_does_not_count(alice: User, erin: User, team: Team) -> None:
    make_member(team, erin, "owner")
    User.objects.filter(pk=erin.pk).update(is_active=False)
    with pytest.raises(Conflict):
        members.remove_member(actor=alice, membership=member(team, alice))


def test_one_of_two_owners_may_leave(alice: User, erin: User, team: Team) -> None:
    make_member(team, erin, "owner")
    members.remove_member(actor=alice, membership=member(team, alice))
    assert not team.memberships.filter(user=alice).exists()


def test_everybody_may_leave(carol: User, team: Team) -> None:
    members.remove_member(actor=carol, membership=member(team, carol))
    assert AuditEntry.objects.get().action == "member.leave"


def test_developer_removes_nobody(bob: User, carol: User, team: Team) -> None:
    with pytest.raises(Forbidden):
        members.remove_member(actor=bob, membership=member(team, carol))


def test_right_that_was_lost_meanwhile_does_not_count(alice: User, andy: User, bob: User, team: Team) -> None:
    stale = User.objects.get(pk=andy.pk)
    assert access.can(stale, "members.manage", team)
    members.change_role(actor=alice, membership=member(team, andy), role="viewer")
    with pytest.raises(Forbidden):
        members.change_role(actor=stale, membership=member(team, bob), role="viewer")


def test_stranger_is_told_nothing_of_members(erin: User, bob: User, team: Team) -> None:
    with pytest.raises(NotFound):
        members.remove_member(actor=erin, membership=member(team, bob))


def test_removed_member_is_gone_for_a_second_removal(alice: User, bob: User, team: Team) -> None:
    membership = member(team, bob)
    members.remove_member(actor=alice, membership=Membership.objects.get(pk=membership.pk))
    with pytest.raises(NotFound):
        members.remove_member(actor=alice, membership=membership)
