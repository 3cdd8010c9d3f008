"""Who may come in without the organization's sign-in: by password or passkey, and with a new account of their own.

Both are settings of the site (SIGN_UP, LOCAL_SIGN_IN). Who was invited by mail may always make the account for that
address, unless nobody signs in here by password at all (docs/decisions/0011-who-may-sign-up.md).
"""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

# Where the session keeps a pass: somebody who is let in by password although nobody else is, for a few minutes.
PASS = "local_sign_in"  # noqa: S105
PASS_SECONDS = 15 * 60
_SALT = "tenants.sign_in.entrance"
INVITED = "account_verified_email"


def local_sign_in(request: HttpRequest) -> bool:
    """Whether this browser may sign in by password or passkey."""
    return bool(settings.LOCAL_SIGN_IN or holder(request.session.get(PASS, "")))


def may_sign_in(request: HttpRequest, username: str) -> bool:
    """Whether `username` may sign in here by password or passkey: everybody, or the pass's holder alone."""
    return bool(settings.LOCAL_SIGN_IN or holder(request.session.get(PASS, "")) == username)


def sign_up(request: HttpRequest) -> bool:
    """Whether this browser is shown the form for a new account."""
    return settings.LOCAL_SIGN_IN and (settings.SIGN_UP is not False or bool(invited(request)))


def may_sign_up(request: HttpRequest, email: str) -> bool:
    """Whether an account may be made for that address: it was invited, or the site takes it from everybody."""
    if settings.SIGN_UP is True or email.lower() == invited(request):
        return True
    return email.lower().rpartition("@")[2] in (settings.SIGN_UP or ())


def invited(request: HttpRequest) -> str:
    """The address whose invitation this browser holds, or ""."""
    return str(request.session.get(INVITED) or "").lower()


def make_pass(username: str) -> str:
    """Lets `username` sign in by password for a quarter of an hour, where it is shut; password and factors hold."""
    return signing.dumps(username, salt=_SALT)


def holder(text: str) -> str:
    """Whose pass it is, or "" where it is none or too old."""
    try:
        return str(signing.loads(text, salt=_SALT, max_age=PASS_SECONDS))
    except signing.BadSignature:
        return ""
