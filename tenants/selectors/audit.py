"""Reading the audit log: as far as the viewer may, by what is wanted, newest first, a page or all of it at a time.

Pages are found by where the one before ended, not by counting rows: the thousandth costs as much as the first. What
words find is looked for among the nearest lines first, then in the rest by the index of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import F, Q, Value

from tenants import access
from tenants.errors import NotFound
from tenants.models import AuditEntry, Role, StaffRole, Team, User
from tenants.models.audit import AuditQuerySet, searchable

BATCH = 1_000
NEAR = 2_000
"""Lines that are looked through for words one by one: where a 40th of them has the words, a page is found there."""
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
    return _with_words(_narrowed(user, wanted, team), wanted)


def page(user: User, wanted: Wanted, team: Team | None = None, *, size: int, before: str = "", after: str = "") -> Page:
    """The newest `size` of the entries, or those next to a cursor: `before` it in time, or `after`. Raises NotFound."""
    rows = _narrowed(user, wanted, team)
    if after:
        found = _first(_after(rows, *_read(after)), wanted, size + 1, newest=False)
        more, found = len(found) > size, found[size - 1 :: -1]
        return Page(found, _cursor(found[-1]) if found else "", _cursor(found[0]) if found and more else "")
    if before:
        rows = _before(rows, *_read(before))
    found = _first(rows, wanted, size + 1, newest=True)
    more, found = len(found) > size, found[:size]
    return Page(found, _cursor(found[-1]) if more else "", _cursor(found[0]) if found and before else "")


def _narrowed(user: User, wanted: Wanted, team: Team | None) -> AuditQuerySet:
    """All that is wanted but the words. Raises Forbidden, or NotFound, where nothing of the team's log is theirs."""
    if team is not None:
        access.require(user, "audit.read_own", team)
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
    return rows.order_by("-at", "-pk")


def _with_words(rows: AuditQuerySet, wanted: Wanted) -> AuditQuerySet:
    for word in wanted.words.split():
        rows = rows.filter(words__contains=searchable(Value(word)))
    return rows


def _first(rows: AuditQuerySet, wanted: Wanted, count: int, *, newest: bool) -> list[AuditEntry]:
    """The first `count` of ordered `rows` that have the words.

    PostgreSQL cannot tell rare words from common ones, and would go through the whole log in order for a page of rare
    ones. So it goes through the nearest lines in order; the rest is ordered by a sum, which no index has, so that
    what narrows most is asked first. https://www.postgresql.org/docs/current/pgtrgm.html
    """
    said = _with_words(rows, wanted)
    last = rows.values_list("at", flat=True)[NEAR : NEAR + 1].first() if wanted.words else None
    if last is None:
        return list(said[:count])
    near, far = (Q(at__gte=last), Q(at__lt=last)) if newest else (Q(at__lte=last), Q(at__gt=last))
    found = list(said.filter(near)[:count])
    if len(found) == count:
        return found
    at = F("at") + timedelta(0)
    rest = said.filter(far).order_by(*((at.desc(), "-pk") if newest else (at.asc(), "pk")))
    return found + list(rest[: count - len(found)])


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
