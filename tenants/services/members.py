"""Members: who is what in a team. Nobody grants above their own rank, and a team keeps an owner."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from tenants import access, audit
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.live import events
from tenants.models import Membership, Role, Team, User
from tenants.services.wishes import lock_team


def add_member(*, actor: User, team: Team, username: str, role: str) -> Membership:
    """Adds somebody with an account. Raises Invalid at username or role, Conflict when they are in, Forbidden."""
    role = _role(role)
    _require(actor, team, old=None, new=role)
    with transaction.atomic():
        team = lock_team(team)
        _still_may(actor, team, old=None, new=role)
        user = User.objects.filter(username__iexact=username.strip(), is_active=True).first()
        if user is None:
            raise Invalid.at("username", "Nobody here has this user name: ask them for it, or to sign up first.")
        try:
            with transaction.atomic():
                membership = Membership.objects.create(team=team, user=user, role=role)
        except IntegrityError as error:
            message = f"{user} is a member already: change the role in the list."
            raise Conflict(message, code="member", fields={"username": message}) from error
        _told(actor, membership, "member.add", old=None, new=role)
    return membership


def change_role(*, actor: User, membership: Membership, role: str) -> Membership:
    """Raises Invalid at role, Conflict for the last owner, Forbidden above one's own rank."""
    role = _role(role)
    _require(actor, membership.team, old=membership.role, new=role)
    with transaction.atomic():
        membership = _lock(membership)
        old = membership.role
        _still_may(actor, membership.team, old=old, new=role)
        if old == role:
            return membership
        _keep_an_owner(membership, "Make somebody else an owner first.")
        membership.role = role
        membership.save(update_fields=["role"])
        _told(actor, membership, "member.change", old=old, new=role)
    return membership


def remove_member(*, actor: User, membership: Membership) -> None:
    """Removes somebody, or leaves: everybody may remove themselves but the last owner. Raises Conflict, Forbidden."""
    leaves = membership.user_id == actor.pk and access.can(actor, "team.leave", membership.team)
    if not leaves:
        _require(actor, membership.team, old=membership.role, new=None)
    with transaction.atomic():
        membership = _lock(membership)
        if not leaves:
            _still_may(actor, membership.team, old=membership.role, new=None)
        _keep_an_owner(membership, "Make somebody else an owner first, or delete the team.")
        _told(actor, membership, "member.leave" if leaves else "member.remove", old=membership.role, new=None)
        membership.delete()


def _lock(membership: Membership) -> Membership:
    team = lock_team(membership.team)
    found = Membership.objects.select_for_update(no_key=True).filter(pk=membership.pk).first()
    if found is None:
        raise NotFound("This person is not a member any more.")
    found.team = team
    return found


def _require(actor: User, team: Team, *, old: str | None, new: str | None) -> None:
    """Before the transaction, so that the line about a refusal stays in the audit log."""
    access.require(actor, "members.manage", team)
    if not access.may_grant(actor, team, old=old, new=new):
        audit.record(
            actor=actor,
            action="members.manage",
            thing=team,
            outcome="denied",
            detail=f"{old or 'none'} to {new or 'none'}",
        )
        raise _above_rank()


def _still_may(actor: User, team: Team, *, old: str | None, new: str | None) -> None:
    """Again under the team's lock, with the roles as they are now."""
    access.forget_roles(actor)
    if not access.may_grant(actor, team, old=old, new=new):
        raise _above_rank()


def _above_rank() -> Forbidden:
    return Forbidden("Admins manage developers and viewers; owners and admins are an owner's matter.")


def _role(text: str) -> str:
    if text not in Role.values:
        raise Invalid.at("role", f"One of {', '.join(Role.values)}, please.")
    return text


def _keep_an_owner(membership: Membership, what_to_do: str) -> None:
    if membership.role != Role.OWNER:
        return
    owners = membership.team.memberships.filter(role=Role.OWNER, user__is_active=True).exclude(pk=membership.pk)
    if not owners.exists():
        raise Conflict(f"{membership.user} is the last owner of {membership.team}. {what_to_do}", code="last_owner")


def _told(actor: User, membership: Membership, action: str, *, old: str | None, new: str | None) -> None:
    """Audit, pages and the member's own sockets."""
    team, user = membership.team, membership.user
    access.forget_roles(actor)
    audit.record(
        actor=actor,
        action=action,
        thing=team,
        changes=[{"field": "role", "old": old, "new": new}],
        detail=user.get_username(),
    )
    events.announce(events.RightsChanged(user=user.pk, team=team.pk))
    events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="members"))
