"""Links in mails that turn their kind down without a sign-in, by one click or by the mail program (RFC 8058).

A link is signed, names one person and one kind, and opens nothing else; it works for as long as the mail is kept.
"""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.urls import reverse

from tenants.notices.kinds import KINDS

DAILY = "daily"
"""The kind of the daily mail itself."""
_SALT = "berth.notices.turn-down"


def turn_down_link(person: int, kind: str) -> str:
    """The whole address; `kind` is a key of KINDS, or DAILY."""
    token = signing.dumps([person, kind], salt=_SALT)
    return f"{settings.SITE_URL}{reverse('turn_down', args=[token])}"


def read_link(token: str) -> tuple[int, str] | None:
    """(person's key, kind) of a token that Berth signed; None for any other."""
    try:
        person, kind = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    known = kind == DAILY or (kind in KINDS and not KINDS[kind].secures)
    return (int(person), kind) if known else None
