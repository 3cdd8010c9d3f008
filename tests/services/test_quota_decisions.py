"""Decisions on quota requests: who may, on what they saw, how much, for how long, and when it takes two."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tenants.errors import Conflict, Forbidden, Invalid, NotFound, Suspended
from tenants.models import (
    AuditEntry,
    ClusterState,
    Grant,
    Namespace,
    Notice,
    Operation,
    QuotaRequest,
    StaffRole,
    Team,
    User,
)
from tenants.models.granting import State
from tenants.rules.granting import Move
from tenants.selectors import changes
from tenants.services import members, suspensions
from tests.factories import GIB, make_member, make_policy
from tests.services.conftest import Decide

pytestmark = pytest.mark.django_db


def day(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


# -- what it does


def test_approval_sends_the_new_limits_to_the_cluster(decide: Decide, namespace: Namespace) -> None:
    assert decide().state == State.APPROVED
    namespace.refresh_from_db()
    assert (namespace.limits["memory"], namespace.limits["cpu"]) == (12 * GIB, 6000)
    assert Operation.objects.get().kind == "namespace.apply"


def test_decision_is_audited_once(decide: Decide, request_row: QuotaRequest) -> None:
    decide()
    assert AuditEntry.objects.filter(target_noun="quota_request", action="quota.approve").count() == 1


def test_part_is_given(decide: Decide, namespace: Namespace) -> None:
    decided = decide(Move.APPROVE_PART, granted={"memory": 10 * GIB, "cpu": 6000})
    namespace.refresh_from_db()
    assert decided.state == State.PARTLY_APPROVED
    assert (namespace.limits["memory"], namespace.limits["cpu"]) == (10 * GIB, 6000)


@pytest.mark.parametrize(
    ("by", "sent", "field"),
    [
        (Move.APPROVE, {"granted": {"memory": 10 * GIB}}, "granted"),
        (Move.ASK_CHANGES, {"granted": {"memory": 10 * GIB}, "text": "Why?"}, "granted"),
        (Move.REJECT, {"until": day(3), "text": "No room"}, "until"),
    ],
)
def test_what_a_decision_does_not_take_is_refused_at_its_field(
    decide: Decide, namespace: Namespace, by: Move, sent: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        decide(by, **sent)
    namespace.refresh_from_db()
    assert set(caught.value.fields) == {field}
    assert namespace.limits["memory"] == 8 * GIB


def test_resource_that_is_left_out_of_a_part_stays_as_it_is(decide: Decide, namespace: Namespace) -> None:
    decide(Move.APPROVE_PART, granted={"memory": 10 * GIB})
    namespace.refresh_from_db()
    assert namespace.limits["cpu"] == 4000
    assert list(Grant.objects.values_list("resource", flat=True)) == ["memory"]


def test_part_that_is_all_that_was_asked_counts_as_whole(decide: Decide) -> None:
    assert decide(Move.APPROVE_PART, granted={"memory": 12 * GIB, "cpu": 6000}).state == State.APPROVED


@pytest.mark.parametrize("memory", [7 * GIB, 13 * GIB])
def test_part_lies_between_what_it_has_and_what_is_asked(decide: Decide, memory: int) -> None:
    with pytest.raises(Invalid) as refused:
        decide(Move.APPROVE_PART, granted={"memory": memory})
    assert "memory" in refused.value.fields


def test_part_that_gives_nothing_is_refused(decide: Decide) -> None:
    with pytest.raises(Invalid):
        decide(Move.APPROVE_PART, granted={"memory": 8 * GIB})


def test_part_of_a_resource_that_nobody_asked_for_is_refused(decide: Decide) -> None:
    with pytest.raises(Invalid) as refused:
        decide(Move.APPROVE_PART, granted={"memory": 10 * GIB, "pods": 30})
    assert "pods" in refused.value.fields


def test_raise_for_a_time_knows_what_it_goes_back_to(decide: Decide) -> None:
    assert decide(until=day(30)).granted_until == day(30)
    grant = Grant.objects.get(resource="memory")
    assert (grant.until, grant.back_to) == (day(30), 8 * GIB)


def test_what_is_asked_for_a_time_is_not_given_for_longer(decide: Decide, request_row: QuotaRequest) -> None:
    QuotaRequest.objects.update(until=day(10))
    with pytest.raises(Invalid) as refused:
        decide(until=day(11))
    assert "until" in refused.value.fields
    assert decide().granted_until == day(10)


def test_day_that_is_over_is_refused(decide: Decide) -> None:
    with pytest.raises(Invalid):
        decide(until=day(-1))


def test_changes_are_asked_for_with_a_reason(decide: Decide) -> None:
    with pytest.raises(Invalid) as refused:
        decide(Move.ASK_CHANGES)
    assert "text" in refused.value.fields
    assert decide(Move.ASK_CHANGES, text="Which app grows?").state == State.CHANGES_ASKED


def test_rejection_changes_no_limit(decide: Decide, namespace: Namespace) -> None:
    assert decide(Move.REJECT, text="21 in use").state == State.REJECTED
    namespace.refresh_from_db()
    assert namespace.limits["memory"] == 8 * GIB
    assert not Operation.objects.exists()


def test_author_and_managers_hear_of_it_and_nobody_else(decide: Decide) -> None:
    decide(text="Fits")
    told = Notice.objects.filter(kind="quota.decided")
    assert {notice.person.username for notice in told} == {"alice", "andy"}
    assert told[0].text == "memory 12 GiB, CPU 6 cores.\n\nFits"


def test_author_who_left_the_team_does_not_hear_of_it(decide: Decide, alice: User, namespace: Namespace) -> None:
    namespace.team.memberships.filter(user=alice).delete()
    decide()
    assert not Notice.objects.filter(person=alice).exists()


# -- who may


def test_stranger_learns_nothing(decide: Decide, erin: User) -> None:
    with pytest.raises(NotFound):
        decide(actor=erin)


def test_support_may_not_decide(decide: Decide, sam: User) -> None:
    with pytest.raises(Forbidden):
        decide(actor=sam)


def test_nobody_decides_on_their_own_request(decide: Decide, dave: User) -> None:
    QuotaRequest.objects.update(author=dave)
    with pytest.raises(Forbidden):
        decide()


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_nobody_decides_on_a_request_of_their_team(decide: Decide, dave: User, namespace: Namespace, role: str) -> None:
    make_member(namespace.team, dave, role)
    with pytest.raises(Forbidden):
        decide()


def test_whoever_changed_the_request_does_not_decide_on_it(
    decide: Decide, dave: User, request_row: QuotaRequest
) -> None:
    request_row.steps.create(actor=dave, by=Move.EDIT, old=State.SUBMITTED)
    with pytest.raises(Forbidden):
        decide()


def test_a_comment_does_not_bar_from_deciding(decide: Decide, dave: User, request_row: QuotaRequest) -> None:
    request_row.steps.create(actor=dave, by=Move.COMMENT, old=State.SUBMITTED, text="Why?")
    assert decide().state == State.APPROVED


def test_role_that_was_lost_meanwhile_does_not_count(decide: Decide, dave: User) -> None:
    User.objects.filter(pk=dave.pk).update(staff_role=StaffRole.SUPPORT)
    with pytest.raises(Forbidden):
        decide()


def test_nothing_is_decided_in_a_suspended_team(decide: Decide, sam: User, namespace: Namespace) -> None:
    suspensions.suspend_team(actor=sam, team=namespace.team, reason="Unpaid")
    with pytest.raises(Suspended):
        decide()


# -- what they saw


def test_request_that_was_changed_must_be_looked_at_again(decide: Decide) -> None:
    QuotaRequest.objects.update(revision=2)
    with pytest.raises(Conflict) as refused:
        decide()
    assert refused.value.code == "changed"


def test_second_approver_is_told_who_was_faster(decide: Decide, diana: User) -> None:
    decide(Move.REJECT, text="Full")
    with pytest.raises(Conflict) as refused:
        decide(actor=diana)
    assert (refused.value.code, "dave" in refused.value.message) == ("decided", True)


def test_draft_is_nobodys_to_decide(decide: Decide) -> None:
    QuotaRequest.objects.update(state=State.DRAFT)
    with pytest.raises((NotFound, Conflict)):
        decide()


# -- walls and warnings


def test_nobody_approves_over_the_ceiling(decide: Decide) -> None:
    make_policy(ceilings={"memory": 11 * GIB})
    with pytest.raises(Invalid) as refused:
        decide()
    assert refused.value.code == "ceiling"
    assert decide(Move.APPROVE_PART, granted={"memory": 11 * GIB}).state == State.PARTLY_APPROVED


def test_more_than_the_cluster_has_must_be_meant(decide: Decide) -> None:
    ClusterState.objects.create(alias="default", since=timezone.now(), info={"allocatable": {"memory": 10 * GIB}})
    with pytest.raises(Invalid) as refused:
        decide()
    assert "over_capacity" in refused.value.fields
    assert decide(over_capacity=True).state == State.APPROVED


def test_over_commit_of_the_policy_makes_room(decide: Decide) -> None:
    ClusterState.objects.create(alias="default", since=timezone.now(), info={"allocatable": {"memory": 10 * GIB}})
    make_policy(over_commit={"memory": 1.5})
    assert decide().state == State.APPROVED


def test_who_left_the_team_lately_does_not_decide_for_it(decide: Decide, team: Team, dave: User) -> None:
    members.remove_member(actor=dave, membership=make_member(team, dave, "viewer"))
    with pytest.raises(Forbidden, match="You were in Payments less than 30 days ago"):
        decide()


def test_audit_log_says_it_in_words(decide: Decide, request_row: QuotaRequest, dave: User) -> None:
    QuotaRequest.objects.update(author=dave)
    request_row.refresh_from_db()
    with pytest.raises(Forbidden):
        decide()
    refused = AuditEntry.objects.get(action="quota.decide", outcome="denied")
    assert changes.deed(refused).startswith("May not decide on requests for quota:")
    QuotaRequest.objects.update(author=None)
    request_row.refresh_from_db()
    decide(Move.REJECT, text="Full")
    (entry,) = AuditEntry.objects.filter(action="quota.reject")
    assert changes.deed(entry) == f"Rejected request {request_row.number} for payments-dev"
