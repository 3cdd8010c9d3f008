"""What allauth asks of a site: addresses, mails, words, how secrets are kept, when a proof is too old."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, cast
from urllib.parse import urlsplit

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.manage_email import assess_unique_email
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal.flows.login import _authenticate
from allauth.socialaccount.internal.flows.signup import complete_social_signup, redirect_to_signup
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from tenants import letters, peer, rules
from tenants.models import User
from tenants.services import refusals, sign_ins
from tenants.sign_in import entrance
from tenants.sign_in.mails import MAILS
from tenants.sign_in.oidc import Refused
from tenants.sign_in.passwords import named
from tenants.views.recent import signed_in_recently, to_prove

# Where a connection has no address (a Unix socket): all such share one limit.
NOWHERE = "0.0.0.0"
_log = structlog.get_logger(__name__)
MISMATCH = "This user name or address and this password do not belong together."
TOO_OFTEN = "Too many attempts: wait five minutes and try again."


class AccountAdapter(DefaultAccountAdapter):
    """Sign-in, sign-up and the account's own pages."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "This account is suspended.",
        "cannot_remove_primary_email": "Make another address the main one first.",
        "duplicate_email": "You have this address already.",
        "email_password_mismatch": MISMATCH,
        "username_password_mismatch": MISMATCH,
        "email_taken": "This address belongs to another account.",
        "enter_current_password": "This is not your password now.",
        "incorrect_password": "This is not your password.",
        "incorrect_code": "This code is wrong, or too old: type the one that is shown now.",
        "invalid_password_reset": "This link was used already, or it is too old.",
        "max_email_addresses": "At most %d addresses: remove one first.",
        "rate_limited": TOO_OFTEN,
        "too_many_login_attempts": TOO_OFTEN,
        "username_blacklisted": "This name is reserved: choose another.",
        "username_email": "A user name has no @: your address is asked for in its own field.",
        "username_taken": "This name is taken: choose another.",
        "unverified_primary_email": "Confirm this address first.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return entrance.sign_up(request)

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Every way in passes here: where passwords and passkeys are shut, only an organization's sign-in goes on."""
        by_organization = "sociallogin" in (kwargs["signal_kwargs"] or {})
        if not by_organization and not entrance.may_sign_in(request, user.get_username()):
            clear_login(request)
            return render(request, "account/local_closed.html", status=403)
        return super().pre_login(request, user, **kwargs)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Limits are counted by it, and sessions listed with it."""
        return peer.network(request) or NOWHERE

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong password, of a sign-in or of somebody who is asked for theirs again."""
        username, email = str(credentials.get("username") or ""), str(credentials.get("email") or "")
        actor = request.user if isinstance(request.user, User) else None
        person = named(username, email)
        sign_ins.refused(actor=actor, person=person, why="wrong password", typed=username or email)

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """A limit that holds is written down."""
        if code in ("rate_limited", "too_many_login_attempts"):
            actor = self.request.user if isinstance(self.request.user, User) else None
            refusals.limit("sign-in", network=peer.network(self.request), actor=actor)
        return super().validation_error(code, *args)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        if "@" in username:
            raise self.validation_error("username_email")
        return str(super().clean_username(username, shallow))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who can prove it elsewhere alone (by an organization) signs in again: allauth would let them pass."""
        if signed_in_recently(self.request):
            return False
        if not self.get_reauthentication_methods(self.request.user):
            raise ImmediateHttpResponse(to_prove(self.request))
        return True

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """After the right password alone: nobody else learns that the account is there."""
        sign_ins.refused(actor=None, person=user, why="suspended", typed=user.get_username())
        clear_login(request)
        context = {"reason": user.suspended_reason, "contact": settings.SUPPORT_CONTACT}
        return render(request, "account/account_inactive.html", context, status=403)

    def get_reset_password_from_key_url(self, key: str) -> str:
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return f"{settings.SITE_URL}{path.replace('UID-KEY', key)}"

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return f"{settings.SITE_URL}{reverse('account_confirm_email', args=[emailconfirmation.key])}"

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        return reverse("account_email" if self.request.user.is_authenticated else "account_login")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Into the outbox: it leaves after the answer. Its addresses are of the settings, never of a request."""
        words = MAILS[template_prefix]
        own = {
            "signup_url": f"{settings.SITE_URL}{reverse('account_signup')}",
            "password_reset_url": f"{settings.SITE_URL}{reverse('account_reset_password')}",
        }
        if template_prefix == "account/email/password_reset_key":
            own.pop("password_reset_url")
        told = {**context, **own, "site_name": settings.SITE_NAME, "user": context.get("user", "")}
        if "user_agent" in told:
            told["device"] = rules.device(str(told["user_agent"]))
        letters.write(
            to=email,
            kind=template_prefix.rpartition("/")[2],
            subject=words.subject,
            template="mail/account",
            context={
                **told,
                "words": words,
                "lead": words.lead.format_map(told),
                "address": told.get(words.link, ""),
            },
        )


class OrganizationAdapter(DefaultSocialAccountAdapter):
    """Sign-in through the organization: providers are those of the settings, and none of the database."""

    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "no_password": "Set a password first: otherwise you could not sign in any more.",
        "no_verified_email": "Confirm an e-mail address first: otherwise nobody could send you a new password.",
        "email_taken": "This address belongs to another account: sign in to it first, then connect the two.",
    }

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        apps = [_app(one) for one in settings.OIDC.values()]
        named = [app for app in apps if provider in (None, app.provider, app.provider_id)]
        return [app for app in named if client_id in (None, app.client_id)]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """The organization says who has an account with it; whom it lets sign in has one here.

        Whoever got one a moment ago, by another tab, is signed in to it instead.
        """
        _sign_in_if_known(request, sociallogin)
        return True

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Makes the account at once where the address is free, and raises ImmediateHttpResponse with the answer.

        allauth looks for the address once more, right after this: one that another tab took meanwhile is somebody
        else's to it, and who signs in would be told to confirm it. Here the database decides (`save_user`).
        """
        address = next((one.email for one in sociallogin.email_addresses), "")
        if address and assess_unique_email(address):
            try:
                AccountAdapter(request).clean_username(sociallogin.user.username)
            except ValidationError:
                sociallogin.user.username = ""
            self.save_user(request, sociallogin)
            raise ImmediateHttpResponse(complete_social_signup(request, sociallogin))
        _sign_in_if_known(request, sociallogin)
        return True

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        """The account with its addresses and what it is connected with, or nothing of it.

        Where two first sign-ins come at once, the database lets one of them make the account: the other is signed in
        to it. Two people may be given the same name at once: then the other gets another.
        """
        try:
            with transaction.atomic():
                return cast(User, super().save_user(request, sociallogin, form))
        except IntegrityError:
            for row in (sociallogin.user, sociallogin.account, *sociallogin.email_addresses):
                row.pk, row._state.adding = None, True
            _sign_in_if_known(request, sociallogin)
            if form is not None:
                messages.error(request, AccountAdapter.error_messages["username_taken"])
                raise ImmediateHttpResponse(redirect_to_signup(request, sociallogin)) from None
            sociallogin.user.username = ""
            with transaction.atomic():
                return cast(User, super().save_user(request, sociallogin))

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Whose confirmed address it is, where the provider is trusted for it (tenants.sign_in.oidc). No other account.

        Without the address where another tab has connected the account since it was looked for: it is no longer new.
        """
        trusted = [address.email for address in sociallogin.email_addresses if address.verified]
        found = EmailAddress.objects.filter(email__in=trusted, verified=True).select_related("user").first()
        if found is None:
            return None
        identity = {"provider": sociallogin.account.provider, "uid": sociallogin.account.uid}
        if connected := SocialAccount.objects.filter(**identity).select_related("user").first():
            sociallogin.account = connected
            return connected.user, ""
        return found.user, found.email

    def on_authentication_error(self, request: HttpRequest, provider: Any, **told: Any) -> None:
        error = told.get("exception")
        why = f"{type(error).__name__}: {error}" if isinstance(error, Refused) else type(error).__name__
        _log.warning("organization_sign_in_failed", provider=provider.sub_id, why=why, error=str(told.get("error")))


def _sign_in_if_known(request: HttpRequest, sociallogin: SocialLogin) -> None:
    """Raises ImmediateHttpResponse with the answer of a sign-in, where the account is there by now."""
    sociallogin.lookup()
    if sociallogin.is_existing:
        raise ImmediateHttpResponse(_authenticate(request, sociallogin))


def _app(one: dict[str, Any]) -> SocialApp:
    return SocialApp(
        provider="openid_connect",
        provider_id=one["id"],
        name=one["name"],
        client_id=one["client_id"],
        secret=one["client_secret"],
        settings={**one, "oauth_pkce_enabled": True},
    )


class SecondFactorAdapter(DefaultMFAAdapter):
    """Second factors: what is kept of them is encrypted under SEAL_KEY."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
        "cannot_delete_authenticator": "This site asks you for a second factor: add another one first.",
    }

    def get_totp_issuer(self) -> str:
        return str(settings.SITE_NAME)

    def get_totp_label(self, user: User) -> str:
        return user.get_username()

    def encrypt(self, text: str) -> str:
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: User, *_: Any) -> str:
        """The browser that makes it says where it lies."""
        return rules.device(self.request.META.get("HTTP_USER_AGENT", ""))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": urlsplit(f"//{self.request.get_host()}").hostname or "", "name": settings.SITE_NAME}


def _fernet() -> Fernet:
    key = hashlib.sha256(b"berth second factors " + settings.SEAL_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
