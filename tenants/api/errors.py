"""The errors that only the API knows: a call that cannot be read, is too large, or comes when something is away."""

from __future__ import annotations

import re

from django.conf import settings

from tenants.errors import DomainError

_NAME = re.compile(r"[A-Za-z0-9_.]([-A-Za-z0-9_.]{0,38}[A-Za-z0-9_])?", re.ASCII)


class Malformed(DomainError):
    """The call itself cannot be understood: no JSON, unknown keys, unknown parameters."""

    code = "malformed"
    status = 400


class TooLarge(DomainError):
    """More bytes than any call needs."""

    code = "too_large"
    status = 413


class Unavailable(DomainError):
    """Something behind the API does not answer now."""

    code = "unavailable"
    status = 503


def named(key: object) -> str:
    """The key as an answer may repeat it: "" for what does not look like a name, for it may be a value, put wrongly."""
    return str(key) if _NAME.fullmatch(str(key)) else ""


def too_large() -> TooLarge:
    """For a body beyond what forms may have, too."""
    return TooLarge(f"At most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE >> 20} MiB in one call.")
