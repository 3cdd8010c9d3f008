"""A policy tried out on what was asked before: by the facts of then, in the order of then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.models import ClusterState, Namespace, QuotaRequest, Team, User
from tenants.models.granting import State
from tenants.rules import policy as rules
from tenants.rules.granting import Move
from tenants.selectors.tryout import TryOut, would_have
from tenants.services import quota_decisions
from tests.factories import GIB
from tests.quota.conftest import Ask, Live

HALF = rules.Policy(rules=(rules.Rule(name="Half", raise_at_most=0.5),))
pytestmark = pytest.mark.django_db


def back(request: QuotaRequest, days: float) -> None:
    """The request was sent, and decided, so many days ago."""
    then = timezone.now() - timedelta(days=days)
    QuotaRequest.objects.filter(pk=request.pk).update(submitted_at=then, decided_at=request.decided_at and then)


def said(found: TryOut) -> list[tuple[bool, str, bool]]:
    return [(row.approves, row.then, row.differs) for row in found.rows]


def test_each_request_is_judged_by_what_was_known_when_it_was_sent(ask: Ask, namespace: Namespace) -> None:
    ask(memory=12 * GIB)
    namespace.limits = {**namespace.limits, "memory": GIB}
    namespace.save()
    found = would_have(HALF)
    assert (found.approved, found.total) == (1, 1)
    assert found.rows[0].why == "rule 1 “Half”"
    assert found.rows[0].asked == "memory 8 → 12 GiB"


def test_what_stands_against_a_request_is_said(ask: Ask) -> None:
    ask(memory=13 * GIB, cpu=4000 + 1)
    assert would_have(HALF).rows[0].why == "the raise is over 50%, which is up to 12 GiB"


def test_it_differs_where_people_decided_otherwise(ask: Ask, dave: User) -> None:
    small = ask(memory=9 * GIB)
    quota_decisions.decide(actor=dave, request=small, revision=small.revision, by=Move.REJECT, text="No room")
    assert said(would_have(HALF)) == [(True, "rejected", True)]
    assert said(would_have(rules.Policy())) == [(False, "rejected", False)]


def test_it_differs_where_a_rule_approved_what_now_goes_to_an_approver(ask: Ask, live: Live) -> None:
    live(rules=HALF.rules)
    assert ask(memory=9 * GIB).rule == "Half"
    assert said(would_have(rules.Policy())) == [(False, "rule", True)]
    assert said(would_have(HALF)) == [(True, "rule", False)]


def test_drafts_and_older_requests_are_not_among_them(ask: Ask) -> None:
    ask(send=False)
    back(ask(cpu=5000), 91)
    assert would_have(HALF).total == 0


def test_a_rule_that_counts_approvals_counts_those_of_the_policy_itself(
    team: Team, namespace: Namespace, alice: User, ask: Ask
) -> None:
    """None of them was approved by a rule then, so the facts say 0; this policy would have approved the first two."""
    for days in (41, 20, 10, 5):
        request = ask(memory=9 * GIB)
        back(request, days)
        QuotaRequest.objects.filter(pk=request.pk).update(state=State.WITHDRAWN)
        request.wants.update(open=False)
    policy = rules.Policy(rules=(rules.Rule(name="Few", recent_below=2),))
    oldest_first = [row.approves for row in reversed(would_have(policy).rows)]
    assert oldest_first == [True, True, True, False]


def test_the_policy_that_decided_differs_in_nothing(ask: Ask, live: Live, namespace: Namespace) -> None:
    """Also where one was changed, and so weighed, after others that were sent later."""
    few = rules.Policy(rules=(rules.Rule(name="Few", recent_below=3),))
    live(rules=few.rules)
    first = [ask(memory=9 * GIB), ask(cpu=5000), ask(pods=60)]
    assert [request.rule for request in first] == ["Few"] * 3
    beside = ask(claims=60)
    QuotaRequest.objects.filter(pk=beside.pk).update(submitted_at=timezone.now() - timedelta(minutes=1))
    assert said(would_have(few)) == [(True, "rule", False)] * 3 + [(False, "other", False)]


def test_what_stood_against_any_rule_then_stands_against_these(ask: Ask, live: Live, dave: User) -> None:
    live(rules=HALF.rules)
    ClusterState.objects.create(alias="default", since=timezone.now(), info={"allocatable": {"memory": 8 * GIB}})
    short = ask(memory=9 * GIB)
    quota_decisions.decide(actor=dave, request=short, revision=1, by=Move.REJECT, text="No room")
    assert said(would_have(HALF)) == [(False, "rejected", False)]
    assert would_have(HALF).rows[0].why == "the cluster has too little left of memory"
