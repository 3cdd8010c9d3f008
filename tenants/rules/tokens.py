"""Tokens for scripts."""

from __future__ import annotations

from tenants.rules.quantities import whole

DAYS_MAX = 90


def token_days(text: str | int) -> int:
    """How long a token lives, 1 to 90 days."""
    return whole(text, 1, DAYS_MAX, "days")
