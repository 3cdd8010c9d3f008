"""Who calls: a token in the Authorization header, and nothing else.

Cookies are ignored, so that no page elsewhere can call with its reader's session.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NoReturn

from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from tenants import peer, presence
from tenants.errors import Forbidden
from tenants.models import ApiToken, User
from tenants.services import refusals
from tenants.services.tokens import PREFIX, digest, live_token
from tenants.sign_in import second_factor

# A token's last use is written at most so often: reading stays reading.
USE_NOTED = timedelta(minutes=1)
SET_UP = "This site asks you for a second factor: set one up in your account, then your tokens work again."
WRONG = "This token is unknown, revoked or expired: make a new one in the settings."


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer berth_…` (RFC 6750). The user carries `token_scopes`, which `tenants.access` asks for."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        scheme, _, text = header.partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text.startswith(PREFIX):
            raise AuthenticationFailed("Send the header “Authorization: Bearer berth_…” with a token of yours.")
        found = live_token(digest(text))
        if found is None:
            _refuse(request)
        if second_factor.missing(found.user):
            raise Forbidden(SET_UP, code="second_factor_required")
        _note_use(found)
        presence.note(found.user)
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Berth"'


def _refuse(request: Request) -> NoReturn:
    """Raises AuthenticationFailed; Throttled where too many failed from that address. Good ones are not slowed."""
    network = peer.network(request._request)
    limit = FailedTokens()
    if not limit.allow_request(request, None):  # type: ignore[arg-type]
        refusals.limit("tokens that do not work", network=network)
        raise Throttled(wait=limit.wait(), detail="Too many tokens that do not work came from this address.")
    refusals.token(network=network)
    raise AuthenticationFailed(WRONG)


class FailedTokens(SimpleRateThrottle):
    """How many calls with a token that does not work may come from one address."""

    def get_rate(self) -> str | None:
        return settings.FAILED_TOKENS_RATE

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"failed-tokens:{peer.network(request._request)}"


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_NOTED)
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
