"""One's own notices: how many are unread, a page of them, what one chose to be told of and how."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from tenants.errors import NotFound
from tenants.models import Notice, NoticeChoice, Team, User
from tenants.notices import KINDS, Kind
from tenants.selectors import finding

SIZE = 25
MANY = 100
"""From so many on nobody counts."""

_CURSOR = re.compile(r"([01])-(\d{1,17})-(\d{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Page:
    """Notices, unread ones first, newest first; `older` is the cursor of the next page, "" on the last."""

    notices: list[Notice]
    older: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind as somebody has it; `chosen` False: by the kind's own defaults."""

    name: str
    kind: Kind
    in_portal: bool
    by_mail: str
    chosen: bool


def unread(user: User) -> int:
    """How many the viewer has not read, MANY at most: counting ends there."""
    return Notice.objects.visible_to(user).filter(read_at=None).order_by()[:MANY].count()


def listed(user: User, *, team: str = "", unread_only: bool = False) -> QuerySet[Notice]:
    """The viewer's notices, of the team with the slug if one is given."""
    rows = Notice.objects.visible_to(user).select_related("team")
    if team:
        rows = rows.filter(team__slug=team)
    if unread_only:
        rows = rows.filter(read_at=None)
    was_read = Case(When(read_at=None, then=Value(0)), default=Value(1), output_field=IntegerField())
    return rows.annotate(was_read=was_read).order_by("was_read", "-at", "-pk")


def page(rows: QuerySet[Notice], before: str = "", size: int = SIZE) -> Page:
    """The first `size` of them, or those after a cursor. Raises NotFound for a cursor that nobody gave."""
    if before:
        was_read, at, pk = _read(before)
        rows = rows.filter(
            Q(was_read__gt=was_read) | Q(was_read=was_read, at__lt=at) | Q(was_read=was_read, at=at, pk__lt=pk)
        )
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    return Page(found, _cursor(found[-1]) if more else "")


def one(user: User, pk: int) -> Notice:
    """One of the viewer's own. Raises NotFound."""
    found = Notice.objects.visible_to(user).filter(pk=pk).first() if pk < 2**63 else None
    if found is None:
        raise NotFound("There is no such notice.")
    return found


def teams(user: User) -> list[Team]:
    """Teams that the viewer has notices of, by name."""
    mine = Notice.objects.visible_to(user).order_by().values("team")
    return list(Team.objects.filter(pk__in=mine).order_by("name"))


def team(user: User, slug: str) -> Team:
    """One that the viewer sees, or was told of while they did. Raises NotFound."""
    told = next((team for team in teams(user) if team.slug == slug), None)
    return told or finding.team(user, slug)


def choices(user: User) -> list[Choice]:
    """Each kind as the viewer has it, in the order of the table; those of the site's staff for them alone."""
    chosen = {row.kind: row for row in NoticeChoice.objects.filter(person=user)}
    kinds = {name: kind for name, kind in KINDS.items() if user.is_site_staff or not kind.staff}
    return [_choice(name, kind, None if kind.secures else chosen.get(name)) for name, kind in kinds.items()]


def _choice(name: str, kind: Kind, row: NoticeChoice | None) -> Choice:
    if row is None:
        return Choice(name, kind, kind.in_portal, kind.by_mail, False)
    return Choice(name, kind, row.in_portal, row.by_mail, True)


def _cursor(notice: Notice) -> str:
    return f"{int(notice.read_at is not None)}-{(notice.at - _EPOCH) // timedelta(microseconds=1)}-{notice.pk}"


def _read(cursor: str) -> tuple[int, datetime, int]:
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise NotFound("There is no such page.")
    return int(found[1]), _EPOCH + timedelta(microseconds=int(found[2])), int(found[3])
