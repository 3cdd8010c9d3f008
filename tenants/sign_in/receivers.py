"""What follows from sign-in and from new passwords, addresses and second factors: lines, ended sessions, sockets."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from tenants import audit, notices
from tenants.live import events
from tenants.models import User
from tenants.services import accounts, groups, sign_ins, tokens
from tenants.sign_in import oidc

CODES = Authenticator.Type.RECOVERY_CODES


@receiver(account.user_signed_up)
def _signed_up(request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **_: Any) -> None:
    through = sociallogin.account.provider if sociallogin else ""
    audit.record(actor=user, action="account.create", thing=user, detail=through)


@receiver(account.user_logged_in)
def _signed_in(request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **_: Any) -> None:
    """Through an organization: its groups say now what one is in teams."""
    account = sociallogin.account if sociallogin else None
    audit.record(actor=user, action="account.sign_in", thing=user, detail=account.provider if account else "")
    if account is not None:
        groups.follow(actor=user, provider=account.provider, groups=account.extra_data.get(oidc.GROUPS))


@receiver(social.social_account_added)
def _connected(sociallogin: SocialLogin, **_: Any) -> None:
    user, provider = sociallogin.user, sociallogin.account.provider
    audit.record(actor=user, action="account.connect", thing=user, detail=provider)


@receiver(social.social_account_removed)
def _disconnected(socialaccount: SocialAccount, **_: Any) -> None:
    user, provider = socialaccount.user, socialaccount.provider
    audit.record(actor=user, action="account.disconnect", thing=user, detail=provider)
    groups.leave(actor=user, provider=provider)


@receiver(user_logged_out)
def _signed_out(user: User | None, **_: Any) -> None:
    if user is not None and user.pk is not None:
        sign_ins.signed_out(actor=user)
        events.announce(events.RightsChanged(user=user.pk))


@receiver(mfa.authentication_failed)
def _wrong_factor(user: User, authenticator: Authenticator, reauthentication: bool, **_: Any) -> None:
    why = f"wrong second factor: {Authenticator.Type(authenticator.type).label}"
    actor = user if reauthentication else None
    sign_ins.refused(actor=actor, person=user, why=why, typed=user.get_username())


@receiver((account.password_changed, account.password_set, account.password_reset))
def _new_password(request: HttpRequest, user: User, **_: Any) -> None:
    """Everywhere else one is signed out; tokens go on, unless one asked for their end."""
    audit.record(actor=user, action="account.password", thing=user)
    _tell(user, "Your password was changed", "account_change_password")
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
    _tell(user, f"{email_address.email} was removed from your account", "account_email")
    _address(user, "email.remove", email_address.email)


@receiver(account.email_changed)
def _main_address(user: User, from_email_address: Any, to_email_address: EmailAddress, **_: Any) -> None:
    old = from_email_address.email if from_email_address else None
    changes = [{"field": "email", "old": old, "new": to_email_address.email}]
    audit.record(actor=user, action="email.main", thing=user, changes=changes)
    _tell(user, f"Mails go to {to_email_address.email} from now on", "account_email")


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
    kind = str(Authenticator.Type(authenticator.type).label)
    audit.record(actor=user, action=action, thing=user, detail=kind)
    done = "removed" if action == "second_factor.remove" else "set up"
    _tell(user, f"A second factor was {done}: {kind}", "mfa_index")
    if authenticator.type != CODES:
        _end_others(request, user)


def _tell(user: User, title: str, page: str) -> None:
    """In the portal; allauth's own mail tells the same (`tenants.sign_in.mails`)."""
    notices.tell([user], kind="account.secured", title=title, path=reverse(page))


def _end_others(request: HttpRequest, user: User) -> None:
    keep = request.session.session_key if request.user.is_authenticated else None
    accounts.end_other_sessions(actor=user, keep=keep)
    events.announce(events.RightsChanged(user=user.pk))


def _address(user: User, action: str, address: str) -> None:
    audit.record(actor=user, action=action, thing=user, detail=address)
