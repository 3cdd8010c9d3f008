"""The span of a report on use: days that are over or under way, one to four hundred of them. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from tenants.rules import wanted
from tenants.rules.broken import Broken

LONGEST = 400
"""Days: samples are kept no longer."""
USUAL = 30


def day(text: str) -> date:
    """A day as `2026-11-01`. Raises Broken."""
    found = wanted.day(text)
    if found is None or not 1970 <= found.year <= 9000:
        raise Broken("Write the day as 2026-11-01.")
    return found


def span(begin: date | None, end: date | None, now: datetime) -> tuple[date, date]:
    """First and last day, the last thirty unless told; days are UTC's, as samples are. Raises Broken."""
    last = end or now.astimezone(UTC).date()
    first = begin or last - timedelta(days=USUAL - 1)
    if first > last:
        raise Broken("The first day is after the last: turn them round.")
    if (last - first).days >= LONGEST:
        raise Broken(f"At most {LONGEST} days at once: ask for the rest in a second file.")
    return first, last
