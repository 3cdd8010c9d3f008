"""Who must have a second factor, by the site's settings, and has none yet."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings

from tenants.models import Membership, Role

OWNERS, STAFF = "owners", "staff"


def missing(user: Any) -> bool:
    """Whether `user` may do nothing before a second factor is set up; asked anew each time, for roles change."""
    if not settings.REQUIRE_SECOND_FACTOR or not user.is_authenticated:
        return False
    return asked_of(user) and not has(user)


def has(user: Any) -> bool:
    """An authenticator app or a passkey; recovery codes alone are none."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists()


def asked_of(user: Any) -> bool:
    """Whether the site asks `user` for one, set up or not."""
    asked = settings.REQUIRE_SECOND_FACTOR
    if STAFF in asked and (user.is_site_staff or user.is_staff or user.is_superuser):
        return True
    return OWNERS in asked and Membership.objects.filter(user_id=user.pk, role=Role.OWNER).exists()
