"""Members: who is what in a team. Nobody grants above their own rank, and a team keeps an owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from tenants import access, audit, notices
from tenants.errors import Conflict, DomainError, Invalid, NotFound
from tenants.live import events
from tenants.models import Membership, Role, Team, Transfer, User
from tenants.models.joining import RequestState
from tenants.services.ranks import require_grant, role_named, still_grants
from tenants.services.wishes import lock_team

AT_ONCE_MAX = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one of several. `code` is "done", or an error's with its `message`."""

    username: str
    code: str = "done"
    message: str = ""

    @property
    def done(self) -> bool:
        return self.code == "done"


def change_role(*, actor: User, membership: Membership, role: str) -> Membership:
    """Raises Invalid at role, Conflict for the last owner or a role by group, Forbidden above one's own rank."""
    role = role_named(role)
    require_grant(actor, membership.team, old=membership.role, new=role)
    with transaction.atomic():
        membership = _lock(membership)
        old = membership.role
        still_grants(actor, membership.team, old=old, new=role)
        if old == role:
            return membership
        _by_hand_alone(membership)
        keep_an_owner(membership, "Make somebody else an owner first.")
        membership.role = role
        membership.save(update_fields=["role"])
        announce(actor, membership, "member.change", old=old, new=role)
        if membership.user_id != actor.pk:
            _tell(membership, f"You are {Role(role).label} in {membership.team} now", f"{actor} changed your role.")
    return membership


def remove_member(*, actor: User, membership: Membership) -> None:
    """Removes somebody, or leaves: everybody may remove themselves but the last owner, from a suspended team too.

    Raises Conflict for the last owner or a role by group, Forbidden above one's own rank.
    """
    leaves = membership.user_id == actor.pk and access.can(actor, "team.leave", membership.team)
    if not leaves:
        require_grant(actor, membership.team, old=membership.role, new=None)
    with transaction.atomic():
        membership = _lock(membership, even_suspended=leaves)
        if not leaves:
            still_grants(actor, membership.team, old=membership.role, new=None)
            _by_hand_alone(membership)
        keep_an_owner(membership, "Make somebody else an owner first, or delete the team.")
        announce(actor, membership, "member.leave" if leaves else "member.remove", old=membership.role, new=None)
        if not leaves:
            _tell(membership, f"You are not in {membership.team} any more", f"{actor} took you out.", path="")
        membership.delete()


def change_many(*, actor: User, team: Team, usernames: Sequence[str], role: str | None) -> list[Answer]:
    """Gives several members `role`, or takes them out where it is None; what is allowed is done, each has an answer.

    In the order of `usernames`. Raises Invalid at role or members, Forbidden for whoever manages nobody.
    """
    role = role if role is None else role_named(role)
    wanted = list(dict.fromkeys(name.strip() for name in usernames if name.strip()))
    if not 0 < len(wanted) <= AT_ONCE_MAX:
        raise Invalid.at("members", f"Choose one to {AT_ONCE_MAX} members.")
    access.require(actor, "members.manage", team)
    found = team.memberships.filter(user__username__in=wanted).select_related("user", "team")
    members = {member.user.get_username(): member for member in found}
    return [_change_one(actor, name, members.get(name), role) for name in wanted]


def keep_an_owner(membership: Membership, what_to_do: str) -> None:
    """Raises Conflict, code "last_owner", where nobody else who can sign in owns the team."""
    if membership.role != Role.OWNER:
        return
    owners = membership.team.memberships.filter(role=Role.OWNER, user__is_active=True).exclude(pk=membership.pk)
    if not owners.exists():
        raise Conflict(f"{membership.user} is the last owner of {membership.team}. {what_to_do}", code="last_owner")


def announce(actor: User, membership: Membership, action: str, *, old: str | None, new: str | None) -> None:
    """Audit, pages and the member's own sockets; an offer of the team that rested on the old role is over."""
    team, user = membership.team, membership.user
    access.forget_roles(actor)
    audit.record(
        actor=actor,
        action=action,
        thing=user,
        team=team,
        changes=[{"field": "role", "old": old, "new": new}],
    )
    rested = Q(taker=user) if old != Role.OWNER else Q(giver=user)
    if new is None or Role.OWNER in (old, new):
        offers = Transfer.objects.filter(rested, team=team, state=RequestState.OPEN)
        offers.update(state=RequestState.WITHDRAWN, decided_at=timezone.now())
    events.announce(events.RightsChanged(user=user.pk, team=team.pk))
    events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="members"))


def _change_one(actor: User, username: str, membership: Membership | None, role: str | None) -> Answer:
    if membership is None:
        return Answer(username, "not_found", "is no member")
    try:
        if role is None:
            remove_member(actor=actor, membership=membership)
        else:
            change_role(actor=actor, membership=membership, role=role)
    except DomainError as error:
        return Answer(username, error.code, error.message)
    return Answer(username)


def _lock(membership: Membership, *, even_suspended: bool = False) -> Membership:
    team = lock_team(membership.team, even_suspended=even_suspended)
    found = Membership.objects.select_for_update(no_key=True).filter(pk=membership.pk).first()
    if found is None:
        raise NotFound("This person is not a member any more.")
    found.team = team
    return found


def _by_hand_alone(membership: Membership) -> None:
    """What an organization's sign-in gave, it alone takes back: by hand it would return with the next sign-in."""
    if membership.by_group:
        raise Conflict(
            f"{membership.user} is here by a group of your organization: change the group where it is kept.",
            code="by_group",
        )


def _tell(membership: Membership, title: str, text: str, *, path: str | None = None) -> None:
    team = membership.team
    path = reverse("team", args=[team.slug]) if path is None else path
    notices.tell([membership.user], kind="member.changed", title=title, text=text, path=path, team=team)
