"""What a namespace used over time: samples → series, statistics and the chart's contents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from django.db.models.fields.json import KeyTransform
from django.utils import timezone

from tenants.models import Grant, Namespace, Release, Sample
from tenants.reservations import reserved
from tenants.rules.resources import heading, in_order, number, unit
from tenants.selectors import chart as drawing
from tenants.selectors.chart import Chart, Extra
from tenants.weighing import PEAK_DAYS

__all__ = ["Chart", "Day", "Extra", "Point", "Statistics", "by_day", "chart", "history", "statistics"]

MARKED = 200
"""Releases and changes of the quota on one chart, the newest."""


@dataclass(frozen=True, slots=True)
class Point:
    """A sample of one resource in its own unit (`rules.resources`): the span of `seconds` from `at` on."""

    at: datetime
    seconds: int
    mean: float
    most: int
    reserved: int
    limit: int

    @property
    def peak(self) -> int:
        return max(self.most, self.reserved)


@dataclass(frozen=True, slots=True)
class Statistics:
    """Two weeks of one resource. `percentile` is the 95th of what was used, weighted by time.

    `trend` is how the second week's mean of use compares with the first's (0.1: a tenth more); None without both.
    `measured`: there are samples enough for a chart; else peak and percentile are what is used now.
    """

    resource: str
    peak: int
    peak_at: datetime | None
    percentile: int
    trend: float | None
    measured: bool


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one resource as a table writes it, in the viewer's zone and the resource's unit."""

    day: date
    mean: str
    most: str
    reserved: str
    limit: str


def history(namespace: Namespace, resource: str, days: int = 30) -> list[Point]:
    """Samples of one resource, oldest first; spans without one were not seen."""
    since = timezone.now() - timedelta(days=days)
    rows = Sample.objects.filter(namespace=namespace, at__gte=since).order_by("at", "seconds")
    found = rows.annotate(of=KeyTransform(resource, "values")).values_list("at", "seconds", "of")
    points = [Point(at, seconds, *of) for at, seconds, of in found.iterator(2000) if of]
    return list(_once(points))


def statistics(namespace: Namespace, days: int = PEAK_DAYS) -> dict[str, Statistics]:
    """By resource, for whoever decides: all of the namespace's limits, whether sampled yet or not."""
    now = timezone.now()
    spans: dict[str, list[Point]] = {}
    rows = Sample.objects.filter(namespace=namespace, at__gte=now - timedelta(days=days)).order_by("at", "seconds")
    for at, seconds, values in rows.values_list("at", "seconds", "values").iterator(2000):
        for resource, of in values.items():
            spans.setdefault(resource, []).append(Point(at, seconds, *of))
    middle = now - timedelta(days=days / 2)
    return {
        resource: _statistics(resource, spans.get(resource, []), namespace.usage.get(resource, 0), middle)
        for resource in in_order(namespace.limits)
    }


def by_day(points: Iterable[Point], resource: str) -> list[Day]:
    """A row per day, newest first, the mean weighted by time."""
    days: dict[date, list[Point]] = {}
    for point in points:
        days.setdefault(timezone.localdate(point.at), []).append(point)
    return [
        Day(
            day,
            number(resource, round(_mean(of))),
            number(resource, max(point.most for point in of)),
            number(resource, max(point.reserved for point in of)),
            number(resource, of[-1].limit),
        )
        for day, of in sorted(days.items(), reverse=True)
    ]


def chart(namespace: Namespace, resource: str, days: int = 30, lines: Sequence[Extra] = ()) -> Chart:
    """What templates/components/usage_chart.html draws of one resource, with `lines` that others want on it.

    In the viewer's zone. The last point is what is used and reserved now.
    """
    now = timezone.now()
    points = history(namespace, resource, days)
    begin = max(now - timedelta(days=days), min(points[0].at if points else now, now - timedelta(days=1)))
    limit = namespace.limits.get(resource, 0)
    used = namespace.usage.get(resource, 0)
    shown = Point(now, 0, used, used, reserved(namespace).get(resource, 0), limit)
    grants = list(
        Grant.objects.filter(namespace=namespace, resource=resource, at__gte=begin).order_by("at", "pk")[:MARKED]
    )
    return drawing.draw(
        drawing.Series(
            key=f"{namespace.pk}-{resource}",
            name=heading(resource),
            unit=unit(resource)[0],
            scale=unit(resource)[1],
            place=str(namespace),
            begin=begin,
            end=now,
            points=tuple((p.at, p.seconds, p.most, p.reserved) for p in (*points, shown)),
            limit=limit,
            grants=tuple((grant.at, grant.old, grant.new) for grant in grants),
            releases=_releases(namespace, begin),
        ),
        lines,
        by_day(points, resource),
    )


def _releases(namespace: Namespace, begin: datetime) -> tuple[tuple[datetime, str], ...]:
    rows = Release.objects.filter(app__namespace=namespace, created_at__gte=begin).order_by("-created_at")
    newest: list[tuple[Any, ...]] = list(rows.values_list("created_at", "app__name", "number")[:MARKED])
    return tuple((at, f"{app} v{release}") for at, app, release in reversed(newest))


def _once(points: Sequence[Point]) -> Iterator[Point]:
    """Without spans that a coarser one covers: while samples are rolled up both are there for a moment."""
    until: datetime | None = None
    for point in sorted(points, key=lambda point: (point.at, -point.seconds)):
        if until is None or point.at >= until:
            yield point
            until = point.at + timedelta(seconds=point.seconds)


def _statistics(resource: str, points: Sequence[Point], used: int, middle: datetime) -> Statistics:
    points = list(_once(points))
    first = [point for point in points if point.at < middle]
    second = [point for point in points if point.at >= middle]
    top = max(points, key=lambda point: point.peak, default=None)
    before = _mean(first) if first else 0.0
    return Statistics(
        resource=resource,
        peak=max(top.peak if top else 0, used),
        peak_at=top.at if top and top.peak >= used else None,
        percentile=_percentile(points) if points else used,
        trend=_mean(second) / before - 1 if before and second else None,
        measured=len(points) > 1,
    )


def _mean(points: Sequence[Point]) -> float:
    return sum(point.mean * point.seconds for point in points) / sum(point.seconds for point in points)


def _percentile(points: Sequence[Point], share: float = 0.95) -> int:
    """The least amount that was not exceeded in `share` of the time (nearest rank)."""
    ordered = sorted(points, key=lambda point: point.most)
    rank = ceil(share * sum(point.seconds for point in ordered))
    for point in ordered:
        rank -= point.seconds
        if rank <= 0:
            return point.most
    return ordered[-1].most
