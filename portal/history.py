"""The example's past: a month of samples, and what its ledgers would have said, so that charts are not empty.

Waves of days and weeks, one sale, growth, and at the end what really runs. Only the demo's seed writes this.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import pi, sin
from typing import Any

from django.utils import timezone

from tenants.models import App, Cause, Grant, Namespace, Release, Sample, User
from tenants.reservations import reserved
from tenants.sampling import HOUR, SPAN

DAYS, FINE_DAYS = 30, 7
RAISED_DAYS_AGO, SALE_DAYS_AGO, EBB_DAYS = 13, 4, 1.5
WAVES = ("cpu", "memory", "pods")
BATCH = 2000


def write(namespace: Namespace, busy: float, by: User) -> None:
    """Fills the namespace's last month; `busy` is the share of its limits that a usual day took."""
    now = timezone.now()
    held = reserved(namespace)
    common = {"team": namespace.team, "namespace": namespace, "place": namespace.cluster_name}
    Sample.objects.bulk_create(
        [
            Sample(**common, seconds=seconds, at=at, values=_values(namespace, held, busy, at, now))
            for at, seconds in _spans(now)
        ],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    Grant.objects.filter(namespace=namespace, cause=Cause.PLAN).update(at=now - timedelta(days=DAYS + 5))
    if busy > 0.5:
        limit = namespace.limits["memory"]
        Grant.objects.filter(namespace=namespace, cause=Cause.PLAN, resource="memory").update(new=_before(limit))
        raised = Grant.objects.create(
            **common, resource="memory", old=_before(limit), new=limit, cause=Cause.REQUEST, actor=by
        )
        raised.at = now - timedelta(days=RAISED_DAYS_AGO)
        raised.save(update_fields=["at"])


def age_releases(namespace: Namespace) -> None:
    """All releases but each app's newest were made in the past weeks, not minutes ago."""
    now = timezone.now()
    for app in App.objects.filter(namespace=namespace):
        older = Release.objects.filter(app=app).exclude(pk=app.release_id or 0)
        for release in older.order_by("number"):
            ago = timedelta(days=24 - 8 * (release.number - 1), hours=3)
            Release.objects.filter(pk=release.pk).update(created_at=now - max(ago, timedelta(hours=8)))


def _spans(now: datetime) -> Iterator[tuple[datetime, int]]:
    """Hours up to a week ago, then spans of five minutes."""
    middle = _floor(now - timedelta(days=FINE_DAYS), HOUR)
    at = _floor(now - timedelta(days=DAYS), HOUR)
    while at < middle:
        yield at, HOUR
        at += timedelta(seconds=HOUR)
    while at + timedelta(seconds=SPAN) <= now:
        yield at, SPAN
        at += timedelta(seconds=SPAN)


def _values(
    namespace: Namespace, reserves: dict[str, int], busy: float, at: datetime, now: datetime
) -> dict[str, list[Any]]:
    left = (now - at).total_seconds() / 86400
    share = busy * _wave(at, left) * (1 - 0.25 * left / DAYS)
    then = min(left / EBB_DAYS, 1)
    values = {}
    for resource, limit in namespace.limits.items():
        raised = resource == "memory" and busy > 0.5 and left > RAISED_DAYS_AGO
        grain, granted, now_held = max(limit // 64, 1), _before(limit) if raised else limit, reserves.get(resource, 0)
        used = kept = int(now_held * (1 if left < 20 else 0.5))
        if resource in WAVES:
            used = int(limit * share * then + now_held * (1 - then)) // grain * grain
            held = int(limit * busy * (0.75 if left > 9 else 0.92) * then + now_held * (1 - then)) // grain * grain
            used, kept = min(used, granted), min(max(used, held), granted)
        values[resource] = [used * 0.97, used, kept, granted]
    return values


def _wave(at: datetime, left: float) -> float:
    """Around 0.8: days, a quieter weekend, a grain of noise, and one sale."""
    hours = at.timestamp() / 3600
    wave = 0.72 + 0.13 * sin((hours - 8) * pi / 12) + 0.05 * sin(hours * pi / 5.3) + 0.03 * sin(hours * 2.7)
    weekend = 0.85 if at.weekday() >= 5 else 1.0
    sale = 0.16 if abs(left - SALE_DAYS_AGO) < 0.3 else 0.0
    return wave * weekend + sale


def _before(limit: int) -> int:
    """What the memory's limit was before it was raised."""
    return limit * 3 // 4


def _floor(moment: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)
