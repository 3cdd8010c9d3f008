"""Suspension of people and of teams by the site's support, with a reason that they are told, and its end.

A suspended person is signed out everywhere, their tokens answer 401, their sockets close. A suspended team is looked
at and not changed; what it runs goes on running. Nothing of either is lost.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from tenants import access, audit, letters, notices, rules
from tenants.errors import Conflict, Forbidden, NotFound
from tenants.live import events
from tenants.models import Team, User
from tenants.services import sessions
from tenants.services.wishes import clean, lock_team


def suspend_person(*, actor: User, person: User, reason: str) -> User:
    """Shuts somebody out at once. Raises Invalid at reason, Conflict where they are out, Forbidden for oneself."""
    access.require_site(actor, "people.suspend", person)
    reason = clean("reason", lambda: rules.reason(reason))
    if person.pk == actor.pk:
        raise Forbidden("Nobody suspends themselves: ask another of the support.")
    with transaction.atomic():
        person = _lock_person(actor, person)
        if not person.is_active:
            raise Conflict(f"{person} is suspended already.", code="suspended")
        person.is_active = False
        person.suspended_at, person.suspended_by, person.suspended_reason = timezone.now(), actor, reason
        person.save(update_fields=["is_active", "suspended_at", "suspended_by", "suspended_reason"])
        sessions.end(UserSession.objects.all(), person=person, actor=actor)
        _record(actor, "person.suspend", person, suspended=True, reason=reason)
        _write(person, "Your account is suspended", f"{reason}\n\nNothing in it is lost: ask the site’s staff.")
        events.announce(events.RightsChanged(user=person.pk))
    return person


def lift_person(*, actor: User, person: User) -> User:
    """Lets somebody in again; roles and tokens are what they were. Raises Conflict where they are not suspended."""
    access.require_site(actor, "people.suspend", person)
    with transaction.atomic():
        person = _lock_person(actor, person)
        if person.suspended_at is None:
            raise Conflict(f"{person} is not suspended.", code="not_suspended")
        person.is_active = True
        person.suspended_at, person.suspended_by, person.suspended_reason = None, None, ""
        person.save(update_fields=["is_active", "suspended_at", "suspended_by", "suspended_reason"])
        _record(actor, "person.lift", person, suspended=False)
        _write(person, "Your account is open again", "Sign in as before. Your roles and tokens are what they were.")
    return person


def suspend_team(*, actor: User, team: Team, reason: str) -> Team:
    """From now on nobody changes anything in the team; its apps run on. Raises Invalid at reason, Conflict, Gone."""
    access.require_site(actor, "teams.suspend", team)
    reason = clean("reason", lambda: rules.reason(reason))
    with transaction.atomic():
        team = lock_team(team, even_suspended=True)
        if team.suspended:
            raise Conflict(f"{team} is suspended already.", code="suspended")
        team.suspended_at, team.suspended_by, team.suspended_reason = timezone.now(), actor, reason
        _save_team(actor, team, "team.suspend", f"{team} is suspended", reason)
    return team


def lift_team(*, actor: User, team: Team) -> Team:
    """Its members change it again. Raises Conflict where it is not suspended, Gone."""
    access.require_site(actor, "teams.suspend", team)
    with transaction.atomic():
        team = lock_team(team, even_suspended=True)
        if not team.suspended:
            raise Conflict(f"{team} is not suspended.", code="not_suspended")
        team.suspended_at, team.suspended_by, team.suspended_reason = None, None, ""
        _save_team(actor, team, "team.lift", f"{team} is open again", "")
    return team


def _lock_person(actor: User, person: User) -> User:
    """The row, locked and read again with the actor's, so that two of the support never suspend each other.

    Raises NotFound; Forbidden where the actor lost the right meanwhile.
    """
    rows = User.objects.select_for_update(no_key=True).filter(pk__in={actor.pk, person.pk})
    found = {user.pk: user for user in rows.order_by("pk")}
    if person.pk not in found:
        raise NotFound("This account is gone.")
    mine = found.get(actor.pk)
    if mine is not None:
        mine.token_scopes = actor.token_scopes
    if mine is None or not access.can_site(mine, "people.suspend"):
        raise Forbidden("You are not of the site’s support any more.")
    return found[person.pk]


def _save_team(actor: User, team: Team, action: str, title: str, reason: str) -> None:
    team.save(update_fields=["suspended_at", "suspended_by", "suspended_reason", "updated_at"])
    _record(actor, action, team, suspended=team.suspended, reason=reason)
    events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="team"))
    managers = team.memberships.managers().select_related("user")
    path = reverse("team", args=[team.slug])
    people = [membership.user for membership in managers]
    notices.tell(people, kind="team.suspended", title=title, text=reason, path=path, team=team)


def _record(actor: User, action: str, thing: User | Team, *, suspended: bool, reason: str = "") -> None:
    change = {"field": "suspended", "old": not suspended, "new": suspended}
    audit.record(actor=actor, action=action, thing=thing, changes=[change], detail=reason)


def _write(person: User, title: str, text: str) -> None:
    """A mail, whatever they chose to be told of: whoever is suspended sees no page."""
    address = EmailAddress.objects.filter(user=person, primary=True, verified=True).values_list("email", flat=True)
    if to := address.first():
        context = {"title": title, "text": text, "path": ""}
        letters.write(to=to, kind="account.suspended", subject=title, template="mail/notice", context=context)
