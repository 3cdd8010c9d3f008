"""How people sign in and what is asked of them (django-allauth), in every environment."""

from __future__ import annotations

from typing import Any

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["tenants.sign_in.passwords.Passwords"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
PASSWORD_RESET_TIMEOUT = 4 * 3600

ACCOUNT_ADAPTER = "tenants.sign_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_USERNAME_MIN_LENGTH = 2
# Names that lines of the audit log have for machines, and that people would take for the site's own.
ACCOUNT_USERNAME_BLACKLIST = ["system", "observer", "berth", "admin", "root", "support", "security", "postmaster"]
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
# Seconds for which somebody counts as having just proved who they are (tenants.views.recent).
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
# amount/period/per: "ip" is the address of tenants.peer, "key" the name or address that was typed, "user" the account.
LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,10/5m/key",
    "signup": "20/m/ip,100/h/ip",
    "reset_password": "20/m/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
    "confirm_email": "1/3m/key",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "reauthenticate": "10/m/user",
}
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = LIMITS
# Calls with a token that does not work, from one address.
FAILED_TOKENS_RATE: str | None = "60/min"
ACCOUNT_FORMS = {
    "login": "tenants.forms.accounts.SignInForm",
    "signup": "tenants.forms.accounts.SignUpForm",
    "add_email": "tenants.forms.accounts.AddEmailForm",
    "change_password": "tenants.forms.accounts.ChangePasswordForm",
    "set_password": "tenants.forms.accounts.SetPasswordForm",
    "reset_password": "tenants.forms.accounts.ResetPasswordForm",
    "reset_password_from_key": "tenants.forms.accounts.ResetPasswordKeyForm",
    "reauthenticate": "tenants.forms.accounts.ReauthenticateForm",
}

MFA_ADAPTER = "tenants.sign_in.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
# One period of 30 seconds before and after: telephones' clocks are not exact.
MFA_TOTP_TOLERANCE = 1
# An address that waits for its confirmation leads nowhere (tenants.forms.accounts.holders), so it does no harm.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RATE_LIMITS = {"webauthn_login": "30/m/ip"}
MFA_FORMS = {
    "authenticate": "tenants.forms.accounts.AuthenticateForm",
    "reauthenticate": "tenants.forms.accounts.ReauthenticateCodeForm",
    "activate_totp": "tenants.forms.accounts.ActivateTotpForm",
    "add_webauthn": "tenants.forms.accounts.AddPasskeyForm",
    "edit_webauthn": "tenants.forms.accounts.EditPasskeyForm",
}
SOCIALACCOUNT_ADAPTER = "tenants.sign_in.adapters.OrganizationAdapter"
SOCIALACCOUNT_FORMS = {"signup": "tenants.forms.accounts.OrganizationSignUpForm"}
# The class that signs in; the providers themselves are OIDC.
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"provider_class": "tenants.sign_in.oidc.OrganizationProvider"}}
# An account that is found by a confirmed address of a trusted provider stays connected by the provider's own id.
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
# Tokens of providers are of no use after the sign-in.
SOCIALACCOUNT_STORE_TOKENS = False
# Providers by id, whether who has no account here may make one (or the domains of addresses that may), and whether
# people sign in here by password and passkey at all (portal.settings.organization).
OIDC: dict[str, dict[str, Any]] = {}
SIGN_UP: bool | tuple[str, ...] = True
LOCAL_SIGN_IN = True
# Who must have a second factor: "owners" (of any team), "staff"; until then they reach its set-up pages alone.
REQUIRE_SECOND_FACTOR: frozenset[str] = frozenset()
# An address that who is suspended, or lost all their factors, may write to.
SUPPORT_CONTACT = ""

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("en-gb", "English (UK)")]
