"""Tags of the account's pages."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from urllib.parse import quote

from django import template

from tenants import second_factor
from tenants.models import User
from tenants.selectors import accounts

register = template.Library()


@register.simple_tag
def factors(user: User) -> SimpleNamespace:
    """What somebody signs in with beside the password, whether that is on, and whether the site asks for it."""
    found = accounts.factors(user)
    on = bool(found["app"] or found["passkeys"])
    return SimpleNamespace(**found, on=on, asked=second_factor.asked_of(user), left=f"{found['codes']} left")


@register.filter
def as_download(lines: Iterable[str]) -> str:
    """An address that holds the lines themselves: they are saved as a file, and asked of the server never again."""
    return f"data:text/plain;charset=utf-8,{quote(chr(10).join(lines) + chr(10))}"
