"""Tags of the account's pages."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from urllib.parse import quote

from allauth.socialaccount.models import SocialAccount
from django import template
from django.conf import settings
from django.http import HttpRequest

from tenants.models import User
from tenants.selectors import accounts
from tenants.sign_in import entrance, second_factor

register = template.Library()


@register.simple_tag
def factors(user: User) -> SimpleNamespace:
    """What somebody signs in with beside the password, whether that is on, and whether the site asks for it."""
    found = accounts.factors(user)
    on = bool(found["app"] or found["passkeys"])
    return SimpleNamespace(**found, on=on, asked=second_factor.asked_of(user), left=f"{found['codes']} left")


@register.simple_tag
def organizations() -> list[dict[str, str]]:
    """Where people of an organization sign in: id and name."""
    return [{"id": one["id"], "name": one["name"]} for one in settings.OIDC.values()]


@register.simple_tag
def connected(user: User) -> list[SimpleNamespace]:
    """Through which organizations the account is signed in, and as whom there."""
    found = SocialAccount.objects.filter(user=user, provider__in=settings.OIDC).order_by("pk")
    return [
        SimpleNamespace(
            pk=account.pk,
            id=account.provider,
            name=settings.OIDC[account.provider]["name"],
            who=account.extra_data.get("email") or account.extra_data.get("preferred_username") or "",
            since=account.date_joined,
        )
        for account in found
    ]


@register.simple_tag
def local_sign_in(request: HttpRequest) -> bool:
    """Whether this browser may sign in by password or passkey."""
    return entrance.local_sign_in(request)


@register.simple_tag
def support_contact() -> str:
    """Whom to ask who cannot come in; "" where the site names nobody."""
    return str(settings.SUPPORT_CONTACT)


@register.filter
def as_download(lines: Iterable[str]) -> str:
    """An address that holds the lines themselves: they are saved as a file, and asked of the server never again."""
    return f"data:text/plain;charset=utf-8,{quote(chr(10).join(lines) + chr(10))}"
