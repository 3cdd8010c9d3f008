"""Ownership that changes hands: an owner offers it to a member, who accepts or declines.

One offer is open at a time for each team. It holds while the giver is an owner who can sign in and the taker a member;
`members` ends it when a role of theirs changes otherwise.
"""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from tenants import access, audit, notices
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.live import events
from tenants.models import Membership, Role, Team, Transfer, User
from tenants.models.joining import RequestState
from tenants.services.wishes import lock_team

# What the giver may be afterwards.
KEEPS = (Role.ADMIN, Role.DEVELOPER, Role.VIEWER)


def offer(*, actor: User, team: Team, to: str, keeps: str = Role.ADMIN) -> Transfer:
    """Offers `team` to the member with the user name `to`; `keeps` is what the actor is when it is accepted.

    Raises Invalid at to or keeps, Conflict where an offer is open, Forbidden.
    """
    access.require(actor, "team.transfer", team)
    if keeps not in KEEPS:
        raise Invalid.at("keeps", f"One of {', '.join(KEEPS)}, please.")
    with transaction.atomic():
        team = lock_team(team)
        access.forget_roles(actor)
        if not access.can(actor, "team.transfer", team):
            raise Forbidden(f"You are not an owner of {team} any more.")
        taker = _taker(actor, team, to)
        standing = Transfer.objects.filter(team=team, state=RequestState.OPEN).select_related("taker").first()
        if standing is not None:
            raise Conflict(f"{team} is offered to {standing.taker} already: take that back first.", code="offered")
        transfer = Transfer.objects.create(team=team, giver=actor, taker=taker, keeps=keeps)
        audit.record(actor=actor, action="transfer.offer", thing=transfer, detail=f"keeps {keeps}")
        _changed(team)
        _tell(taker, transfer, "transfer.offered", f"{actor} offers you {team}", "You would own it. Accept or decline.")
    return transfer


def accept(*, actor: User, transfer: Transfer) -> Transfer:
    """The taker owns the team, the giver is what they keep. Raises NotFound for another’s, Conflict when it is over."""
    _require_taker(actor, transfer)
    with transaction.atomic():
        transfer = _lock_open(transfer)
        team = transfer.team
        rows = Membership.objects.select_for_update(no_key=True, of=("self",)).filter(team=team).select_related("user")
        both = rows.filter(user__in=(transfer.giver_id, transfer.taker_id)).order_by("pk")
        found = {membership.user_id: membership for membership in both}
        gives, takes = found.get(transfer.giver_id), found.get(transfer.taker_id)
        if gives is None or takes is None or gives.role != Role.OWNER or not gives.user.is_active:
            raise Conflict(f"{transfer.giver} cannot hand {team} over any more.", code="void")
        changes = [
            {"field": f"role of {takes.user}", "old": takes.role, "new": Role.OWNER.value},
            {"field": f"role of {gives.user}", "old": gives.role, "new": transfer.keeps},
        ]
        takes.role, takes.by_group, gives.role = Role.OWNER, False, transfer.keeps
        takes.save(update_fields=["role", "by_group"])
        gives.save(update_fields=["role"])
        audit.record(actor=actor, action="transfer.accept", thing=transfer, changes=changes)
        _decide(transfer, RequestState.ACCEPTED)
        for user in (takes.user, gives.user):
            access.forget_roles(user)
            events.announce(events.RightsChanged(user=user.pk, team=team.pk))
        access.forget_roles(actor)
        _tell(gives.user, transfer, "transfer.answered", f"{actor} owns {team} now", "")
    return transfer


def decline(*, actor: User, transfer: Transfer) -> Transfer:
    """All stays as it is. Raises NotFound for another's, Conflict where it is over."""
    _require_taker(actor, transfer)
    with transaction.atomic():
        transfer = _lock_open(transfer)
        audit.record(actor=actor, action="transfer.decline", thing=transfer)
        _decide(transfer, RequestState.DECLINED)
        _tell(transfer.giver, transfer, "transfer.answered", f"{actor} does not take {transfer.team}", "")
    return transfer


def withdraw(*, actor: User, transfer: Transfer) -> Transfer:
    """An owner takes the offer back. Raises Conflict where it is over, Forbidden, NotFound for a stranger."""
    access.require(actor, "team.transfer", transfer.team)
    with transaction.atomic():
        transfer = _lock_open(transfer)
        access.forget_roles(actor)
        if not access.can(actor, "team.transfer", transfer.team):
            raise Forbidden(f"You are not an owner of {transfer.team} any more.")
        audit.record(actor=actor, action="transfer.withdraw", thing=transfer)
        _decide(transfer, RequestState.WITHDRAWN)
    return transfer


def _taker(actor: User, team: Team, username: str) -> User:
    member = team.memberships.select_related("user").filter(user__username=username.strip()).first()
    if member is None:
        raise Invalid.at("to", f"Nobody of that name is in {team}: invite them first.")
    if member.user_id == actor.pk:
        raise Invalid.at("to", f"You own {team} already: choose another member.")
    if member.role == Role.OWNER:
        raise Invalid.at("to", f"{member.user} owns {team} already: give yourself another role in the list of members.")
    if not member.user.is_active:
        raise Invalid.at("to", f"{member.user} is suspended: choose another member.")
    return member.user


def _require_taker(actor: User, transfer: Transfer) -> None:
    access.require(actor, "team.join", actor)
    if transfer.taker_id != actor.pk:
        raise NotFound("There is no such offer.")


def _lock_open(transfer: Transfer) -> Transfer:
    """The row, locked and read again below its locked team. Raises Conflict where it is over."""
    team = lock_team(transfer.team)
    rows = Transfer.objects.select_for_update(of=("self",), no_key=True).select_related("giver", "taker")
    found = rows.filter(pk=transfer.pk).first()
    if found is None or found.state != RequestState.OPEN:
        raise Conflict("This offer is answered or taken back already.", code="decided")
    found.team = team
    return found


def _decide(transfer: Transfer, state: RequestState) -> None:
    transfer.state, transfer.decided_at = state, timezone.now()
    transfer.save(update_fields=["state", "decided_at"])
    _changed(transfer.team)


def _changed(team: Team) -> None:
    events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="members"))


def _tell(person: User, transfer: Transfer, kind: str, title: str, text: str) -> None:
    path = reverse("transfer", args=[transfer.pk])
    notices.tell([person], kind=kind, title=title, text=text, path=path, team=transfer.team)
