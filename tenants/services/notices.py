"""One's own notices: read, and which kinds one wants, where and how by mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from tenants import access, audit
from tenants.errors import Invalid, NotFound
from tenants.live import events
from tenants.models import Notice, NoticeChoice, Team, User
from tenants.models.notice import ByMail
from tenants.notices import DAILY, KINDS, read_link


@dataclass(frozen=True, slots=True)
class Wish:
    """How one wants a kind; None leaves it as it is. `by_mail` is of ByMail."""

    in_portal: bool | None = None
    by_mail: str | None = None


def mark_read(*, actor: User, notice: Notice) -> Notice:
    """One's own notice is read; a second time changes nothing. Raises NotFound for another's."""
    access.require(actor, "notices.own", actor)
    if notice.person_id != actor.pk:
        raise NotFound("There is no such notice.")
    with transaction.atomic():
        if Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=Now()):
            events.announce(events.Noticed(user=actor.pk))
    notice.refresh_from_db(fields=["read_at"])
    return notice


def mark_all_read(*, actor: User, team: Team | None = None) -> int:
    """All of one's notices are read, or those of a team. Returns how many were not."""
    access.require(actor, "notices.own", actor)
    with transaction.atomic():
        rows = Notice.objects.visible_to(actor).filter(read_at=None)
        if team is not None:
            rows = rows.filter(team=team)
        count = rows.update(read_at=Now())
        if count:
            events.announce(events.Noticed(user=actor.pk))
    return count


def choose(*, actor: User, wishes: Mapping[str, Wish], mails_paused: bool | None = None) -> User:
    """Changes what is given, by kind. Raises Invalid at a kind that is unknown, or that nobody turns down."""
    access.require(actor, "account.edit", actor)
    for kind, wish in wishes.items():
        _allowed(kind, wish)
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        held = {row.kind: row for row in NoticeChoice.objects.filter(person=person)}
        changes = [change for kind, wish in wishes.items() for change in _choose(person, kind, wish, held.get(kind))]
        if mails_paused is not None and mails_paused != person.mails_paused:
            changes.append({"field": "mails_paused", "old": person.mails_paused, "new": mails_paused})
            person.mails_paused = mails_paused
            person.save(update_fields=["mails_paused"])
            if mails_paused:
                Notice.objects.filter(person=person, in_digest=True).update(in_digest=False)
        if changes:
            audit.record(actor=actor, action="notices.choose", thing=person, changes=changes)
    return person


def turn_down(*, token: str) -> str:
    """What a link in a mail does: no more mails of its kind to its person; in the portal it stays as it was.

    Whoever holds the link may, signed in or not. Returns the kind, or DAILY. Raises NotFound for a link that Berth did
    not sign; one whose account is gone changes nothing.
    """
    found = read_link(token)
    if found is None:
        raise NotFound("This link leads nowhere.")
    pk, kind = found
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).filter(pk=pk).first()
        if person is not None:
            held = {row.kind: row for row in NoticeChoice.objects.filter(person=person)}
            kinds = [row.kind for row in held.values() if row.by_mail == ByMail.DAILY] if kind == DAILY else [kind]
            never = Wish(by_mail=ByMail.NEVER)
            changes = [change for name in kinds for change in _choose(person, name, never, held.get(name))]
            waiting = Notice.objects.filter(person=person, in_digest=True)
            (waiting if kind == DAILY else waiting.filter(kind=kind)).update(in_digest=False)
            if changes:
                audit.record(actor=person, action="notices.choose", thing=person, changes=changes, detail="by a link")
    return kind


def _allowed(kind: str, wish: Wish) -> None:
    known = KINDS.get(kind)
    if known is None:
        raise Invalid.at(kind, "There is no such kind of notice.")
    if known.secures:
        raise Invalid.at(kind, "This is always told: it guards your account.")
    if wish.by_mail is not None and wish.by_mail not in ByMail.values:
        raise Invalid.at(kind, f"One of {', '.join(ByMail.values)}, please.")


def _choose(person: User, kind: str, wish: Wish, held: NoticeChoice | None) -> list[dict[str, Any]]:
    """Saves one kind; what changed, for the audit log."""
    now = held or NoticeChoice(person=person, kind=kind, in_portal=KINDS[kind].in_portal, by_mail=KINDS[kind].by_mail)
    changes = []
    for name, new in (("in_portal", wish.in_portal), ("by_mail", wish.by_mail)):
        old = getattr(now, name)
        if new is not None and new != old:
            changes.append({"field": f"{kind}.{name}", "old": old, "new": new})
            setattr(now, name, new)
    if changes:
        now.save()
    return changes
