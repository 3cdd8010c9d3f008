"""A raise for a time that is asked for once more: in one click, for as long again, and never unasked for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import granting
from tenants.errors import Conflict, Invalid
from tenants.models import ClusterState, Grant, Namespace, QuotaRequest, StaffRole, User
from tenants.rules.granting import Move
from tenants.rules.policy import Rule
from tenants.services import quota_decisions, quota_requests
from tests.factories import GIB, make_user
from tests.quota.conftest import Ask, Live

pytestmark = pytest.mark.django_db


def approve(request: QuotaRequest, dave: User) -> QuotaRequest:
    return quota_decisions.decide(actor=dave, request=request, revision=request.revision, by=Move.APPROVE)


@pytest.fixture
def raised(dave: User, ask: Ask) -> QuotaRequest:
    """Memory raised to 12 GiB for ten days, the cluster has it."""
    request = approve(ask(until=timezone.localdate() + timedelta(days=10)), dave)
    granting.confirmed(Namespace.objects.get())
    request.refresh_from_db()
    return request


def test_raise_is_extended_by_as_long_again(alice: User, raised: QuotaRequest) -> None:
    longer = quota_requests.extend(actor=alice, request=raised)
    assert (longer.state, longer.extends, longer.reason) == ("submitted", raised, "The sale")
    assert longer.until == timezone.localdate() + timedelta(days=20)
    assert [(want.resource, want.wanted) for want in longer.wants.all()] == [("memory", 12 * GIB)]


def test_each_extension_is_as_long_as_the_first_raise(alice: User, dave: User, raised: QuotaRequest) -> None:
    longer = approve(quota_requests.extend(actor=alice, request=raised), dave)
    granting.confirmed(Namespace.objects.get())
    longer.refresh_from_db()
    assert quota_requests.extend(actor=alice, request=longer).until == timezone.localdate() + timedelta(days=30)


def test_extended_raise_goes_back_to_where_the_first_began(alice: User, dave: User, raised: QuotaRequest) -> None:
    longer = approve(quota_requests.extend(actor=alice, request=raised), dave)
    running = Grant.objects.running().get()
    assert (running.request, running.until, running.back_to) == (longer, longer.until, 8 * GIB)


def test_extension_is_a_raise_to_the_policy(alice: User, raised: QuotaRequest, live: Live) -> None:
    """What was given for a time is nothing that the namespace has: no rule gives it for good unasked."""
    live(rules=(Rule(name="Tiny", raise_at_most=0.1),))
    assert quota_requests.extend(actor=alice, request=raised).state == "submitted"


def test_raise_is_asked_to_stay_for_good(dave: User, raised: QuotaRequest, ask: Ask) -> None:
    approve(ask(memory=12 * GIB), dave)
    assert not Grant.objects.running().exists()
    assert Namespace.objects.get().limits["memory"] == 12 * GIB


def test_raise_that_has_ended_is_not_extended(alice: User, raised: QuotaRequest) -> None:
    Grant.objects.update(ended_at=timezone.now())
    with pytest.raises(Conflict) as caught:
        quota_requests.extend(actor=alice, request=raised)
    assert caught.value.code == "state"
    assert QuotaRequest.objects.count() == 1


def test_raise_is_extended_once(alice: User, andy: User, raised: QuotaRequest) -> None:
    quota_requests.extend(actor=alice, request=raised)
    with pytest.raises(Conflict) as caught:
        quota_requests.extend(actor=andy, request=raised)
    assert caught.value.code == "open"
    assert QuotaRequest.objects.count() == 2


def test_one_person_does_not_give_for_good_what_two_gave_for_a_time(dave: User, ask: Ask, live: Live) -> None:
    live(two_persons={"memory": 10 * GIB})
    first = ask(until=timezone.localdate() + timedelta(days=1))
    approve(first, dave)
    approve(first, make_user("diana", staff_role=StaffRole.APPROVER))
    granting.confirmed(Namespace.objects.get())
    assert approve(ask(memory=12 * GIB), dave).state == "submitted"


def test_what_was_meant_beyond_the_cluster_for_a_time_must_be_meant_again_for_good(
    dave: User, raised: QuotaRequest, ask: Ask
) -> None:
    room = {"allocatable": {"memory": 10 * GIB}}
    ClusterState.objects.create(alias="default", since=timezone.now(), info=room)
    longer = ask(memory=12 * GIB)
    with pytest.raises(Invalid, match="This grants 2 GiB of memory more than the cluster has left"):
        quota_decisions.decide(actor=dave, request=longer, revision=1, by=Move.APPROVE)
