"""What follows from sign-in and from new passwords, addresses and second factors: lines, ended sessions, sockets."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from tenants import audit
from tenants.live import events
from tenants.models import User
from tenants.services import accounts, tokens

CODES = Authenticator.Type.RECOVERY_CODES


@receiver(account.user_signed_up)
def _signed_up(request: HttpRequest, user: User, **_: Any) -> None:
    audit.record(actor=user, action="account.create", thing=user)


@receiver(account.user_logged_in)
def _signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    audit.record(actor=user, action="account.sign_in", thing=user)


@receiver(user_logged_out)
def _signed_out(user: User | None, **_: Any) -> None:
    if user is not None and user.pk is not None:
        events.announce(events.RightsChanged(user=user.pk))


@receiver((account.password_changed, account.password_set, account.password_reset))
def _new_password(request: HttpRequest, user: User, **_: Any) -> None:
    """Everywhere else one is signed out; tokens go on, unless one asked for their end."""
    audit.record(actor=user, action="account.password", thing=user)
    _end_others(request, user)
    if request.POST.get("revoke_tokens"):
        tokens.revoke_all(actor=user)


@receiver(account.email_added)
def _address_added(user: User, email_address: EmailAddress, **_: Any) -> None:
    _address(user, "email.add", email_address.email)


@receiver(account.email_confirmed)
def _address_confirmed(email_address: EmailAddress, **_: Any) -> None:
    _address(email_address.user, "email.confirm", email_address.email)


@receiver(account.email_removed)
def _address_removed(user: User, email_address: EmailAddress, **_: Any) -> None:
    _address(user, "email.remove", email_address.email)


@receiver(account.email_changed)
def _main_address(user: User, from_email_address: Any, to_email_address: EmailAddress, **_: Any) -> None:
    old = from_email_address.email if from_email_address else None
    changes = [{"field": "email", "old": old, "new": to_email_address.email}]
    audit.record(actor=user, action="email.main", thing=user, changes=changes)


@receiver(mfa.authenticator_added)
def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _factor(request, user, authenticator, "second_factor.add")


@receiver(mfa.authenticator_removed)
def _factor_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _factor(request, user, authenticator, "second_factor.remove")


@receiver(mfa.authenticator_reset)
def _codes_made(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _factor(request, user, authenticator, "second_factor.add")


def _factor(request: HttpRequest, user: User, authenticator: Authenticator, action: str) -> None:
    """Recovery codes are shown once, right after they are made: that line tells of the reveal, too."""
    audit.record(actor=user, action=action, thing=user, detail=str(Authenticator.Type(authenticator.type).label))
    if authenticator.type != CODES:
        _end_others(request, user)


def _end_others(request: HttpRequest, user: User) -> None:
    keep = request.session.session_key if request.user.is_authenticated else None
    accounts.end_other_sessions(actor=user, keep=keep)
    events.announce(events.RightsChanged(user=user.pk))


def _address(user: User, action: str, address: str) -> None:
    audit.record(actor=user, action=action, thing=user, detail=address)
