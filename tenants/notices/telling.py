"""Telling somebody something, as they chose."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.account.models import EmailAddress

from tenants import letters
from tenants.live import events
from tenants.models import Notice, NoticeChoice, Team, User
from tenants.models.notice import ByMail
from tenants.notices.kinds import KINDS, Kind
from tenants.notices.links import turn_down_link


def tell(
    people: Iterable[User], *, kind: str, title: str, text: str = "", path: str = "", team: Team | None = None
) -> None:
    """Tells each of `people` once, as they chose; within the transaction of what they are told.

    `kind` is a key of KINDS, `path` a local address. Raises KeyError for an unknown kind.
    """
    defaults = KINDS[kind]
    told = {person.pk: person for person in people if person.is_active}
    chosen = {choice.person_id: choice for choice in NoticeChoice.objects.filter(person__in=told, kind=kind)}
    rows, mailed = [], []
    for pk, person in told.items():
        in_portal, by_mail = _wish(person, defaults, chosen.get(pk))
        if by_mail == ByMail.NOW:
            mailed.append(pk)
        daily = by_mail == ByMail.DAILY
        if in_portal or daily:
            words = {"title": title[:160], "text": text[:1000], "path": path}
            rows.append(Notice(person=person, kind=kind, team=team, in_portal=in_portal, in_digest=daily, **words))
        if in_portal:
            events.announce(events.Noticed(user=pk))
    Notice.objects.bulk_create(rows)
    context = {"title": title, "text": text, "path": path, "team": team}
    for pk, address in _addresses(mailed).items():
        link = turn_down_link(pk, kind)
        told_by_mail = {**context, "turn_down": link}
        letters.write(
            to=address,
            kind=kind,
            subject=title,
            template="mail/notice",
            context=told_by_mail,
            team=team,
            unsubscribe=link,
        )


def managers(team: Team, *, besides: User | None = None) -> list[User]:
    """Owners and admins who can act; without `besides`, who did it and knows."""
    found = team.memberships.managers()
    return [member.user for member in found.select_related("user") if member.user != besides]


def _wish(person: User, defaults: Kind, choice: NoticeChoice | None) -> tuple[bool, str]:
    """Whether in the portal, and how by mail. Of what secures the account the mail is written elsewhere."""
    if defaults.secures:
        return True, ByMail.NEVER
    in_portal = choice.in_portal if choice else defaults.in_portal
    by_mail = choice.by_mail if choice else defaults.by_mail
    return in_portal, ByMail.NEVER if person.mails_paused else by_mail


def _addresses(people: list[int]) -> dict[int, str]:
    """Person's key → the address that they confirmed and chose."""
    found = EmailAddress.objects.filter(user__in=people, verified=True, primary=True)
    return dict(found.values_list("user_id", "email")) if people else {}
