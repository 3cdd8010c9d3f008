"""What namespaces used, kept as samples: one row per namespace and span, coarser with age.

The observer tells of each change that it sees (`meter`), so that a span's mean and most are those of all of it and not
of one moment. Spans are aligned to the clock and written once, whoever writes and how often: the rows' own constraint
says so. What nobody saw, because the cluster or the observer was silent, has no row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from tenants.models import Namespace, Sample
from tenants.reservations import reserved_in

SPAN, HOUR, DAY = 300, 3600, 86400
"""Seconds of a sample: fresh, after FINE and after HOURLY."""
FINE, HOURLY, KEPT = timedelta(days=7), timedelta(days=90), timedelta(days=400)

Amounts = Mapping[str, int]
Values = dict[str, list[Any]]


@dataclass(slots=True)
class _Reading:
    """One namespace since `since`: `sums` are amounts times seconds up to `at`."""

    since: datetime
    at: datetime
    usage: Amounts
    sums: dict[str, float] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)

    def go_on(self, usage: Amounts, at: datetime) -> None:
        seconds = (at - self.at).total_seconds()
        for resource, amount in self.usage.items():
            self.sums[resource] = self.sums.get(resource, 0.0) + amount * seconds
        self.at, self.usage = at, usage
        for resource, amount in usage.items():
            self.most[resource] = max(self.most.get(resource, 0), amount)


class Meter:
    """Mean and most of what each namespace uses, as far as this process saw it. For one thread."""

    def __init__(self) -> None:
        self._readings: dict[int, _Reading] = {}

    def saw(self, namespace: int, usage: Amounts, at: datetime) -> None:
        """The namespace, by its primary key, uses so much from `at` on."""
        reading = self._readings.get(namespace)
        if reading is None or at - reading.at > timedelta(seconds=SPAN):  # another process led in between
            reading = self._readings[namespace] = _Reading(at, at, usage)
        reading.go_on(dict(usage), at)

    def take(self, at: datetime) -> dict[int, dict[str, tuple[float, int]]]:
        """{namespace: {resource: (mean, most)}} since the last time; what is used now is where the next span begins."""
        found = {}
        for namespace, reading in self._readings.items():
            reading.go_on(reading.usage, at)
            seconds = (at - reading.since).total_seconds()
            found[namespace] = {
                resource: (total / seconds if seconds else float(reading.most[resource]), reading.most[resource])
                for resource, total in reading.sums.items()
            }
        self._readings = {
            namespace: _Reading(at, reading.at, reading.usage, most=dict(reading.usage))
            for namespace, reading in self._readings.items()
            if at - reading.at <= timedelta(seconds=SPAN)
        }
        return found


meter = Meter()
"""Of this process."""


class Sampler:
    """Writes each span once it is over."""

    def __init__(self, source: Meter) -> None:
        self._meter = source
        self._until: datetime | None = None

    def sample(self, now: datetime | None = None) -> int:
        """One row for each namespace that was seen in the span just over. Costs nothing while none is.

        Returns how many were written, those that another process wrote before among them.
        """
        now = now or timezone.now()
        end = _floor(now, SPAN)
        if self._until is not None and end <= self._until:
            return 0
        begin = end - timedelta(seconds=SPAN)
        taken = self._meter.take(now)
        places = list(
            Namespace.objects.filter(used_at__gte=begin).only("team", "cluster", "cluster_name", "limits", "usage")
        )
        reserved = reserved_in(places)
        rows = [
            Sample(
                team_id=place.team_id,
                namespace=place,
                place=place.cluster_name,
                seconds=SPAN,
                at=begin,
                values=_values(place, reserved[place.pk], taken.get(place.pk, {})),
            )
            for place in places
        ]
        Sample.objects.bulk_create(rows, ignore_conflicts=True)
        self._until = end
        return len(rows)


sampler = Sampler(meter)
"""Of this process."""


def roll_up(now: datetime | None = None) -> int:
    """Turns the oldest hour of fine samples, or day of hourly ones, that is due into one row a namespace.

    Means are weighted by time, what was most stays so, the limit is the last. Returns how many rows went, 0 when
    nothing is due: call again until then.
    """
    now = now or timezone.now()
    return _merge(SPAN, HOUR, _floor(now - FINE, HOUR)) or _merge(HOUR, DAY, _floor(now - HOURLY, DAY))


def forget(batch: int) -> int:
    """Deletes at most `batch` samples that are older than KEPT; answers how many."""
    old = Sample.objects.filter(seconds=DAY, at__lt=timezone.now() - KEPT).values_list("pk", flat=True)[:batch]
    return Sample.objects.filter(pk__in=list(old)).delete()[0]


def _values(place: Namespace, reserved: Amounts, taken: Mapping[str, tuple[float, int]]) -> Values:
    """{resource: [mean used, most used, most reserved, limit]} of all that the namespace's quota bounds."""
    values: Values = {}
    for resource, limit in place.limits.items():
        used = place.usage.get(resource, 0)
        mean, most = taken.get(resource, (used, used))
        values[resource] = [round(mean, 2), max(most, used), max(reserved[resource], most), limit]
    return values


def _floor(moment: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def _merge(fine: int, coarse: int, before: datetime) -> int:
    """The oldest whole span of `coarse` seconds that ended by `before`, in one transaction."""
    rows = Sample.objects.filter(seconds=fine)
    first = rows.filter(at__lt=before).order_by("at").values_list("at", flat=True).first()
    if first is None:
        return 0
    begin = _floor(first, coarse)
    span = rows.filter(at__gte=begin, at__lt=begin + timedelta(seconds=coarse))
    with transaction.atomic():
        found = list(span.select_for_update().order_by("at"))
        groups: dict[tuple[int, int | None, str], list[Sample]] = defaultdict(list)
        for sample in found:
            groups[sample.team_id, sample.namespace_id, sample.place].append(sample)
        Sample.objects.bulk_create(
            [
                Sample(
                    team_id=team,
                    namespace_id=namespace,
                    place=place,
                    seconds=coarse,
                    at=begin,
                    values=_merged([sample.values for sample in group]),
                )
                for (team, namespace, place), group in groups.items()
            ],
            ignore_conflicts=True,
        )
        span.filter(pk__lte=max((sample.pk for sample in found), default=0)).delete()
    return len(found)


def _merged(group: Iterable[Values]) -> Values:
    spans: dict[str, list[list[Any]]] = defaultdict(list)
    for values in group:
        for resource, of in values.items():
            spans[resource].append(of)
    return {
        resource: [
            round(sum(of[0] for of in spent) / len(spent), 2),
            max(of[1] for of in spent),
            max(of[2] for of in spent),
            spent[-1][3],
        ]
        for resource, spent in spans.items()
    }
