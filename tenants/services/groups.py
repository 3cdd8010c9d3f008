"""Roles that an organization's groups give: at each sign-in there they are given, changed and taken back.

Which group gives which role stands in the settings (OIDC). A membership that somebody gave by hand is never touched,
and the last owner of a team stays its owner until there is another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from tenants import audit, notices
from tenants.errors import Conflict
from tenants.models import JoinRequest, Membership, Notice, Role, StaffRole, Team, User
from tenants.models.joining import RequestState
from tenants.services import members

_log = structlog.get_logger(__name__)
RANKS = list(Role.values)
KEPT = "team.owner_kept"
# How often support is told of the same team.
TOLD_EVERY = timedelta(days=7)


def follow(*, actor: User, provider: str, groups: Collection[str] | None) -> None:
    """Gives `actor` what `groups` of `provider` give, and takes back what they do not give any more.

    Asked of: teams that the provider's groups name, and those that no provider's groups name any more. `groups` is None
    where the provider could not tell them all: nothing changes then.
    """
    if groups is None:
        _log.warning("groups_not_told", provider=provider, user=actor.get_username())
        return
    wanted = _roles(_mapping(provider), groups)
    ours = {slug for slug, _ in _mapping(provider).values()}
    others = {slug for one in settings.OIDC for slug, _ in _mapping(one).values()} - ours
    given = Q(memberships__user=actor, memberships__by_group=True) & ~Q(slug__in=others)
    with _at_sign_in(), transaction.atomic():
        teams = Team.objects.filter(Q(slug__in=wanted) | given, deleting_since=None).distinct().order_by("pk")
        for team in teams.values_list("pk", flat=True):
            _follow(actor, team, wanted)


def leave(*, actor: User, provider: str) -> None:
    """Takes back all that groups of `provider` gave: the account is not signed in through it any more."""
    follow(actor=actor, provider=provider, groups=())


def missing_teams() -> list[tuple[str, str, str]]:
    """Provider, group and team of each group in the settings whose team is not there."""
    named = [(one, group, slug) for one in settings.OIDC for group, (slug, _) in _mapping(one).items()]
    there = set(Team.objects.filter(slug__in={slug for *_, slug in named}).values_list("slug", flat=True))
    return [line for line in named if line[2] not in there]


def _mapping(provider: str) -> Mapping[str, tuple[str, str]]:
    found: Mapping[str, tuple[str, str]] = settings.OIDC.get(provider, {}).get("groups", {})
    return found


def _roles(mapping: Mapping[str, tuple[str, str]], groups: Collection[str]) -> dict[str, str]:
    """Team → the highest role that one of the groups gives in it."""
    found: dict[str, str] = {}
    for slug, role in (mapping[group] for group in groups if group in mapping):
        found[slug] = min(found.get(slug, role), role, key=RANKS.index)
    return found


def _follow(actor: User, pk: int, wanted: Mapping[str, str]) -> None:
    team = Team.objects.select_for_update(no_key=True).filter(pk=pk, deleting_since=None).first()
    if team is None:
        return
    role = wanted.get(team.slug)
    found = Membership.objects.select_for_update(no_key=True).filter(team=team, user=actor).first()
    if found is None:
        if role is not None:
            _give(actor, team, role)
        return
    if not found.by_group or found.role == role:
        return
    found.team = team
    try:
        members.keep_an_owner(found, "Make somebody else an owner first.")
    except Conflict:
        _kept(actor, team)
        return
    old = found.role
    if role is None:
        members.announce(actor, found, "member.group_leave", old=old, new=None)
        found.delete()
    else:
        found.role = role
        found.save(update_fields=["role"])
        members.announce(actor, found, "member.group_change", old=old, new=role)


def _give(actor: User, team: Team, role: str) -> None:
    membership = Membership.objects.create(team=team, user=actor, role=role, by_group=True)
    asked = JoinRequest.objects.filter(team=team, person=actor, state=RequestState.OPEN)
    asked.update(state=RequestState.ACCEPTED, role=role, decided_at=timezone.now())
    members.announce(actor, membership, "member.group_join", old=None, new=role)


def _kept(actor: User, team: Team) -> None:
    """The group is gone and the role stays: support is told, but not at each sign-in."""
    _log.warning("last_owner_kept", team=team.slug, user=actor.get_username())
    told = Notice.objects.filter(kind=KEPT, team=team, at__gte=timezone.now() - TOLD_EVERY)
    if told.exists():
        return
    notices.tell(
        User.objects.filter(staff_role=StaffRole.SUPPORT, is_active=True),
        kind=KEPT,
        title=f"{actor} stays the last owner of {team}",
        text="No group of the organization gives this role any more. Give the team another owner.",
        path=reverse("team_members", args=[team.slug]),
        team=team,
    )


@contextmanager
def _at_sign_in() -> Iterator[None]:
    token = audit.origin.set(replace(audit.origin.get(), door="sign-in"))
    try:
        yield
    finally:
        audit.origin.reset(token)
