"""The end of somebody's sessions: signed out, written down, and their sockets told."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from tenants import audit, rules
from tenants.live import events
from tenants.models import User


def end(sessions: QuerySet[UserSession], *, person: User, actor: User | None, machine: str = "") -> int:
    """Ends those of `person`, within the caller's transaction. Returns how many; where there are none nothing is said.

    `machine` names who did it where there is no actor.
    """
    found = list(sessions.filter(user=person))
    if found:
        Session.objects.filter(session_key__in=[session.session_key for session in found]).delete()
        UserSession.objects.filter(pk__in=[session.pk for session in found]).delete()
        places = "; ".join(f"{rules.device(session.user_agent)}, {session.ip}" for session in found)
        audit.record(actor=actor, machine=machine, action="session.end", thing=person, detail=places)
        events.announce(events.RightsChanged(user=person.pk))
    return len(found)
