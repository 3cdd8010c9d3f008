"""Forms of sign-in, sign-up and one's own account: allauth's, in the site's words, and the few of our own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account import forms as allauth
from allauth.account.adapter import get_adapter
from allauth.account.internal import flows
from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url
from allauth.core import context
from allauth.mfa.base import forms as factors
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from allauth.socialaccount import forms as social
from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tenants import rules
from tenants.forms.fields import DomainForm, RuleField
from tenants.models import User
from tenants.sign_in import entrance

LOGIN_MAX = 254
SHUT = "Here one signs in through the organization."
PASSWORD_HINT = "At least 8 characters; not a common word, not like your name."  # noqa: S105


class Worded(forms.Form):
    """Labels of ours, hints of ours, and no placeholders that vanish while one types."""

    labels: Mapping[str, str] = {}
    hints: Mapping[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, "")
            field.error_messages["required"] = "This is needed."


NEW_PASSWORD = {"password1": "New password", "password2": "The new password again", "oldpassword": "Your password now"}


class SignInForm(Worded, allauth.LoginForm):
    labels = {"login": "User name or e-mail", "password": "Password", "remember": "Stay signed in here"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login = forms.CharField(label=self.labels["login"], max_length=LOGIN_MAX)
        login.widget.attrs.update({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"})
        self.fields["login"] = login
        self.order_fields(["login", "password", "remember"])

    def clean(self) -> dict[str, Any] | None:
        """Where passwords are shut none is looked at, so that nothing is told about it."""
        if not entrance.local_sign_in(self.request):
            raise forms.ValidationError(SHUT)
        return super().clean()


class SignUpForm(Worded, allauth.SignupForm):
    """A new account. An address that has one gets the same answer, after the same work, and a mail that says so."""

    labels = {"email": "E-mail", "username": "User name", "password1": "Password", "password2": "The password again"}
    hints = {"username": "Others see it. Letters, digits and . _ + -", "password1": PASSWORD_HINT}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = _welcome()

    def clean_email(self) -> str:
        value = str(super().clean_email())
        if not entrance.may_sign_up(context.request, value):
            raise forms.ValidationError(_welcome())
        return value

    def validate_unique_email(self, value: str) -> str:
        self.account_already_exists = bool(holders(value))
        return value

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """The account and the answer, in one transaction whether or not there is one: its time tells nothing."""
        try:
            with transaction.atomic():
                return self._save(request)
        except IntegrityError:  # the form was sent twice, or somebody else took the name at the same moment
            messages.error(request, get_adapter().error_messages["username_taken"])
            return None, redirect("account_signup")

    def _save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if self.account_already_exists:
            self._work_for_nothing(request)
            answer = flows.signup.prevent_enumeration(request, email=self.cleaned_data["email"])
            return None, answer
        user = self.save(request)
        url = get_next_redirect_url(request)
        return user, flows.signup.complete_signup(request, user=user, redirect_url=url)

    def _work_for_nothing(self, request: HttpRequest) -> None:
        with transaction.atomic():
            self.account_already_exists = False
            self.save(request)
            transaction.set_rollback(True)
        self.account_already_exists = True


def _welcome() -> str:
    """With which address an account may be made, where not with any."""
    invited = entrance.invited(context.request)
    if settings.SIGN_UP is True:
        return ""
    if invited:
        return f"Use {invited}: it was invited."
    return f"Use an address at {' or '.join(settings.SIGN_UP or ())}."


class OrganizationSignUpForm(Worded, social.SignupForm):
    """What an organization's sign-in left open: a user name, or an address."""

    labels = {"email": "E-mail", "username": "User name"}
    hints = {"username": SignUpForm.hints["username"]}


class AddEmailForm(Worded, allauth.AddEmailForm):
    labels = {"email": "Another address"}


class ChangePasswordForm(Worded, allauth.ChangePasswordForm):
    """`revoke_tokens` is read by what follows a change of password (`tenants.sign_in.receivers`)."""

    labels = NEW_PASSWORD
    hints = {"password1": PASSWORD_HINT}
    revoke_tokens = forms.BooleanField(required=False)


class SetPasswordForm(Worded, allauth.SetPasswordForm):
    labels = {"password1": "Password", "password2": "The password again"}
    hints = {"password1": PASSWORD_HINT}


class ResetPasswordForm(Worded, allauth.ResetPasswordForm):
    labels = {"email": "E-mail"}

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        self.users = [user for user in holders(email) if user.is_active][:1]
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        if not self.users:  # the same work as for an account
            allauth.default_token_generator.make_token(User(pk=0, email=self.cleaned_data["email"]))
        with transaction.atomic():
            return str(super().save(request, **kwargs))


class ResetPasswordKeyForm(Worded, allauth.ResetPasswordKeyForm):
    labels = NEW_PASSWORD
    hints = {"password1": PASSWORD_HINT}
    revoke_tokens = forms.BooleanField(required=False)


class ReauthenticateForm(Worded, allauth.ReauthenticateForm):
    labels = {"password": "Your password"}


class AuthenticateForm(Worded, factors.AuthenticateForm):
    labels = {"code": "Code from your app, or a recovery code"}


class ReauthenticateCodeForm(Worded, factors.ReauthenticateForm):
    labels = {"code": "Code from your app, or a recovery code"}


class ActivateTotpForm(Worded, totp.ActivateTOTPForm):
    labels = {"code": "The 6 digits that the app shows now"}


class AddPasskeyForm(Worded, webauthn.AddWebAuthnForm):
    labels = {"name": "Name", "passwordless": "Sign in with it alone, without the password"}


class EditPasskeyForm(Worded, webauthn.EditWebAuthnForm):
    labels = {"name": "Name"}


class ProfileForm(DomainForm):
    """What others see of somebody, and how times and texts are shown to them."""

    name = RuleField(
        rules.person_name,
        label="Name",
        required=False,
        blank="",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    time_zone = RuleField(rules.time_zone, label="Time zone", error_messages={"required": "Choose one, such as UTC."})
    language = forms.ChoiceField(label="Language")
    theme = forms.ChoiceField(label="Light or dark")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]
        self.fields["theme"].choices = User._meta.get_field("theme").choices  # type: ignore[attr-defined]
        self.fields["time_zone"].widget.attrs["list"] = "time-zones"


def holders(email: str) -> list[User]:
    """Accounts that an address leads to: who confirmed it, else whose first address it is.

    One that somebody merely added to theirs leads nowhere, or it would lock its owner out.
    """
    confirmed = Q(pk__in=EmailAddress.objects.filter(email=email, verified=True).values("user"))
    found = User.objects.filter(confirmed | Q(email__iexact=email)).order_by("pk")
    verified = set(EmailAddress.objects.filter(email=email, verified=True).values_list("user", flat=True))
    return sorted(found, key=lambda user: user.pk not in verified)
