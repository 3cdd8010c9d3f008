"""What a wish takes of a quota and what it leaves, as the panel beside a form shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tenants.rules.quota import Preflight, Row
from tenants.rules.resources import heading, number, unit

OF_APP = ("cpu", "memory", "storage", "pods")
OF_VOLUME = ("storage", "claims")
OF_SECRET = ("secrets",)
AMOUNTS = ("cpu", "memory", "replicas", "size")
"""Fields of a form that say how much is wanted."""


@dataclass(frozen=True, slots=True)
class Remains:
    """One resource beside a form; `parts` are the rects of its bar."""

    name: str
    unit: str
    this: str
    surge: str
    remains: str
    short: str
    limit: str
    parts: tuple[dict[str, Any], ...]


def panel(
    found: Preflight, shown: tuple[str, ...] = OF_APP, errors: Mapping[str, Iterable[object]] | None = None
) -> dict[str, Any]:
    """Context of components/remains.html: those that are `shown`, and whatever else is short or taken by the class.

    `errors` are a form's, by field: no figures stand beside an amount that could not be read.
    """
    unread = [(heading(name), name, words) for name, words in _wrong(errors or {})]
    rows = tuple(_remains(row) for row in found.rows if row.resource in shown or row.short or _special(row))
    return {"remains": rows, "too_much": list(found.fields.values()), "notes": found.notes, "unread": unread}


def _wrong(errors: Mapping[str, Iterable[object]]) -> list[tuple[str, str]]:
    return [(name, " ".join(map(str, errors[name]))) for name in AMOUNTS if name in errors]


def _special(row: Row) -> bool:
    return bool(row.takes) and ":" in row.resource


def _remains(row: Row) -> Remains:
    whole = max(row.limit, row.others + row.takes, 1)
    at, parts = 0.0, []
    for kind, amount in (("other", row.others), ("this", row.this), ("surge", row.surge)):
        width = amount * 100 / whole
        parts.append({"kind": kind, "x": at, "width": width})
        at += width
    if row.short:
        start = max(0.0, 100 - row.short * 100 / whole)
        parts.append({"kind": "over", "x": start, "width": 100 - start})
    return Remains(
        name=heading(row.resource),
        unit=unit(row.resource)[0],
        this=number(row.resource, row.this),
        surge=f"+{number(row.resource, row.surge)}" if row.surge > 0 else "0",
        remains=number(row.resource, row.remains),
        short=number(row.resource, row.short) if row.short else "",
        limit=number(row.resource, row.limit),
        parts=tuple(parts),
    )
