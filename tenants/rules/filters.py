"""What people write into filters: words that are looked for, moments, and one thing by its number."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, tzinfo

from tenants.rules.broken import Broken

SHORTEST = 3
"""Letters of a word that is looked for: the index of a long log holds pieces of three."""
WORDS = 5
LONGEST = 40
_TARGET = re.compile(r"[a-z][a-z ]{0,22}:[\w-]{1,40}", re.ASCII)
WRONG = "Write a day, 2026-07-01, or a day and a time, 2026-07-01T09:30."


def words(text: str) -> str:
    """Up to five words of three letters or more; a long log cannot be searched for less."""
    found = text.split()
    if len(found) > WORDS:
        raise Broken(f"At most {WORDS} words at a time.")
    short = next((word for word in found if len(word) < SHORTEST), "")
    if short:
        raise Broken(f"“{short}” is too short: words of {SHORTEST} letters or more are found.")
    return " ".join(found)


def target(text: str) -> str:
    """One thing by noun and number: `app:12`."""
    if not _TARGET.fullmatch(text):
        raise Broken("Write what it is and its number: app:12.")
    return text


def moment(text: str, zone: tzinfo, *, end: bool = False) -> datetime:
    """ISO 8601; what names no zone is meant in `zone`. Of a day alone its begin, or the begin of the next at the `end`.

    >>> from datetime import UTC
    >>> moment("2026-07-01", UTC, end=True).isoformat()
    '2026-07-02T00:00:00+00:00'
    """
    text = text.strip()
    try:
        found = datetime.fromisoformat(text[:LONGEST])
        if len(text) <= 10 and end:
            found = datetime.combine(found.date() + timedelta(days=1), time())
        aware = found if found.tzinfo is not None else found.replace(tzinfo=zone)
        aware.astimezone(zone).utctimetuple()  # at the ends of the calendar there is no such moment elsewhere
    except (ValueError, OverflowError) as error:
        raise Broken(WRONG) from error
    if not 1970 <= aware.year <= 9000:
        raise Broken(WRONG)
    return aware
