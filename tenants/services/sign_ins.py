"""Audit lines of sign-ins that were refused, and of sign-outs.

Whoever measures answers must not learn who has an account: a name that is nobody's gets the same line, without the
name, which may well be a password that was typed into the wrong field.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.core.cache import cache

from tenants import audit
from tenants.models import User

AGAIN = 60
"""Seconds in which one name, or one person's second factor, is written down once, however often it is tried."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """Whom a name means that is nobody's here."""

    noun: str = "account"
    pk: str = ""

    def __str__(self) -> str:
        return "that is not there"


def refused(*, actor: User | None, person: User | None, why: str, typed: str) -> None:
    """Somebody was not signed in, or not taken for who they are again (then `actor` is signed in).

    `person` is whom the name means, None where it is nobody's; `typed` is what was typed, which is not kept.
    """
    key = hashlib.sha256(f"{why} {typed.strip().lower()}".encode()).hexdigest()
    if cache.add(f"sign-in-refused:{key}", 1, AGAIN):
        audit.record(
            actor=actor,
            machine="somebody",
            action="account.sign_in",
            outcome="denied",
            thing=person or Nobody(),
            detail=why,
        )


def signed_out(*, actor: User) -> None:
    """The actor ended the session of this browser."""
    audit.record(actor=actor, action="account.sign_out", thing=actor)
