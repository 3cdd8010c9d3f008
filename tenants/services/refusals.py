"""Audit lines of who was turned away at the door: a token that does not work, a limit that holds.

One a minute for each kind and who it was (an address, or somebody signed in), and so many a minute for each kind
altogether: whoever knocks from everywhere at once fills no log.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core.cache import cache

from tenants import audit
from tenants.models import Team, User

AGAIN = 60
"""Seconds in which one of a kind is written down once."""
MOST = 30
"""Lines of one kind within that time, from wherever; the last of them says that there were more."""


@dataclass(frozen=True, slots=True)
class _Door:
    noun: str
    name: str
    pk: str = ""

    def __str__(self) -> str:
        return self.name


def token(*, network: str | None) -> None:
    """A token that is unknown, revoked or expired came from that network. Nothing of it is kept."""
    _record("token.use", _Door("token", "that does not work"), network or "", None, None)


def limit(of: str, *, network: str | None = None, actor: User | None = None, team: Team | None = None) -> None:
    """A limit holds, `of` what (“sign-in”): for the actor, or for who is not signed in and comes from that network."""
    who = f"user {actor.pk}" if actor is not None else network or ""
    _record("limit.hold", _Door("limit", f"of {of}"), who, actor, team)


def _record(action: str, thing: _Door, who: str, actor: User | None, team: Team | None) -> None:
    kind = f"{action} {thing}"
    key = hashlib.sha256(f"{kind} {who}".encode()).hexdigest()
    if not cache.add(f"refusal:{key}", 1, AGAIN):
        return
    counted = f"refusals:{hashlib.sha256(kind.encode()).hexdigest()}"
    cache.add(counted, 0, AGAIN)
    try:
        number = cache.incr(counted)
    except ValueError:  # its minute ended just now
        number = 1
    if number > MOST:
        return
    detail = "and others within this minute, which are not told of" if number == MOST else ""
    audit.record(
        actor=actor, machine="somebody", action=action, outcome="denied", thing=thing, detail=detail, team=team
    )
