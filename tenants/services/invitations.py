"""Invitations: a mail brings somebody into a team, as what the inviter may grant when it is accepted.

Nothing here tells whether an address or a user name has an account: an address is never looked up when somebody is
invited, and a name costs the same and shows the same whether or not it is anybody's. The token is 256 random bits,
kept as a hash, works once, and for the account alone that has the address confirmed or had the name.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeGuard

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from tenants import access, audit, letters, notices, rules
from tenants.errors import Conflict, DomainError, Invalid, NotFound, TooMany
from tenants.live import events
from tenants.models import Invitation, JoinRequest, Letter, Membership, Role, Team, User
from tenants.models.joining import InTeamQuerySet, RequestState
from tenants.services import pace
from tenants.services.ranks import require_grant, role_named, still_grants
from tenants.services.tokens import digest
from tenants.services.wishes import clean, lock_team

LETTER = "invitation"
# One answer for every invitation that cannot be accepted, whatever the reason.
DEAD = (
    "This invitation does not work. It was used or taken back, it ran out, or it is for somebody else. "
    "Ask whoever invited you to send it again."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one invitee. `code`: invited, or invalid, member, standing, too_many with `message`."""

    invitee: str
    invitation: Invitation | None = None
    code: str = "invited"
    message: str = ""


@pace.noted("invitations")
def invite(*, actor: User, team: Team, people: Sequence[str], role: str, note: str = "") -> list[Answer]:
    """Invites each of `people` (e-mail addresses or user names); each has an answer of its own, in their order.

    Raises Invalid at people, role or note, Forbidden above one's own rank, TooMany where nobody may be invited now.
    """
    role = role_named(role)
    note = clean("note", lambda: rules.note(note))
    wanted = _each_once(people)
    if not 0 < len(wanted) <= rules.INVITEES_MAX:
        raise Invalid.at("people", f"One to {rules.INVITEES_MAX} people at a time.")
    require_grant(actor, team, old=None, new=role)
    with transaction.atomic():
        team = lock_team(team)
        still_grants(actor, team, old=None, new=role)
        left = _left(team)
        if left == 0:
            raise _paced(team, "people")
        answers = []
        for one in wanted:
            answer = _invite(actor, team, one, role, note) if left > 0 else Answer(one, None, "too_many", _too_many())
            left -= answer.invitation is not None
            answers.append(answer)
        if any(answer.invitation for answer in answers):
            events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="invitations"))
    return answers


@pace.noted("invitations")
def resend(*, actor: User, invitation: Invitation) -> Invitation:
    """A new token and a new end, in the actor's name; the old token is dead. Raises Conflict, Forbidden, TooMany."""
    require_grant(actor, invitation.team, old=None, new=invitation.role)
    with transaction.atomic():
        team = lock_team(invitation.team)
        still_grants(actor, team, old=None, new=invitation.role)
        found = _lock_open(invitation, team)
        if _left(team) == 0:
            raise _paced(team)
        found.invited_by = actor
        _send(found, _address_of(found))
        audit.record(actor=actor, action="invitation.resend", thing=found)
        events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="invitations"))
    return found


def revoke(*, actor: User, invitation: Invitation) -> Invitation:
    """Its token is dead at once. Raises Conflict where it is used or revoked, Forbidden."""
    require_grant(actor, invitation.team, old=None, new=invitation.role)
    with transaction.atomic():
        team = lock_team(invitation.team)
        still_grants(actor, team, old=None, new=invitation.role)
        found = _lock_open(invitation, team)
        _close(found)
        audit.record(actor=actor, action="invitation.revoke", thing=found)
        events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="invitations"))
    return found


def by_token(text: str) -> Invitation | None:
    """The invitation with that token, whatever became of it."""
    return by_digest(digest(text.strip()))


def by_digest(hashed: str) -> Invitation | None:
    return _with_team().filter(digest=hashed).first()


def by_id(pk: object) -> Invitation | None:
    return _with_team().filter(pk=pk).first()


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether the account has the invitation's address confirmed, or had its user name when it was written."""
    addresses = set(EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True))
    if invitation.email:
        return invitation.email in {address.lower() for address in addresses}
    return invitation.person_id == user.pk


def works(invitation: Invitation | None) -> TypeGuard[Invitation]:
    """Whether somebody can accept it now: it is live, and whoever sent it may still grant its role."""
    if invitation is None or not invitation.live or invitation.team.deleting:
        return False
    return access.invitation_holds(invitation)


def accept(*, actor: User, invitation: Invitation | None) -> Membership:
    """Makes the actor a member; whoever is one already stays what they are, and the invitation is used.

    Raises NotFound with DEAD, and nothing else, for every invitation that is not theirs to accept, or none.
    """
    access.require(actor, "team.join", actor)
    membership = None
    if invitation is not None and is_for(invitation, actor) and works(invitation):
        with transaction.atomic():
            membership = _accept(actor, invitation)
    if membership is None:
        audit.record(actor=actor, action="invitation.accept", thing=actor, outcome="denied")
        raise NotFound(DEAD)
    return membership


def decline(*, actor: User, invitation: Invitation | None) -> None:
    """The invitation is over. Raises NotFound with DEAD as `accept` does."""
    access.require(actor, "team.join", actor)
    if invitation is None or not invitation.live or not is_for(invitation, actor):
        raise NotFound(DEAD)
    with transaction.atomic():
        team = lock_team(invitation.team)
        found = _lock_open(invitation, team)
        _close(found)
        audit.record(actor=actor, action="invitation.decline", thing=found)
        events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="invitations"))
        if found.invited_by:
            _tell_inviter(found, f"{found.invitee} declined your invitation to {team}")


def _each_once(people: Sequence[str]) -> list[str]:
    found: dict[str, str] = {}
    for one in people:
        found.setdefault(one.strip().lower(), one.strip())
    found.pop("", None)
    return list(found.values())


def _invite(actor: User, team: Team, text: str, role: str, note: str) -> Answer:
    try:
        invitee = rules.invitee(text)
    except rules.Broken as broken:
        return Answer(text, None, "invalid", broken.message)
    by_mail = "@" in invitee
    if not by_mail and team.memberships.filter(user__username__iexact=invitee).exists():
        return Answer(text, None, "member", "A member already: change the role in the list of members.")
    lookup = {"email": invitee} if by_mail else {"username__iexact": invitee}
    standing = Invitation.objects.filter(team=team, accepted_at=None, revoked_at=None, **lookup).first()
    if standing is not None and standing.live:
        return Answer(text, None, "standing", "Has an invitation already: send that one again.")
    if standing is not None:
        _close(standing)
    invitation = Invitation(team=team, role=role, note=note, invited_by=actor)
    if by_mail:
        invitation.email = invitee
    else:
        invitation.username = invitee
        invitation.person = User.objects.filter(username__iexact=invitee, is_active=True).first()
    _send(invitation, _address_of(invitation))
    audit.record(
        actor=actor,
        action="invitation.create",
        thing=invitation,
        changes=[{"field": "role", "old": None, "new": role}],
    )
    return Answer(text, invitation)


def _send(invitation: Invitation, to: str) -> None:
    """Gives it a token and an end, writes its letter, and saves it."""
    token = secrets.token_urlsafe(32)
    invitation.digest = digest(token)
    invitation.expires_at = timezone.now() + timedelta(days=settings.INVITATION_DAYS)
    inviter = invitation.invited_by
    invitation.letter = letters.write(
        to=to,
        kind=LETTER,
        subject=f"{inviter} invites you to {invitation.team} on {settings.SITE_NAME}",
        template="mail/invitation",
        context={"invitation": invitation, "team": invitation.team, "inviter": inviter, "token": token},
        team=invitation.team,
    )
    invitation.save()


def _address_of(invitation: Invitation) -> str:
    """Where the mail goes; "" for a name that is nobody's, at the same cost."""
    if invitation.email:
        return invitation.email
    confirmed = EmailAddress.objects.filter(user=invitation.person_id or 0, primary=True, verified=True)
    return confirmed.values_list("email", flat=True).first() or ""


def _accept(actor: User, invitation: Invitation) -> Membership | None:
    try:
        team = lock_team(invitation.team)
        found = _lock_open(invitation, team)
    except DomainError:
        return None
    if found.digest != invitation.digest or not works(found):
        return None
    found.accepted_at, found.accepted_by = timezone.now(), actor
    found.save(update_fields=["accepted_at", "accepted_by"])
    membership, joined = Membership.objects.get_or_create(team=team, user=actor, defaults={"role": found.role})
    role = {"field": "role", "old": None if joined else membership.role, "new": membership.role}
    audit.record(actor=actor, action="invitation.accept", thing=found, changes=[role])
    if joined:
        asked = JoinRequest.objects.filter(team=team, person=actor, state=RequestState.OPEN)
        asked.update(
            state=RequestState.ACCEPTED, role=found.role, decided_at=timezone.now(), decided_by=found.invited_by
        )
        _tell_inviter(found, f"{actor} is in {team} as {Role(found.role).label}")
    access.forget_roles(actor)
    events.announce(events.RightsChanged(user=actor.pk, team=team.pk))
    events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="members"))
    return membership


def _tell_inviter(invitation: Invitation, title: str) -> None:
    path = reverse("team_members", args=[invitation.team.slug])
    inviter = [invitation.invited_by] if invitation.invited_by else []
    notices.tell(inviter, kind="invitation.accepted", title=title, path=path, team=invitation.team)


def _lock_open(invitation: Invitation, team: Team) -> Invitation:
    """The row, locked and read again below its locked team. Raises Conflict where it is used or revoked."""
    rows = Invitation.objects.select_for_update(of=("self",), no_key=True).select_related("invited_by", "person")
    found = rows.filter(pk=invitation.pk).first()
    if found is None or not found.open:
        raise Conflict("This invitation is used or taken back already.", code="over")
    found.team = team
    return found


def _close(invitation: Invitation) -> None:
    invitation.revoked_at = timezone.now()
    invitation.save(update_fields=["revoked_at"])


def _left(team: Team) -> int:
    """How many mails of invitations the team may still cause within the hour; exact under the team's lock."""
    return pace.left(_mails(team), settings.INVITATIONS_PER_HOUR)


def _paced(team: Team, field: str = "") -> TooMany:
    return pace.too_many(field, _too_many(), _mails(team), settings.INVITATIONS_PER_HOUR)


def _mails(team: Team) -> QuerySet[Letter]:
    return Letter.objects.filter(team=team, kind=LETTER)


def _too_many() -> str:
    return f"A team invites at most {settings.INVITATIONS_PER_HOUR} people an hour: try again later."


def _with_team() -> InTeamQuerySet:
    return Invitation.objects.select_related("team", "invited_by")
