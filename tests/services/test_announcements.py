"""What pages and sockets hear of a change, once it is committed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from tenants.live.events import rights_group, team_group
from tenants.models import App, Membership, Namespace, Team, User
from tenants.services import apps, members, staff_roles, teams
from tests.factories import make_spec

pytestmark = pytest.mark.django_db(transaction=True)


def test_change_of_an_app_is_told_to_its_team(bob: User, app_row: App, heard: Any) -> None:
    messages = heard(team_group(app_row.team.pk))
    _, operation = apps.release_app(actor=bob, app=app_row, spec=make_spec(replicas=2), expected=1)
    told = {(message["noun"], message["id"]) for message in messages()}
    assert {("app", str(app_row.pk)), ("operation", str(operation.pk))} <= told


def test_other_teams_hear_nothing(bob: User, app_row: App, other_team: Team, heard: Any) -> None:
    messages = heard(team_group(other_team.pk))
    apps.delete_app(actor=bob, app=app_row, confirm="checkout")
    assert messages() == []


def test_nothing_is_told_of_what_was_rolled_back(bob: User, app_row: App, heard: Any) -> None:
    messages = heard(team_group(app_row.team.pk))
    with transaction.atomic():
        apps.delete_app(actor=bob, app=app_row, confirm="checkout")
        transaction.set_rollback(True)
    assert messages() == []


@pytest.mark.parametrize("verb", ["change", "remove"])
def test_sockets_of_a_member_check_their_rights_again(
    alice: User, bob: User, team: Team, heard: Any, verb: str
) -> None:
    messages, others = heard(rights_group(bob.pk)), heard(rights_group(alice.pk))
    membership = Membership.objects.get(team=team, user=bob)
    if verb == "change":
        members.change_role(actor=alice, membership=membership, role="viewer")
    else:
        members.remove_member(actor=alice, membership=membership)
    assert messages() == [{"type": "rights", "user": bob.pk, "team": team.pk}]
    assert others() == []


def test_switch_of_the_team_has_all_sockets_check_their_rights(alice: User, team: Team, heard: Any) -> None:
    told = [heard(rights_group(user)) for user in team.memberships.values_list("user", flat=True)]
    teams.edit_team(actor=alice, team=team, viewers_read_logs=True)
    assert [len(messages()) for messages in told] == [1, 1, 1, 1]


def test_deletion_of_a_team_is_told_to_its_members(alice: User, team: Team, heard: Any) -> None:
    told = [heard(rights_group(user)) for user in team.memberships.values_list("user", flat=True)]
    teams.delete_team(actor=alice, team=team, confirm="payments")
    assert [len(messages()) for messages in told] == [1, 1, 1, 1]


def test_deletion_of_a_team_with_namespaces_leaves_its_pages(alice: User, namespace: Namespace, heard: Any) -> None:
    messages = heard(rights_group(alice.pk))
    teams.delete_team(actor=alice, team=namespace.team, confirm="payments")
    assert messages() == []


def test_sockets_of_who_becomes_staff_or_is_it_no_more_ask_again(bob: User, heard: Any) -> None:
    messages = heard(rights_group(bob.pk))
    staff_roles.set_staff_role(person=bob, role="support")
    assert [message["user"] for message in messages()] == [bob.pk]
