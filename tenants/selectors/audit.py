"""Reading the audit log: as far as the viewer may, by what is wanted, newest first, a page or all of it at a time.

Pages are found by where the one before ended, not by counting rows: the thousandth costs as much as the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Q

from tenants.errors import NotFound
from tenants.models import AuditEntry, Role, StaffRole, Team, User
from tenants.models.audit import AuditQuerySet

BATCH = 1_000
DOORS = {
    "page": "page",
    "api": "API",
    "socket": "live page",
    "task": "worker",
    "command": "command line",
    "observer": "observer",
    "sign-in": "a sign-in",
}
OUTCOMES = {"done": "done", "denied": "refused", "failed": "failed"}
ROLES = {role.value: str(role.label) for role in (*Role, *StaffRole) if role.value}

_CURSOR = re.compile(r"(\d{1,17})-(\d{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader looks for; "" and None want everything. `target` is "noun:id", `words` are looked for anywhere."""

    words: str = ""
    who: str = ""
    role: str = ""
    door: str = ""
    action: str = ""
    outcome: str = ""
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first; `older` and `newer` are cursors of the pages beside this one, "" where there is none."""

    entries: list[AuditEntry]
    older: str
    newer: str


def entry(user: User, pk: int) -> AuditEntry:
    """One entry that the viewer may see. Raises NotFound."""
    found = AuditEntry.objects.visible_to(user).filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise NotFound("There is no such entry.")
    return found


def entries(user: User, wanted: Wanted, team: Team | None = None) -> AuditQuerySet:
    """What `user` may see of `team`'s log, or of the whole site's, and wants. Newest first."""
    rows = AuditEntry.objects.visible_to(user)
    if team is not None:
        rows = rows.filter(team=team)
    exact = {name: getattr(wanted, name) for name in ("role", "door", "action", "outcome") if getattr(wanted, name)}
    rows = rows.filter(**exact)
    if wanted.who:
        rows = rows.filter(actor_name__iexact=wanted.who)
    if wanted.target:
        noun, _, pk = wanted.target.partition(":")
        rows = rows.filter(target_noun=noun, target_id=pk)
    if wanted.since is not None:
        rows = rows.filter(at__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(at__lt=wanted.until)
    for word in wanted.words.split():
        rows = rows.filter(words__icontains=word)
    return rows.order_by("-at", "-pk")


def page(rows: AuditQuerySet, size: int, *, before: str = "", after: str = "") -> Page:
    """The newest `size` of `rows`, or those next to a cursor: `before` it in time, or `after`. Raises NotFound."""
    if after:
        found = list(_after(rows, *_read(after))[: size + 1])
        more, found = len(found) > size, found[size - 1 :: -1]
        return Page(found, _cursor(found[-1]) if found else "", _cursor(found[0]) if found and more else "")
    if before:
        rows = _before(rows, *_read(before))
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    return Page(found, _cursor(found[-1]) if more else "", _cursor(found[0]) if found and before else "")


def all_of(rows: AuditQuerySet) -> Iterator[list[AuditEntry]]:
    """Everything, with each entry's place in the chain, a batch in memory at a time."""
    rows = rows.select_related("link")
    batch = list(rows[:BATCH])
    while batch:
        yield batch
        last = batch[-1]
        batch = list(_before(rows, last.at, last.pk)[:BATCH]) if len(batch) == BATCH else []


def actions() -> list[str]:
    """All actions that ever were, by hopping from one to the next in their index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE hop(action) AS ("
            " SELECT min(action) FROM tenants_auditentry UNION ALL"
            " SELECT (SELECT min(action) FROM tenants_auditentry WHERE action > hop.action)"
            " FROM hop WHERE hop.action IS NOT NULL"
            ") SELECT action FROM hop WHERE action IS NOT NULL"
        )
        return [str(action) for (action,) in cursor.fetchall()]


def say(action: str) -> str:
    """`app.roll_back` → `app: roll back`."""
    noun, _, verb = action.partition(".")
    return f"{noun}: {verb.replace('_', ' ')}" if verb else noun


def _before(rows: AuditQuerySet, at: datetime, pk: int) -> AuditQuerySet:
    """The first condition is what an index is asked for, the second is exact."""
    return rows.filter(Q(at__lt=at) | Q(pk__lt=pk), at__lte=at)


def _after(rows: AuditQuerySet, at: datetime, pk: int) -> AuditQuerySet:
    return rows.filter(Q(at__gt=at) | Q(pk__gt=pk), at__gte=at).order_by("at", "pk")


def _cursor(entry: AuditEntry) -> str:
    return f"{(entry.at - _EPOCH) // timedelta(microseconds=1)}-{entry.pk}"


def _read(cursor: str) -> tuple[datetime, int]:
    found = _CURSOR.fullmatch(cursor)
    try:
        if found is not None:
            return _EPOCH + timedelta(microseconds=int(found[1])), int(found[2])
    except OverflowError:
        pass
    raise NotFound("There is no such page.")
