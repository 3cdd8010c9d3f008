"""What people are told of what others did: a notice in the portal, a mail, or a line in the daily mail.

Each kind has defaults, which a person may change; few kinds are mailed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from allauth.account.models import EmailAddress

from tenants import letters
from tenants.models import Notice, NoticeChoice, Team, User
from tenants.models.notice import ByMail


@dataclass(frozen=True, slots=True)
class Kind:
    """`label` stands in the settings; the others hold for whoever chose nothing else."""

    label: str
    by_mail: str = ByMail.NOW
    in_portal: bool = True


KINDS: Mapping[str, Kind] = {
    "invitation.accepted": Kind("Somebody accepted or declined my invitation", ByMail.NEVER),
    "request.asked": Kind("Somebody asks to join a team of mine"),
    "request.answered": Kind("An answer to my request to join a team"),
    "request.message": Kind("A message about a request to join"),
    "transfer.offered": Kind("Somebody offers me a team"),
    "transfer.answered": Kind("An answer to my offer of a team", ByMail.NEVER),
    "member.changed": Kind("Somebody changed my role in a team, or took me out", ByMail.NEVER),
    "team.suspended": Kind("A team of mine was suspended, or is open again"),
}


def tell(
    people: Iterable[User], *, kind: str, title: str, text: str = "", path: str = "", team: Team | None = None
) -> None:
    """Tells each of `people` once, as they chose; within the transaction of what they are told.

    `kind` is a key of KINDS, `path` a local address. Raises KeyError for an unknown kind.
    """
    defaults = KINDS[kind]
    told = {person.pk: person for person in people if person.is_active}
    chosen = {choice.person_id: choice for choice in NoticeChoice.objects.filter(person__in=told, kind=kind)}
    addresses = dict(
        EmailAddress.objects.filter(user__in=told, verified=True, primary=True).values_list("user_id", "email")
    )
    for pk, person in told.items():
        choice = chosen.get(pk)
        by_mail = choice.by_mail if choice else defaults.by_mail
        if choice.in_portal if choice else defaults.in_portal:
            daily = by_mail == ByMail.DAILY
            Notice.objects.create(
                person=person, kind=kind, title=title[:160], text=text[:1000], path=path, team=team, in_digest=daily
            )
        if by_mail == ByMail.NOW and pk in addresses:
            _mail(addresses[pk], kind=kind, title=title, text=text, path=path, team=team)


def _mail(to: str, *, kind: str, title: str, text: str, path: str, team: Team | None) -> None:
    context = {"title": title, "text": text, "path": path, "team": team}
    letters.write(to=to, kind=kind, subject=title, template="mail/notice", context=context, team=team)
