"""Tokens for scripts: 256 random bits, kept as a hash, shown once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from tenants import access, audit, rules
from tenants.errors import Invalid, NotFound
from tenants.live import events
from tenants.models import ApiToken, User
from tenants.services.wishes import clean

PREFIX = "berth_"
SHOWN = 12


def create_token(*, actor: User, name: str, scopes: Collection[str], days: int) -> tuple[ApiToken, str]:
    """A token of `actor` and its text, which is nowhere kept. `scopes` are keys of `access.SCOPES`; `days` 1 to 90.

    A token makes no tokens: a stolen one would outlive its end. Raises Invalid at name, scopes or days, Forbidden.
    """
    access.require(actor, "tokens.create", actor)
    name = clean("name", lambda: rules.token_name(name))
    days = clean("days", lambda: rules.token_days(days))
    unknown = sorted(set(scopes) - set(access.SCOPES))
    if unknown or not scopes:
        raise Invalid.at("scopes", f"Choose at least one of {', '.join(access.SCOPES)}.")
    text = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.objects.create(
            user=actor,
            name=name,
            prefix=text[:SHOWN],
            digest=digest(text),
            scopes=[scope for scope in access.SCOPES if scope in scopes],
            expires_at=timezone.now() + timedelta(days=days),
        )
        audit.record(actor=actor, action="token.create", thing=token, detail=f"{', '.join(token.scopes)}, {days} days")
    return token, text


def revoke_token(*, actor: User, token: ApiToken) -> ApiToken:
    """Ends a token at once; a second time changes nothing. Raises NotFound for another's."""
    access.require(actor, "tokens.own", actor)
    if token.user_id != actor.pk:
        raise NotFound("There is no such token.")
    with transaction.atomic():
        token = ApiToken.objects.select_for_update(no_key=True).get(pk=token.pk)
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
            audit.record(actor=actor, action="token.revoke", thing=token)
            events.announce(events.RightsChanged(user=actor.pk))
    return token


def revoke_all(*, actor: User) -> int:
    """Ends all tokens of the actor at once. Returns how many worked until now."""
    access.require(actor, "tokens.own", actor)
    with transaction.atomic():
        live = ApiToken.objects.select_for_update(no_key=True).filter(user=actor, revoked_at=None)
        ended = [token for token in live if token.live]
        ApiToken.objects.filter(pk__in=[token.pk for token in ended]).update(revoked_at=timezone.now())
        for token in ended:
            audit.record(actor=actor, action="token.revoke", thing=token)
        events.announce(events.RightsChanged(user=actor.pk))
    return len(ended)


def of_header(header: str) -> ApiToken | None:
    """The token of `Authorization: Bearer berth_…` (RFC 6750), as `live_token`."""
    scheme, _, text = header.partition(" ")
    text = text.strip()
    return live_token(digest(text)) if scheme.lower() == "bearer" and text.startswith(PREFIX) else None


def live_token(hashed: str) -> ApiToken | None:
    """The token with that digest, and its owner, read afresh. None when revoked, expired, or of a suspended account.

    The owner carries `token_scopes`, which `tenants.access` asks for.
    """
    found = ApiToken.objects.select_related("user").filter(digest=hashed).first()
    if found is None or not found.live or not found.user.is_active:
        return None
    found.user.token_scopes = tuple(found.scopes)
    return found


def digest(text: str) -> str:
    """What the database keeps of a token: SHA-256 in hex; 256 random bits need no salt."""
    return hashlib.sha256(text.encode()).hexdigest()
