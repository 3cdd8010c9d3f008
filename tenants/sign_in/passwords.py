"""Who signs in with a password. Found or not, it costs two queries and one hash: the time tells nothing."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from tenants.models import User


class Passwords(AuthenticationBackend):
    """The one authentication backend. allauth's own hashes more often for a known address than for an unknown one."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """`credentials`: password, and username, email or both, as the sign-in form and `reauthenticate` give them."""
        password = credentials.get("password")
        if not password:
            return None
        user = named(str(credentials.get("username") or ""), str(credentials.get("email") or ""))
        if user is None:
            User().set_password(password)
            return None
        checked: User | None = self._check_password(user, password)
        return checked


def named(username: str, email: str) -> User | None:
    """Whom a sign-in means. Where the same text may be either, an address goes before a user name.

    Else somebody could take another's address as their name.
    """
    by_email = User.objects.filter(emailaddress__email=email.lower()).order_by("-emailaddress__verified", "pk").first()
    by_name = User.objects.filter(username__iexact=username).first()
    return by_email or by_name if username == email else by_name or by_email
