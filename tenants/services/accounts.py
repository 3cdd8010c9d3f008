"""One's own account: profile, sessions, and its end. Passwords, addresses and second factors are allauth's flows."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tenants import access, audit, roles, rules
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Invitation, Membership, Team, User
from tenants.models.user import THEMES
from tenants.services import members, sessions
from tenants.services.wishes import clean, confirmed


def edit_profile(
    *,
    actor: User,
    name: str | None = None,
    time_zone: str | None = None,
    language: str | None = None,
    theme: str | None = None,
) -> User:
    """Changes what is given: `name` is what others see, `time_zone` an IANA name. Raises Invalid at the field."""
    access.require(actor, "account.edit", actor)
    wanted: dict[str, Any] = {
        "first_name": None if name is None else clean("name", lambda: rules.person_name(name)),
        "last_name": None if name is None else "",
        "time_zone": None if time_zone is None else clean("time_zone", lambda: rules.time_zone(time_zone)),
        "language": None if language is None else _one_of("language", language, dict(settings.LANGUAGES)),
        "theme": None if theme is None else _one_of("theme", theme, dict(THEMES)),
    }
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        changes = [
            {"field": field, "old": getattr(user, field), "new": value}
            for field, value in wanted.items()
            if value is not None and getattr(user, field) != value
        ]
        if not changes:
            return user
        for change in changes:
            setattr(user, change["field"], change["new"])
        user.save(update_fields=[change["field"] for change in changes])
        audit.record(actor=actor, action="account.edit", thing=user, changes=changes)
    return user


def end_session(*, actor: User, session: UserSession) -> None:
    """Signs the actor out somewhere, sockets included. Raises NotFound for another's session."""
    access.require(actor, "sessions.own", actor)
    if session.user_id != actor.pk:
        raise NotFound("There is no such session.")
    with transaction.atomic():
        sessions.end(UserSession.objects.filter(pk=session.pk), person=actor, actor=actor)


def end_other_sessions(*, actor: User, keep: str | None) -> int:
    """Signs the actor out everywhere but in the session with the key `keep`. Returns how many sessions ended."""
    access.require(actor, "sessions.own", actor)
    with transaction.atomic():
        others = UserSession.objects.exclude(session_key=keep or "")
        return sessions.end(others, person=actor, actor=actor)


def leave_site(*, actor: User, confirm: str) -> str:
    """Deletes the account with its memberships, tokens, sessions, second factors and what it invited; at once.

    `confirm` is the user name, which is returned. What the account made stays with its teams, and the audit log keeps
    its name. Raises Invalid at confirm; Conflict, code "last_owner", while a team has no other owner.
    """
    access.require(actor, "account.delete", actor)
    confirmed(actor.get_username(), confirm)
    with transaction.atomic():
        mine = Membership.objects.filter(user=actor)
        teams = list(
            Team.objects.select_for_update(of=("self",), no_key=True).filter(memberships__in=mine).order_by("pk")
        )
        alone = [team.name for team in roles.sole_owner_of(actor)]
        if alone:
            raise Conflict(
                f"You are the last owner of {', '.join(alone)}: make somebody else an owner, or delete the team.",
                code="last_owner",
            )
        for membership in mine.filter(team__deleting_since=None).select_related("team"):
            members.remove_member(actor=actor, membership=membership)
        Invitation.objects.filter(invited_by=actor, accepted_at=None, revoked_at=None).update(revoked_at=timezone.now())
        names = ", ".join(team.slug for team in teams)
        audit.record(actor=actor, action="account.delete", thing=actor, detail=f"was in {names}" if names else "")
        sessions.end(UserSession.objects.all(), person=actor, actor=actor)
        User.objects.get(pk=actor.pk).delete()
    return actor.get_username()


def _one_of(field: str, value: str, known: dict[str, str]) -> str:
    if value not in known:
        raise Invalid.at(field, f"One of {', '.join(known)}, please.")
    return value
