"""One's own account as its pages and the API show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from tenants import rules
from tenants.models import ApiToken, User
from tenants.sign_in.sessions import SessionStore


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is signed in. `device` is what the browser says of itself, in words."""

    id: int
    device: str
    address: str
    since: datetime
    seen_at: datetime
    current: bool


def sessions(user: User, current: str | None = None) -> list[Place]:
    """Sessions that are alive, last seen first; `current` is the key of the one that asks. Two queries."""
    rows = {row.session_key: row for row in UserSession.objects.filter(user=user)}
    stored = Session.objects.filter(session_key__in=rows, expire_date__gt=timezone.now())
    alive = [rows[session.session_key] for session in stored if _belongs(session, user)]
    return sorted(
        (
            Place(
                row.pk,
                rules.device(row.user_agent),
                row.ip,
                row.created_at,
                row.last_seen_at,
                row.session_key == current,
            )
            for row in alive
        ),
        key=lambda place: (place.current, place.seen_at),
        reverse=True,
    )


def session(user: User, pk: int) -> UserSession | None:
    """One of the user's sessions."""
    return UserSession.objects.filter(user=user, pk=pk).first()


def factors(user: User) -> dict[str, Any]:
    """What opens an account beside the password: `app`, `passkeys`, `codes` (how many recovery codes are left)."""
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    codes = next((row for row in rows if row.type == Authenticator.Type.RECOVERY_CODES), None)
    return {
        "app": next((row for row in rows if row.type == Authenticator.Type.TOTP), None),
        "passkeys": [row for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        "codes": len(codes.wrap().get_unused_codes()) if codes else 0,
    }


def live_tokens(user: User) -> int:
    """How many tokens of the user work now."""
    return ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=timezone.now()).count()


def _belongs(stored: Session, user: User) -> bool:
    """Signed in with the password of now: a change of it ends the others."""
    return constant_time_compare(
        SessionStore().decode(stored.session_data).get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    )
