"""Who is what: the live role of somebody for a team, as rights and audit lines ask for it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from tenants.models import AuditEntry, Membership, Role, Team, User

LEFT = ("member.leave", "member.remove", "member.group_leave")
STRANGER_AFTER = timedelta(days=30)
"""So long after somebody was in a team they decide nothing about it: else one leaves, decides, and comes back."""


def role_in(user: User, team: Team) -> str:
    """The live role of `user` for `team`: a team role, a staff role, or "" for a stranger.

    Cached on the user for the length of a request; a membership wins over a staff role.
    """
    if not user.is_authenticated or not user.is_active:
        return ""
    roles: dict[int, str] = user.__dict__.setdefault("_roles", {})
    if team.pk not in roles:
        role = Membership.objects.filter(user=user, team=team).values_list("role", flat=True).first()
        roles[team.pk] = role or user.staff_role
    return roles[team.pk]


def roles_of(user: User) -> dict[int, str]:
    """Team id → role, of all that the user is a member of; `role_in` then asks the database no more about them."""
    roles = dict(Membership.objects.filter(user=user).values_list("team_id", "role"))
    user.__dict__.setdefault("_roles", {}).update(roles)
    return roles


def remember(user: User, team: Team, role: str) -> None:
    """What a query already knew: `role_in` asks the database no more about it."""
    user.__dict__.setdefault("_roles", {})[team.pk] = role


def left_lately(teams: Iterable[int], people: Iterable[int]) -> set[int]:
    """Which of these teams one of these people was in less than STRANGER_AFTER ago; all by primary key."""
    lines = AuditEntry.objects.filter(team_id__in=teams, target_noun="user", target_id__in=[str(pk) for pk in people])
    lately = lines.filter(action__in=LEFT, outcome="done", at__gte=timezone.now() - STRANGER_AFTER)
    return {team for team in lately.values_list("team_id", flat=True) if team is not None}


def sole_owner_of(user: User) -> list[Team]:
    """Teams that would be without an owner who can sign in if `user` left; those being deleted need none."""
    owned = Team.objects.filter(deleting_since=None, memberships__user=user, memberships__role=Role.OWNER)
    others = Membership.objects.filter(role=Role.OWNER, user__is_active=True).exclude(user=user)
    return list(owned.exclude(pk__in=others.values("team")).order_by("name", "pk"))


def forget_roles(user: User) -> None:
    """Drops what `role_in` remembers: long-lived sockets and verbs that change roles call it."""
    user.__dict__.pop("_roles", None)
