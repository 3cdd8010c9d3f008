"""Audit entries as they leave Berth: CSV for spreadsheets, JSON lines for programs, a batch at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tenants.models import AuditEntry

CSV, JSON_LINES = "text/csv", "application/x-ndjson"
COLUMNS = ("id", "at", "actor", "role", "door", "action", "outcome", "team", "target_noun", "target_id", "target",
           "changes", "detail", "address", "request_id", "position", "digest")  # fmt: skip
# What a spreadsheet takes for the begin of a formula (OWASP, CSV Injection), the wide forms that some take too.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Batches = Iterable[list[AuditEntry]]


def as_json_lines(batches: Batches) -> Iterator[bytes]:
    """A line each, with all that a digest is made of: whoever has the lines can check them without Berth."""
    for batch in batches:
        yield b"".join(json.dumps(_whole(entry), ensure_ascii=False).encode() + b"\n" for entry in batch)


def as_csv(batches: Batches) -> Iterator[bytes]:
    """A header and a line each; a cell that a spreadsheet would reckon begins with an apostrophe."""
    yield _csv_lines([dict(zip(COLUMNS, COLUMNS, strict=True))])
    for batch in batches:
        yield _csv_lines([_row(entry) for entry in batch])


FORMATS: Mapping[str, tuple[str, Callable[[Batches], Iterator[bytes]]]] = {
    "csv": (CSV, as_csv),
    "jsonl": (JSON_LINES, as_json_lines),
}
"""Name → media type, and who writes it."""


def plain(entry: AuditEntry) -> dict[str, Any]:
    """An entry's own fields, as all doors name them."""
    return {
        "id": entry.pk,
        "at": entry.at.isoformat(),
        "actor": entry.actor_name,
        "role": entry.role,
        "door": entry.door,
        "action": entry.action,
        "outcome": entry.outcome,
        "team": entry.team_slug,
        "target_noun": entry.target_noun,
        "target_id": entry.target_id,
        "target": entry.target,
        "changes": entry.changes,
        "detail": entry.detail,
        "address": entry.address,
        "request_id": entry.request_id,
    }


def _whole(entry: AuditEntry) -> dict[str, Any]:
    link = getattr(entry, "link", None)
    place = {"position": link.position, "previous": link.previous, "digest": link.digest} if link else None
    proof = {"nonce": str(entry.nonce), "stamp": entry.stamp, "chain": place}
    return plain(entry) | {"actor_id": entry.actor_id, "team_id": entry.team_id} | proof


def _row(entry: AuditEntry) -> dict[str, Any]:
    link = getattr(entry, "link", None)
    changes = json.dumps(entry.changes, ensure_ascii=False) if entry.changes else ""
    place = {"position": link.position if link else "", "digest": link.digest if link else ""}
    return plain(entry) | {"changes": changes} | place


def _csv_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([cell(row[column]) for column in COLUMNS] for row in rows)
    return out.getvalue().encode()


def cell(value: Any) -> str:
    """As a spreadsheet takes it for text: what it would reckon begins with an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULAS) else text
