"""What namespaces used becomes samples, coarser with age, and stays true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tenants import sampling
from tenants.models import Namespace, Sample
from tenants.sampling import DAY, HOUR, SPAN, Meter, Sampler
from tests import factories
from tests.factories import GIB

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def uses(namespace: Namespace, memory: int, at: datetime) -> None:
    usage = {"cpu": 0, "memory": memory}
    Namespace.objects.filter(pk=namespace.pk).update(usage=usage, used_at=at)


def make(namespace: Namespace, at: datetime, seconds: int, *values: float) -> Sample:
    return Sample.objects.create(
        team=namespace.team,
        namespace=namespace,
        place=namespace.cluster_name,
        seconds=seconds,
        at=at,
        values={"memory": list(values)},
    )


def test_a_span_has_the_mean_and_the_most_of_all_of_it(namespace: Namespace) -> None:
    meter = Meter()
    sampler = Sampler(meter)
    sampler.sample(NOON + timedelta(seconds=1))
    meter.saw(namespace.pk, {"memory": GIB}, NOON)
    meter.saw(namespace.pk, {"memory": 5 * GIB}, NOON + timedelta(seconds=150))
    meter.saw(namespace.pk, {"memory": GIB}, NOON + timedelta(seconds=225))
    uses(namespace, GIB, NOON + timedelta(seconds=225))
    sampler.sample(NOON + timedelta(seconds=SPAN))
    sample = Sample.objects.get(at=NOON)
    assert sample.values["memory"] == [2 * GIB, 5 * GIB, 5 * GIB, 8 * GIB]


def test_the_next_span_begins_with_what_is_used_then(namespace: Namespace) -> None:
    meter = Meter()
    meter.saw(namespace.pk, {"memory": 3 * GIB}, NOON)
    meter.take(NOON + timedelta(seconds=10))
    meter.saw(namespace.pk, {"memory": GIB}, NOON + timedelta(seconds=110))
    assert meter.take(NOON + timedelta(seconds=210))[namespace.pk]["memory"] == (2 * GIB, 3 * GIB)


def test_a_sample_has_what_is_reserved_and_the_limit(namespace: Namespace, app_row: object) -> None:
    uses(namespace, 0, NOON)
    Sampler(Meter()).sample(NOON + timedelta(seconds=SPAN))
    _, _, reserved, limit = Sample.objects.get().values["cpu"]
    assert reserved > 0
    assert limit == namespace.limits["cpu"]


def test_two_observers_write_a_span_once(namespace: Namespace) -> None:
    uses(namespace, GIB, NOON)
    for sampler in (Sampler(Meter()), Sampler(Meter())):
        sampler.sample(NOON + timedelta(seconds=SPAN + 7))
    assert Sample.objects.count() == 1


def test_between_spans_nothing_is_asked(namespace: Namespace, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    sampler = Sampler(Meter())
    sampler.sample(NOON)
    with django_assert_num_queries(0):
        sampler.sample(NOON + timedelta(seconds=SPAN - 1))


def test_what_nobody_saw_has_no_sample(namespace: Namespace) -> None:
    uses(namespace, GIB, NOON - timedelta(seconds=1))
    Sampler(Meter()).sample(NOON + timedelta(seconds=SPAN))
    assert not Sample.objects.exists()


def test_how_many_statements_does_not_grow_with_the_namespaces(team, plan, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    for n in range(30):
        uses(factories.make_namespace(team, f"n{n}", plan=plan), GIB, NOON)
    with django_assert_num_queries(5):
        Sampler(Meter()).sample(NOON + timedelta(seconds=SPAN))
    assert Sample.objects.count() == 30


def test_after_seven_days_samples_become_hours(namespace: Namespace) -> None:
    old = NOON - timedelta(days=8)
    make(namespace, old, SPAN, GIB, 2 * GIB, 3 * GIB, 8 * GIB)
    make(namespace, old + timedelta(minutes=5), SPAN, 3 * GIB, 4 * GIB, GIB, 9 * GIB)
    fresh = make(namespace, NOON - timedelta(days=6), SPAN, 1, 1, 1, 1)
    while sampling.roll_up(NOON):
        pass
    assert list(Sample.objects.filter(seconds=SPAN)) == [fresh]
    hour = Sample.objects.get(seconds=HOUR)
    assert (hour.at, hour.values["memory"]) == (old, [2 * GIB, 4 * GIB, 3 * GIB, 9 * GIB])


def test_after_ninety_days_hours_become_days(namespace: Namespace) -> None:
    old = NOON.replace(hour=0) - timedelta(days=100)
    for hour in range(24):
        make(namespace, old + timedelta(hours=hour), HOUR, hour, hour, hour, 24)
    while sampling.roll_up(NOON):
        pass
    day = Sample.objects.get()
    assert (day.seconds, day.at, day.values["memory"]) == (DAY, old, [11.5, 23, 23, 24])


def test_an_hour_that_is_not_over_at_the_border_waits(namespace: Namespace) -> None:
    make(namespace, NOON - timedelta(days=7) - timedelta(minutes=5), SPAN, 1, 1, 1, 1)
    assert sampling.roll_up(NOON - timedelta(minutes=1)) == 0
    assert sampling.roll_up(NOON) == 1


def test_rolling_up_again_after_a_stop_in_between_changes_nothing(namespace: Namespace) -> None:
    old = NOON - timedelta(days=8)
    make(namespace, old, HOUR, 7, 7, 7, 7)
    make(namespace, old, SPAN, 1, 1, 1, 1)
    sampling.roll_up(NOON)
    assert Sample.objects.get().values["memory"] == [7, 7, 7, 7]


def test_samples_of_a_namespace_that_is_gone_are_kept_apart_by_its_name(namespace: Namespace) -> None:
    old = NOON - timedelta(days=8)
    make(namespace, old, SPAN, 1, 1, 1, 1)
    other = factories.make_namespace(namespace.team, "prod", plan=namespace.plan)
    make(other, old, SPAN, 5, 5, 5, 5)
    Sample.objects.update(namespace=None)
    sampling.roll_up(NOON)
    assert dict(Sample.objects.values_list("place", "values__memory__0")) == {"payments-dev": 1, "payments-prod": 5}


def test_days_go_after_four_hundred(namespace: Namespace) -> None:
    now = timezone.now()
    make(namespace, now - timedelta(days=401), DAY, 1, 1, 1, 1)
    kept = make(namespace, now - timedelta(days=399), DAY, 1, 1, 1, 1)
    assert sampling.forget(1000) == 1
    assert list(Sample.objects.all()) == [kept]
