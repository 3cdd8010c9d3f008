"""Members of a team as its page and the API list them: a number of queries that does not grow with the members."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from tenants import access
from tenants.errors import NotFound
from tenants.models import AuditEntry, Invitation, Membership, Role, Team, Transfer, User
from tenants.models.joining import RequestState

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


@dataclass(frozen=True, slots=True)
class Row:
    """One member as the viewer may know and change them. `factor` is None where that is not the viewer's to know."""

    membership: Any
    mine: bool
    factor: bool | None
    may_change: bool
    may_remove: bool


@dataclass(frozen=True, slots=True)
class Ends:
    """What ends when somebody leaves a team, or is taken out of it."""

    last_owner: bool
    invitations: list[Invitation] = field(default_factory=list)
    offer: Transfer | None = None
    script: datetime | None = None
    """When a token of theirs last did something in the team, as its audit log knows."""


def listed(team: Team, text: str = "", role: str = "") -> QuerySet[Membership]:
    """Owners first, then by name; those whose name has `text`. Each has `factor` beside its own columns."""
    rank = Case(*(When(role=role, then=Value(at)) for at, role in enumerate(Role.values)), output_field=IntegerField())
    found = team.memberships.select_related("user", "team").annotate(factor=has_factor("user"), rank=rank)
    if text:
        user = (f"user__{column}__icontains" for column in ("username", "first_name", "last_name"))
        found = found.filter(_any(Q(**{column: text}) for column in user))
    if role in Role.values:
        found = found.filter(role=role)
    return found.order_by("rank", "user__username")


def has_factor(user: str) -> Exists:
    """Whether whom the column `user` names has an authenticator app or a passkey; codes alone are none."""
    return Exists(Authenticator.objects.filter(user=OuterRef(user), type__in=FACTORS))


def rows(viewer: User, team: Team, memberships: Iterable[Any]) -> list[Row]:
    """`memberships` of `listed` for a page of the viewer's."""
    inspects = access.can(viewer, "members.inspect", team)
    leaves = access.can(viewer, "team.leave", team)
    found = []
    for membership in memberships:
        mine = membership.user_id == viewer.pk
        may = not membership.by_group and access.may_grant(viewer, team, old=membership.role, new=None)
        factor = membership.factor if inspects or mine else None
        found.append(Row(membership, mine, factor, may, (mine and leaves) or may))
    return found


def member(viewer: User, team: Team, pk: int) -> Row:
    """One of them. Raises NotFound."""
    found = listed(team).filter(pk=pk)[:1]
    if not found:
        raise NotFound("This person is not a member.")
    return rows(viewer, team, found)[0]


def ends(membership: Membership) -> Ends:
    """What the page says before somebody goes."""
    team, user = membership.team, membership.user
    owners = team.memberships.filter(role=Role.OWNER, user__is_active=True).exclude(pk=membership.pk)
    scripts = AuditEntry.objects.filter(team=team, actor=user, door="api", outcome="done").order_by("-at", "-pk")
    offers = Transfer.objects.filter(Q(giver=user) | Q(taker=user), team=team, state=RequestState.OPEN)
    invited = Invitation.objects.filter(team=team, invited_by=user, accepted_at=None, revoked_at=None)
    return Ends(
        last_owner=membership.role == Role.OWNER and not owners.exists(),
        invitations=list(invited[:20]),
        offer=offers.select_related("giver", "taker").first(),
        script=scripts.values_list("at", flat=True).first(),
    )


def offer_of(team: Team) -> Transfer | None:
    """The open offer of the team's ownership."""
    return Transfer.objects.filter(team=team, state=RequestState.OPEN).select_related("giver", "taker").first()


def offers_to(user: User) -> list[Transfer]:
    """Teams that somebody offers to `user`."""
    found = Transfer.objects.filter(taker=user, state=RequestState.OPEN, team__deleting_since=None)
    return list(found.select_related("team", "giver"))


def transfer(user: User, pk: UUID) -> Transfer:
    """Raises NotFound, for strangers too."""
    rows = Transfer.objects.visible_to(user).select_related("team", "giver", "taker")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such offer.")
    return found


def transfers(user: User) -> QuerySet[Transfer]:
    """Those that somebody offered or was offered, newest first."""
    mine = Transfer.objects.visible_to(user).filter(Q(giver=user) | Q(taker=user))
    return mine.select_related("team", "giver", "taker")


def takers(team: Team, viewer: User) -> list[tuple[str, str]]:
    """Members to whom the viewer can offer the team: (user name, name in words); at most 1,000."""
    found = team.memberships.exclude(role=Role.OWNER).filter(user__is_active=True).exclude(user=viewer)
    people = found.select_related("user").order_by("user__username")[:1000]
    return [(one.user.get_username(), f"{one.user.get_username()}, {Role(one.role).label}") for one in people]


def _any(parts: Iterable[Q]) -> Q:
    found = Q()
    for part in parts:
        found |= part
    return found
