"""Grants and use as lines for whoever charges for them: CSV, a namespace's resource a day or a month.

What was granted is the ledger's, weighted by time; what was used is the samples'. Both means are of the same hours,
those that were measured (of all where none was), so that they compare; `granted_hours`, unit times hours, is of the
whole period. Days and months are UTC's.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from django.utils import timezone

from cluster.amounts import decimal
from tenants.models import Grant, Sample, Team
from tenants.rules.resources import unit
from tenants.selectors.auditlines import cell

COLUMNS = ("from", "to", "team", "namespace", "resource", "unit", "granted_mean", "used_mean", "used_most",
           "hours_measured", "granted_hours")  # fmt: skip
PERIODS = ("day", "month")
LONGEST = timedelta(days=400)
BATCH = 500

Key = tuple[str, str]
"""(namespace in the cluster, resource)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of one namespace in one period, amounts in the resource's own unit."""

    begin: date
    end: date
    team: str
    namespace: str
    resource: str
    granted: float
    granted_hours: float
    mean: float | None
    most: int | None
    hours: float

    @property
    def cells(self) -> tuple[str, ...]:
        words, scale = unit(self.resource)

        def say(amount: float | None) -> str:
            return "" if amount is None else decimal(amount / scale)

        period = self.begin.isoformat(), self.end.isoformat()
        amounts = say(self.granted), say(self.mean), say(self.most), decimal(self.hours)
        named = *period, self.team, self.namespace, self.resource, words
        return (*named, *amounts, say(round(self.granted_hours, 3)))


@dataclass(slots=True)
class _Use:
    seconds: int = 0
    sum: float = 0.0
    most: int = 0
    measured: list[tuple[datetime, datetime]] = field(default_factory=list)

    def add(self, at: datetime, seconds: int, mean: float, most: int) -> None:
        """A sample, of those in order of time: what follows each other is one span."""
        self.seconds += seconds
        self.sum += mean * seconds
        self.most = max(self.most, most)
        begin = self.measured.pop()[0] if self.measured and self.measured[-1][1] == at else at
        self.measured.append((begin, at + timedelta(seconds=seconds)))


@dataclass(slots=True)
class _Period:
    begin: datetime
    end: datetime
    used: dict[Key, _Use] = field(default_factory=lambda: defaultdict(_Use))

    @property
    def seconds(self) -> float:
        return (self.end - self.begin).total_seconds()


def as_csv(lines: Iterable[Line]) -> Iterator[bytes]:
    """A header and a line each, some hundred at a time; a cell that a spreadsheet would reckon has an apostrophe."""
    batch: list[Sequence[str]] = [COLUMNS]
    for line in lines:
        batch.append([cell(text) for text in line.cells])
        if len(batch) >= BATCH:
            yield _written(batch)
            batch = []
    if batch:
        yield _written(batch)


def lines(teams: Iterable[Team], begin: date, end: date, period: str) -> Iterator[Line]:
    """From `begin` to `end`, both within, a team after the other; only so far as it is past. `period` is of PERIODS.

    No cursor stays open between two lines (`tenants.streaming`): the teams are read first, and each period at once.
    """
    last = min(datetime.combine(end + timedelta(days=1), time(), UTC), timezone.now())
    first = datetime.combine(begin, time(), UTC)
    for team in list(teams):
        steps = _ledger(team, first, last)
        for at, until in _periods(first, last, period):
            yield from _of(team, steps, _Period(at, until))


def _of(team: Team, steps: dict[Key, list[tuple[datetime, int]]], span: _Period) -> Iterator[Line]:
    rows = Sample.objects.filter(team=team, at__gte=span.begin, at__lt=span.end).order_by("at")
    for place, at, seconds, values in rows.values_list("place", "at", "seconds", "values").iterator(2000):
        for resource, (mean, most, *_) in values.items():
            span.used[place, resource].add(at, seconds, mean, most)
    for key in sorted({*span.used, *steps}):
        known, use = steps.get(key, []), span.used.get(key)
        all_of_it = _granted(known, span.begin, span.end)
        if all_of_it or use:
            yield Line(
                begin=span.begin.date(),
                end=(span.end - timedelta(microseconds=1)).date(),
                team=team.slug,
                namespace=key[0],
                resource=key[1],
                granted=_granted_while_measured(known, use) if use else all_of_it / span.seconds,
                granted_hours=all_of_it / 3600,
                mean=use.sum / use.seconds if use else None,
                most=use.most if use else None,
                hours=use.seconds / 3600 if use else 0.0,
            )


def _ledger(team: Team, begin: datetime, until: datetime) -> dict[Key, list[tuple[datetime, int]]]:
    """Each limit's steps: from when on how much. A namespace that is gone ends with its last sample.

    One that was made again under the name of a gone one begins from nothing. Steps before `begin` may end too early.
    """
    steps: dict[Key, list[tuple[datetime, int]]] = defaultdict(list)
    gone: set[Key] = set()
    seen = _seen_of_gone(team, begin)
    rows = Grant.objects.filter(team=team, at__lt=until).order_by("at", "pk")
    for place, resource, at, old, new, living in rows.values_list("place", "resource", "at", "old", "new", "namespace"):
        key = place, resource
        known = steps[key]
        if known and known[-1][1] and not old:
            known.append(_end(known[-1][0], seen[key], at))
        known.append((at, new))
        (gone.add if living is None else gone.discard)(key)
    for key in gone:
        steps[key].append(_end(steps[key][-1][0], seen[key], until))
    return steps


def _seen_of_gone(team: Team, begin: datetime) -> dict[Key, list[tuple[datetime, datetime]]]:
    """Begin and end of the samples of namespaces that are gone, of those that reach beyond `begin`."""
    seen: dict[Key, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = Sample.objects.filter(team=team, namespace=None, at__gt=begin - timedelta(days=1)).order_by("at")
    for place, at, seconds, values in rows.values_list("place", "at", "seconds", "values").iterator(2000):
        for resource in values:
            seen[place, resource].append((at, at + timedelta(seconds=seconds)))
    return seen


def _end(since: datetime, seen: Iterable[tuple[datetime, datetime]], before: datetime) -> tuple[datetime, int]:
    """The step to nothing of a namespace that had its last grant at `since`, with another's first one at `before`."""
    ends = (min(until, before) for at, until in seen if at < before and until > since)
    return max(ends, default=since), 0


def _granted(steps: Sequence[tuple[datetime, int]], begin: datetime, end: datetime) -> float:
    """What was granted from `begin` to `end`, times seconds."""
    total = 0.0
    for (at, amount), (until, _) in pairwise([*steps, (end, 0)]):
        total += amount * max((min(until, end) - max(at, begin)).total_seconds(), 0.0)
    return total


def _granted_while_measured(steps: Sequence[tuple[datetime, int]], use: _Use) -> float:
    """The mean of what was granted in the spans of the samples; what came before the first grant is not of them."""
    spans = [(max(at, steps[0][0]), until) for at, until in use.measured if until > steps[0][0]] if steps else []
    seconds = sum((until - at).total_seconds() for at, until in spans)
    return sum(_granted(steps, at, until) for at, until in spans) / seconds if seconds else 0.0


def _periods(begin: datetime, end: datetime, period: str) -> Iterator[tuple[datetime, datetime]]:
    at = begin
    while at < end:
        following = at + timedelta(days=1)
        if period == "month":
            following = (at.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield at, min(following, end)
        at = following


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()
