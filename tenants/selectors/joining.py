"""Invitations and join requests as pages and calls list them: each list in a number of queries that does not grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from tenants import access
from tenants.errors import NotFound
from tenants.models import (
    Invitation,
    JoinMessage,
    JoinRequest,
    Membership,
    QuotaRequest,
    StaffRole,
    Team,
    Transfer,
    User,
)
from tenants.models.joining import RequestState
from tenants.roles import remember
from tenants.selectors import members, quota_requests

WAITING_SHOWN = 20


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """A pending invitation with its state in words; `kind` as for the template tag `state`."""

    invitation: Invitation
    kind: str
    words: str
    rest: str
    may_change: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for somebody: invitations and teams offered to them, requests of theirs, teams (with `asked`) where
    people ask, and quota requests of which changes are asked."""

    invitations: list[Invitation]
    requests: list[JoinRequest]
    teams: list[Any]
    offers: list[Transfer]
    quota: list[QuotaRequest]

    def __bool__(self) -> bool:
        return bool(self.invitations or self.requests or self.teams or self.offers or self.quota)


def invitations_of(team: Team) -> QuerySet[Invitation]:
    """The team's pending invitations, those that ran out included, newest first."""
    return _with_sender(Invitation.objects.filter(team=team, accepted_at=None, revoked_at=None))


def invitation_rows(viewer: User, team: Team, invitations: list[Invitation]) -> list[InvitationRow]:
    """`invitations` as rows of the page, for somebody who may change what is within their rank."""
    rows = []
    for invitation in invitations:
        kind, words, rest = state_of(invitation)
        may = access.may_grant(viewer, team, old=None, new=invitation.role)
        rows.append(InvitationRow(invitation, kind, words, rest, may))
    return rows


def state_of(invitation: Invitation) -> tuple[str, str, str]:
    """A pending invitation's state: kind, words, and what to do about it.

    Of one by user name it never says what became of the mail: that would tell whether the name is anybody's.
    """
    letter = invitation.letter
    if not invitation.live:
        return "off", "Ran out", "send it again"
    if not _holds(invitation):
        return "warn", "Void", "who sent it may not give this role any more: send it again"
    if invitation.username or letter is None or letter.sent_at is not None:
        return "waiting", "Waits for an answer", ""
    if letter.given_up_at is not None:
        return "bad", "Not delivered", letter.error
    if letter.attempts > 1 or letter.error:
        return "warn", "Mail waits", "the mail server does not take it now; it is tried again"
    return "busy", "Mail leaves now", ""


def invitation_of(team: Team, pk: UUID) -> Invitation:
    """Raises NotFound."""
    found = _with_sender(Invitation.objects.filter(team=team, pk=pk)).first()
    if found is None:
        raise NotFound("There is no such invitation.")
    return found


def invitations_for(user: User) -> list[Invitation]:
    """What somebody can accept now: for an address that they confirmed, or for their name."""
    addresses = [email.lower() for email in _confirmed(user)]
    found = Invitation.objects.filter(
        Q(email__in=addresses) | Q(person=user),
        accepted_at=None,
        revoked_at=None,
        expires_at__gt=timezone.now(),
        team__deleting_since=None,
    )
    return [one for one in _with_sender(found)[:WAITING_SHOWN] if _holds(one)]


def requests_of(team: Team, *, every: bool = False) -> QuerySet[JoinRequest]:
    """The team's open requests, oldest first; all of them, newest first, with `every`."""
    found = _told(JoinRequest.objects.filter(team=team))
    return found if every else found.filter(state=RequestState.OPEN).order_by("created_at")


def requests_by(user: User) -> QuerySet[JoinRequest]:
    """What somebody asked, newest first."""
    return _told(JoinRequest.objects.filter(person=user))


def adoptable(user: User) -> QuerySet[JoinRequest]:
    """Open requests that nobody in their team can answer, oldest first: for the site's support."""
    if user.staff_role != StaffRole.SUPPORT or not user.is_active:
        return JoinRequest.objects.none()
    managers = Membership.objects.managers().filter(team=OuterRef("team"))
    found = JoinRequest.objects.filter(~Exists(managers), state=RequestState.OPEN, team__deleting_since=None)
    return _told(found).order_by("created_at")


def request_of(user: User, pk: UUID, *, team: Team | None = None, own: bool = False) -> JoinRequest:
    """One's own, or of a team where one reads requests; of `team` alone, or one's `own` alone. Raises NotFound."""
    seen = Q(person=user) if own else Q(person=user) | Q(pk__in=JoinRequest.objects.visible_to(user).values("pk"))
    found = JoinRequest.objects.filter(seen, pk=pk)
    if team is not None:
        found = found.filter(team=team)
    request = found.select_related("team", "person", "decided_by").first()
    if request is None:
        raise NotFound("There is no such request.")
    return request


def with_thread(pk: UUID) -> JoinRequest:
    """A request as lists have it, and its messages with their authors."""
    messages = Prefetch("messages", JoinMessage.objects.select_related("author"))
    return _told(JoinRequest.objects.filter(pk=pk)).prefetch_related(messages).get()


def thread(request: JoinRequest) -> list[JoinMessage]:
    """All messages, oldest first."""
    return list(request.messages.select_related("author"))


def directory(user: User, text: str = "") -> QuerySet[Team]:
    """Teams that can be found, by name, each with `my_role` ("" for none) and `my_request` (an open one's id)."""
    found = Team.objects.filter(discoverable=True, deleting_since=None, suspended_at=None)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(slug__icontains=text) | Q(description__icontains=text))
    mine = Membership.objects.filter(team=OuterRef("pk"), user=user)
    asked = JoinRequest.objects.filter(team=OuterRef("pk"), person=user, state=RequestState.OPEN)
    return found.annotate(
        my_role=Subquery(mine.values("role")[:1]), my_request=Subquery(asked.values("pk")[:1])
    ).order_by("name", "slug")


def findable(user: User, slug: str) -> Team:
    """One of the directory. Raises NotFound."""
    found = directory(user).filter(slug=slug).first()
    if found is None:
        raise NotFound("There is no such team.")
    return found


def waiting_for(user: User) -> Waiting:
    """What stands on the home page of somebody who has something to answer."""
    open_in = Q(join_requests__state=RequestState.OPEN)
    asked = Team.objects.managed_by(user).annotate(asked=Count("join_requests", filter=open_in))
    return Waiting(
        invitations=invitations_for(user),
        requests=list(requests_by(user).filter(state=RequestState.OPEN)[:WAITING_SHOWN]),
        teams=list(asked.filter(asked__gt=0).order_by("name")),
        offers=members.offers_to(user),
        quota=quota_requests.answers_wanted(user),
    )


def _told(requests: QuerySet[JoinRequest]) -> QuerySet[JoinRequest]:
    """With team, person, the first message as `asked` and the number of the others as `replies`."""
    messages = JoinMessage.objects.filter(request=OuterRef("pk")).order_by("at", "pk")
    counted = messages.order_by().values("request").annotate(n=Count("pk")).values("n")
    return requests.select_related("team", "person", "decided_by").annotate(
        asked=Subquery(messages.values("text")[:1]),
        replies=Coalesce(Subquery(counted, output_field=IntegerField()), 1) - 1,
    )


def _with_sender(invitations: QuerySet[Invitation]) -> QuerySet[Invitation]:
    """With whoever sent it, and what they are in the team now as `sender_role`."""
    sender = Membership.objects.filter(team=OuterRef("team"), user=OuterRef("invited_by"))
    found = invitations.select_related("team", "invited_by", "letter")
    return found.annotate(sender_role=Subquery(sender.values("role")[:1]))


def _holds(invitation: Any) -> bool:
    """As `access.invitation_holds`, which then asks the database nothing."""
    sender = invitation.invited_by
    if sender is not None and hasattr(invitation, "sender_role"):
        remember(sender, invitation.team, invitation.sender_role or sender.staff_role)
    return access.invitation_holds(invitation)


def _confirmed(user: User) -> list[str]:
    return list(EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True))
