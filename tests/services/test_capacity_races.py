"""Approvers and rules at once: what a cluster has left is granted once, and nobody waits for ever."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tenants.models import ClusterState, Namespace, Plan, StaffRole, Team, User
from tenants.models.granting import State
from tenants.rules.granting import Move
from tenants.services import quota_decisions, quota_requests
from tests.factories import GIB, make_namespace, make_policy, make_quota_request, make_user
from tests.services.test_races import MANY, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.fixture
def diana(db: None) -> User:
    """The other approver."""
    return make_user("diana", staff_role=StaffRole.APPROVER)


def left(memory: int) -> None:
    """So much memory is not granted yet."""
    granted = sum(place.limits["memory"] for place in Namespace.objects.all())
    info = {"allocatable": {"memory": granted + memory}}
    ClusterState.objects.create(pk="default", answers=True, since=timezone.now(), info=info)


def test_what_the_cluster_has_left_is_approved_once(
    namespace: Namespace, other_namespace: Namespace, alice: User, erin: User, dave: User, diana: User
) -> None:
    asked = [make_quota_request(namespace, alice), make_quota_request(other_namespace, erin)]
    left(memory=5 * GIB)

    def approve(number: int) -> None:
        quota_decisions.decide(actor=(dave, diana)[number], request=asked[number], revision=1, by=Move.APPROVE)

    assert at_once(approve, times=2) == {"done": 1, "over_capacity": 1}


def test_wishes_of_one_team_beside_decisions_on_it_all_come_to_an_end(
    team: Team, plan: Plan, alice: User, dave: User
) -> None:
    places = [make_namespace(team, f"place-{number}", plan=plan) for number in range(2 * MANY)]
    asked = [make_quota_request(place, alice) for place in places[:MANY]]
    make_policy(rules=[{"name": "All"}])
    left(memory=1000 * GIB)

    def wish(number: int) -> None:
        if number < MANY:
            quota_decisions.decide(actor=dave, request=asked[number], revision=1, by=Move.APPROVE)
        else:
            quota_requests.ask(actor=alice, namespace=places[number], wants={"memory": 12 * GIB}, reason="The sale")

    assert at_once(wish, times=2 * MANY) == {"done": 2 * MANY}


def test_two_who_approve_at_once_are_two_and_the_limit_changes_once(
    namespace: Namespace, alice: User, dave: User, diana: User
) -> None:
    make_policy(two_persons={"memory": 10 * GIB})
    request = make_quota_request(namespace, alice)

    def approve(number: int) -> None:
        quota_decisions.decide(actor=(dave, diana)[number % 2], request=request, revision=1, by=Move.APPROVE)

    ends = at_once(approve)
    assert ends["done"] == 2, ends
    assert set(ends) <= {"done", "second_person", "decided"}
    request.refresh_from_db()
    assert request.state == State.APPROVED
    moves = [(step.by, step.actor) for step in request.steps.exclude(by=Move.SUBMIT)]
    assert [by for by, _ in moves] == [Move.APPROVE_FIRST, Move.APPROVE]
    assert {actor for _, actor in moves} == {dave, diana}
    assert request.grants.count() == 1
