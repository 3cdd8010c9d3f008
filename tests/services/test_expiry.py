"""What time does to quota: notices before the end of a raise, the way back, never below use, and old requests."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from tenants import expiry, granting
from tenants.models import AuditEntry, ClusterState, Grant, Namespace, Notice, Operation, QuotaRequest, Release, User
from tenants.models.granting import State
from tenants.rules.granting import Move
from tenants.services import quota_decisions
from tests.factories import GIB, make_app, make_namespace, make_quota_request, make_release, make_spec

pytestmark = pytest.mark.django_db


def day(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


@pytest.fixture
def raised(namespace: Namespace, alice: User, dave: User) -> QuotaRequest:
    """12 GiB instead of 8 for ten days, in the cluster since twenty days ago."""
    used = {"memory": 2 * GIB}
    Namespace.objects.filter(pk=namespace.pk).update(usage=used, used_at=timezone.now())
    request = make_quota_request(namespace, alice, until=day(10))
    quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.APPROVE)
    granting.confirmed(Namespace.objects.get(pk=namespace.pk))
    Grant.objects.update(at=timezone.now() - timedelta(days=20))
    Operation.objects.all().delete()
    Notice.objects.all().delete()
    return QuotaRequest.objects.get()


def ends(request: QuotaRequest, until: date) -> None:
    Grant.objects.running().update(until=until)
    QuotaRequest.objects.update(until=until, granted_until=until)


def limit(request: QuotaRequest) -> int:
    return int(Namespace.objects.get(pk=request.namespace_id).limits["memory"])


def use(request: QuotaRequest, memory: int) -> None:
    Namespace.objects.filter(pk=request.namespace_id).update(usage={"memory": memory})


def told(kind: str) -> list[str]:
    """What alice was told."""
    return list(Notice.objects.filter(kind=kind, person__username="alice").values_list("title", flat=True))


# -- notices before


@pytest.mark.parametrize("left", [7, 3, 1])
def test_team_is_told_once_before_the_end(raised: QuotaRequest, left: int) -> None:
    ends(raised, day(left))
    expiry.expire()
    expiry.expire()
    when = "tomorrow" if left == 1 else f"in {left} days"
    assert told("quota.ending") == [f"The raise of payments-dev ends {when}"]


def test_nothing_is_told_earlier(raised: QuotaRequest) -> None:
    ends(raised, day(8))
    expiry.expire()
    assert told("quota.ending") == []


def test_each_of_the_three_days_is_told(raised: QuotaRequest) -> None:
    for left in (7, 6, 3, 2, 1, 0):
        ends(raised, day(left))
        expiry.expire()
    assert len(told("quota.ending")) == 3


def test_after_an_absence_only_the_nearest_is_told(raised: QuotaRequest) -> None:
    ends(raised, day(2))
    expiry.expire()
    assert told("quota.ending") == ["The raise of payments-dev ends in 2 days"]


def test_raise_for_two_days_is_not_told_of_at_once(raised: QuotaRequest) -> None:
    Grant.objects.update(at=timezone.now())
    ends(raised, day(2))
    expiry.expire()
    assert told("quota.ending") == []
    Grant.objects.update(at=timezone.now() - timedelta(days=1))
    ends(raised, day(1))
    expiry.expire()
    assert told("quota.ending") == ["The raise of payments-dev ends tomorrow"]


# -- the end


def test_on_its_last_day_a_raise_holds(raised: QuotaRequest) -> None:
    ends(raised, day(0))
    expiry.expire()
    assert limit(raised) == 12 * GIB


def test_after_it_the_limit_goes_back_once(raised: QuotaRequest) -> None:
    ends(raised, day(-1))
    expiry.expire()
    expiry.expire()
    assert limit(raised) == 8 * GIB
    assert Operation.objects.count() == 1
    assert AuditEntry.objects.filter(action="quota.go_back").count() == 1
    assert not Grant.objects.running().exists()


def test_then_the_request_has_expired_and_the_team_is_told(raised: QuotaRequest) -> None:
    ends(raised, day(-1))
    expiry.expire()
    raised.refresh_from_db()
    assert raised.state == State.EXPIRED
    assert told("quota.ended") == ["The raise of payments-dev has ended"]


def test_nothing_in_use_is_cut_and_the_limit_follows_it_down(raised: QuotaRequest) -> None:
    ends(raised, day(-1))
    use(raised, 11 * GIB)
    expiry.expire()
    assert limit(raised) == 11 * GIB
    assert Grant.objects.running().get().back_to == 8 * GIB
    use(raised, 9 * GIB)
    expiry.expire()
    assert limit(raised) == 9 * GIB
    raised.refresh_from_db()
    assert raised.state == State.APPLIED
    use(raised, 1 * GIB)
    expiry.expire()
    assert limit(raised) == 8 * GIB
    raised.refresh_from_db()
    assert raised.state == State.EXPIRED


def test_limit_that_followed_use_down_does_not_rise_again(raised: QuotaRequest) -> None:
    ends(raised, day(-1))
    use(raised, 10 * GIB)
    expiry.expire()
    use(raised, 11 * GIB)
    expiry.expire()
    assert limit(raised) == 10 * GIB


def test_what_apps_want_is_not_cut_while_a_pod_is_away(raised: QuotaRequest) -> None:
    make_app(raised.namespace, memory=3 * GIB, replicas=3)
    ends(raised, day(-1))
    expiry.expire()
    assert limit(raised) == 9 * GIB


def test_rollouts_surge_is_not_cut_and_the_limit_goes_back_when_it_is_over(raised: QuotaRequest) -> None:
    app = make_app(raised.namespace, memory=3 * GIB, replicas=2)
    app.release = make_release(app, 2, make_spec(memory=3 * GIB, replicas=2), outcome="rolling")
    app.save()
    ends(raised, day(-1))
    expiry.expire()
    assert limit(raised) == 9 * GIB
    Release.objects.filter(number=2).update(outcome="serving")
    expiry.expire()
    assert limit(raised) == 8 * GIB


def test_cluster_that_is_silent_is_not_followed(raised: QuotaRequest) -> None:
    ClusterState.objects.create(alias="default", answers=False, since=timezone.now())
    ends(raised, day(-1))
    expiry.expire()
    assert limit(raised) == 12 * GIB


def test_one_namespace_that_cannot_be_read_keeps_no_other(raised: QuotaRequest, alice: User, dave: User) -> None:
    other = make_namespace(raised.namespace.team, "other")
    asked = make_quota_request(other, alice, until=day(10))
    quota_decisions.decide(actor=dave, request=asked, revision=1, by=Move.APPROVE)
    granting.confirmed(Namespace.objects.get(pk=other.pk))
    Namespace.objects.update(usage={"memory": 2 * GIB}, used_at=timezone.now())
    Namespace.objects.filter(pk=raised.namespace.pk).update(usage={"memory": "much"})
    ends(raised, day(-1))
    expiry.expire()
    assert (limit(raised), limit(asked)) == (12 * GIB, 8 * GIB)
    assert QuotaRequest.objects.get(pk=asked.pk).state == State.EXPIRED


def test_raise_that_was_extended_ends_without_a_word(raised: QuotaRequest, alice: User, dave: User) -> None:
    ends(raised, day(0))
    more = make_quota_request(Namespace.objects.get(), alice, until=day(30), extends=raised)
    quota_decisions.decide(actor=dave, request=more, revision=1, by=Move.APPROVE)
    assert Grant.objects.running().get().back_to == 8 * GIB
    QuotaRequest.objects.filter(pk=raised.pk).update(granted_until=day(-1))
    expiry.expire()
    raised.refresh_from_db()
    assert raised.state == State.EXPIRED
    assert limit(raised) == 12 * GIB
    assert told("quota.ended") == []


def test_namespace_that_is_being_deleted_is_left_alone(raised: QuotaRequest) -> None:
    ends(raised, day(-1))
    Namespace.objects.update(deleting_since=timezone.now())
    expiry.expire()
    assert limit(raised) == 12 * GIB


# -- requests that nobody decided


@pytest.mark.parametrize("state", [State.SUBMITTED, State.CHANGES_ASKED])
def test_request_whose_day_passed_expires(namespace: Namespace, alice: User, state: str) -> None:
    request = make_quota_request(namespace, alice, until=day(-1), state=state)
    expiry.expire()
    request.refresh_from_db()
    assert request.state == State.EXPIRED
    assert not request.wants.filter(open=True).exists()
    assert told("quota.decided") == [f"Request {request.number} for payments-dev expired"]


def test_request_for_good_waits_for_ever(namespace: Namespace, alice: User) -> None:
    request = make_quota_request(namespace, alice)
    expiry.expire()
    request.refresh_from_db()
    assert request.state == State.SUBMITTED
