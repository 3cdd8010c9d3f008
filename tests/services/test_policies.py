"""Versions of the policy, and what staff set for one team."""

from __future__ import annotations

from typing import Any

import pytest

from tenants import weighing
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.models import AuditEntry, Namespace, Notice, Policy, Team, User
from tenants.services import members, policies
from tests.factories import GIB, make_member, make_policy

RULE = {"name": "Small", "at_most": {"cpu": 8000}}


def test_a_version_is_a_draft_until_it_goes_live(dave: User) -> None:
    draft = policies.save(actor=dave, body={"rules": [RULE]}, note="Small raises")
    assert weighing.current()[0] is None
    policies.go_live(actor=dave, policy=draft)
    row, rules = weighing.current()
    assert (row, rules.rules[0].name, row.live_by) == (draft, "Small", dave)


def test_what_a_version_changes_stands_in_the_audit_log_when_it_goes_live(dave: User) -> None:
    held = make_policy(rules=[RULE])
    draft = policies.save(actor=dave, body={"rules": [RULE], "ceilings": {"memory": 64 * GIB}}, based_on=held.pk)
    policies.go_live(actor=dave, policy=draft, holds=held.pk)
    for entry in (AuditEntry.objects.get(action="policy.save"), AuditEntry.objects.get(action="policy.live")):
        assert entry.changes == [{"field": "ceiling of a team: memory", "old": None, "new": "64 GiB"}]
    assert entry.detail == f"instead of version {held.pk}"


def test_support_and_owners_change_no_policy(sam: User, alice: User) -> None:
    draft = Policy.objects.create(body={})
    for verb in (lambda who: policies.save(actor=who, body={}), lambda who: policies.go_live(actor=who, policy=draft)):
        with pytest.raises(Forbidden):
            verb(sam)
        with pytest.raises(NotFound):
            verb(alice)


def test_faults_stand_at_their_fields_and_nothing_is_saved(dave: User) -> None:
    with pytest.raises(Invalid) as caught:
        policies.save(actor=dave, body={"rules": [{"name": ""}], "ceilings": {"gpu": 1}})
    assert set(caught.value.fields) == {"rules.0.name", "ceilings.gpu"}
    assert not Policy.objects.exists()


def test_who_saves_after_another_is_told_and_by_whom(dave: User, sam: User) -> None:
    held = make_policy(rules=[RULE])
    policies.save(actor=dave, body={"namespaces_max": 3}, based_on=held.pk, newest=held.pk)
    with pytest.raises(Conflict, match="dave saved version") as caught:
        policies.save(actor=dave, body={"namespaces_max": 4}, based_on=held.pk, newest=held.pk)
    assert caught.value.code == "overtaken"


def test_a_version_that_changes_nothing_is_refused(dave: User) -> None:
    held = make_policy(rules=[RULE])
    with pytest.raises(Conflict, match="as it is"):
        policies.save(actor=dave, body={"rules": [RULE], "namespaces_max": 20}, based_on=held.pk)


def test_an_earlier_version_comes_back_as_a_new_one(dave: User) -> None:
    first, second = make_policy(rules=[RULE]), make_policy()
    with pytest.raises(Conflict, match="was live before"):
        policies.go_live(actor=dave, policy=first, holds=second.pk)
    again = policies.save(actor=dave, body=first.body, based_on=second.pk)
    policies.go_live(actor=dave, policy=again, holds=second.pk)
    assert weighing.current()[0] == again


def test_a_version_goes_live_instead_of_the_one_that_was_seen(dave: User) -> None:
    held = make_policy()
    draft = policies.save(actor=dave, body={"rules": [RULE]})
    make_policy(namespaces_max=1)
    with pytest.raises(Conflict, match="meanwhile"):
        policies.go_live(actor=dave, policy=draft, holds=held.pk)


def set_for(dave: User, team: Team, **more: Any) -> Team:
    wishes: dict[str, Any] = {"labels": {}, "ceilings": {}, "namespaces_max": None} | more
    return policies.edit_team_quota(actor=dave, team=team, **wishes)


def test_staff_set_labels_ceilings_and_the_number_of_namespaces_of_a_team(dave: User, team: Team) -> None:
    set_for(dave, team, labels={"env": "prod"}, ceilings={"cpu": 12000}, namespaces_max=3)
    team.refresh_from_db()
    assert (team.labels, team.ceilings, team.namespaces_max) == ({"env": "prod"}, {"cpu": 12000}, 3)
    assert AuditEntry.objects.get(action="team.quota").changes == [
        {"field": "label env", "old": None, "new": "prod"},
        {"field": "ceiling: CPU", "old": None, "new": "12 cores"},
        {"field": "namespaces", "old": None, "new": 3},
    ]
    set_for(dave, team, labels={"env": "prod"}, ceilings={"cpu": 12000}, namespaces_max=3)
    assert AuditEntry.objects.filter(action="team.quota").count() == 1


def test_owners_and_admins_are_told_what_staff_set_for_their_team(dave: User, team: Team, bob: User) -> None:
    set_for(dave, team, labels={"env": "prod"}, ceilings={"cpu": 12000}, namespaces_max=3)
    set_for(dave, team, labels={"env": "prod"}, ceilings={}, namespaces_max=3)
    managers = set(team.memberships.managers().values_list("user__username", flat=True))
    told = Notice.objects.filter(kind="quota.bounds", person__username="alice").order_by("pk")
    assert set(Notice.objects.values_list("person__username", flat=True)) == managers
    assert [notice.text for notice in told] == [
        "Label env: prod\nCeiling of CPU: 12 cores\nNamespaces: 3",
        "Ceiling of CPU: as the policy has it",
    ]
    assert {notice.path for notice in told} == {"/t/payments/quota/"}


def test_a_ceiling_below_what_is_granted_takes_nothing_away(dave: User, team: Team, namespace: Namespace) -> None:
    set_for(dave, team, ceilings={"cpu": 1000})
    namespace.refresh_from_db()
    assert namespace.limits["cpu"] == 4000


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"labels": {"Env": "prod"}}, "labels"),
        ({"ceilings": {"nvidia.com/gpu": 1}}, "ceilings.nvidia.com/gpu"),
        ({"ceilings": {"cpu": -1}}, "ceilings.cpu"),
        ({"namespaces_max": -1}, "namespaces_max"),
    ],
)
def test_what_a_team_cannot_have_is_refused_at_its_field(
    dave: User, team: Team, wish: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        set_for(dave, team, **wish)
    assert set(caught.value.fields) == {field}


def test_a_ceiling_for_an_enabled_resource_is_taken(dave: User, team: Team) -> None:
    make_policy(extra=["nvidia.com/gpu"])
    assert set_for(dave, team, ceilings={"nvidia.com/gpu": 2}).ceilings == {"nvidia.com/gpu": 2}


def test_owners_and_support_set_nothing_of_it(alice: User, sam: User, team: Team) -> None:
    with pytest.raises(NotFound):
        set_for(alice, team)
    with pytest.raises(Forbidden):
        set_for(sam, team)


def test_nobody_sets_the_labels_and_ceilings_of_their_own_team(dave: User, team: Team) -> None:
    make_member(team, dave, "viewer")
    with pytest.raises(Forbidden, match="another approver"):
        policies.edit_team_quota(actor=dave, team=team, labels={}, ceilings={}, namespaces_max=None)


def test_who_left_the_team_lately_sets_nothing_for_it(dave: User, team: Team) -> None:
    members.remove_member(actor=dave, membership=make_member(team, dave, "viewer"))
    with pytest.raises(Forbidden):
        policies.edit_team_quota(actor=dave, team=team, labels={}, ceilings={}, namespaces_max=None)
