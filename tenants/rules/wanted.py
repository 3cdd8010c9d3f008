"""What a request for quota may ask for: amounts, its reason, its last day; and how it is said. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tenants.rules import people
from tenants.rules.broken import Broken
from tenants.rules.resources import say, title

DAYS_MAX = 3660
"""The longest time that a raise may be asked for, in days; longer is for good."""


def wanted(resource: str, most: int, *, limit: int, standing: int) -> int:
    """A limit that may be asked for, where `standing` is what is left once a raise that runs now has ended.

    Raises Broken for what is no raise: less than `limit`, or as much while no raise runs.
    """
    if most > limit or (most == limit and limit > standing):
        return most
    has = say(resource, limit)
    if most == limit:
        raise Broken(f"It has {has} already: ask for more, or leave it empty.")
    raise Broken(f"It has {has}: give some back on the page “Lower”, no request is needed.")


def reason(text: str) -> str:
    """Why more is needed, 1 to 1000 characters: it is what whoever decides reads."""
    if not text.strip():
        raise Broken("Say why: it is what whoever decides reads.")
    return people.message(text)


def until(day: date | None, today: date) -> date | None:
    """The last day of a raise for a time, `today` at the earliest; None: for good."""
    if day is None:
        return None
    if day < today:
        raise Broken("This day is over: choose a later one.")
    if (day - today).days >= DAYS_MAX:
        raise Broken("At most ten years: for longer, ask for good.")
    return day


def day(text: str) -> date | None:
    """A day as forms and scripts write it, `2027-01-08`; None where nothing is written."""
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise Broken("Write the day as 2027-01-08.") from None


def words(asked: Mapping[str, tuple[int, int]], last: date | None = None) -> str:
    """Resource → (limit before, wanted limit), in words.

    >>> words({"pods": (20, 40)}, date(2027, 1, 8))
    'pods from 20 to 40 pods, until 8 Jan 2027'
    """
    parts = [
        f"{title(resource)} from {_bare(resource, before)} to {say(resource, most)}"
        if before != most
        else f"{title(resource)} still {say(resource, most)}"
        for resource, (before, most) in asked.items()
    ]
    return ", ".join([*parts, *([f"until {last:%-d %b %Y}"] if last else [])])


def _bare(resource: str, most: int) -> str:
    """Without the noun where the amount after it has it."""
    said = say(resource, most)
    return said.removesuffix(f" {title(resource)}")
