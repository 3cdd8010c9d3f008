"""What the mails about somebody's own account say: allauth names the occasion, this table has the words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountMail:
    """`lead` may name keys of the mail's context in braces; `link` is the key that holds the address of `go`.

    `changed`: something of the account changed, so the mail says when, from where, and what to do if it was not you.
    """

    subject: str
    lead: str
    go: str = ""
    link: str = ""
    note: str = ""
    changed: bool = False


NOT_YOU = "Nothing happens without that. If it was not you, you need not do anything."

# allauth's name of the occasion → what is written.
MAILS: Mapping[str, AccountMail] = {
    "account/email/email_confirmation_signup": AccountMail(
        "Confirm your address to finish your account",
        "This address was given for a new account, “{user}”, at {site_name}.",
        "Confirm this address",
        "activate_url",
        NOT_YOU,
    ),
    "account/email/email_confirmation": AccountMail(
        "Confirm your address",
        "“{user}” at {site_name} wants to use this address.",
        "Confirm this address",
        "activate_url",
        NOT_YOU,
    ),
    "account/email/account_already_exists": AccountMail(
        "You have an account already",
        "Somebody, probably you, tried to create an account at {site_name} with this address. It has one.",
        "Set a new password",
        "password_reset_url",
        "You know your password? Then sign in with it. " + NOT_YOU,
    ),
    "account/email/unknown_account": AccountMail(
        "No account with this address",
        "Somebody, probably you, asked for a new password at {site_name}. "
        "No account that can sign in has this address: perhaps another one of yours does.",
        "Create an account",
        "signup_url",
        NOT_YOU,
    ),
    "account/email/password_reset_key": AccountMail(
        "Set a new password",
        "A new password was asked for your account “{user}” at {site_name}. The link works for four hours, and once.",
        "Set a new password",
        "password_reset_url",
        "If it was not you: your password stays as it is.",
    ),
    "account/email/password_changed": AccountMail(
        "Your password was changed", "Your password was changed.", changed=True
    ),
    "account/email/password_reset": AccountMail("Your password was changed", "A new password was set.", changed=True),
    "account/email/password_set": AccountMail("You have a password", "A password was set.", changed=True),
    "account/email/email_changed": AccountMail(
        "Your main address was changed",
        "Mails go to {to_email} from now on, no longer to {from_email}.",
        changed=True,
    ),
    "account/email/email_deleted": AccountMail(
        "An address was removed", "{deleted_email} was removed from your account.", changed=True
    ),
    "mfa/email/totp_activated": AccountMail(
        "Your second factor is on", "An authenticator app was set up for your account.", changed=True
    ),
    "mfa/email/totp_deactivated": AccountMail(
        "Your authenticator app was removed", "Your account asks no app for a code any more.", changed=True
    ),
    "mfa/email/recovery_codes_generated": AccountMail(
        "New recovery codes", "New recovery codes were made; the ones before do not work any more.", changed=True
    ),
    "mfa/email/webauthn_added": AccountMail(
        "A passkey was added", "A passkey was added to your account.", changed=True
    ),
    "mfa/email/webauthn_removed": AccountMail(
        "A passkey was removed", "A passkey was removed from your account.", changed=True
    ),
    "socialaccount/email/account_connected": AccountMail(
        "Your account is connected", "Your account can be signed in to through {provider} now.", changed=True
    ),
    "socialaccount/email/account_disconnected": AccountMail(
        "Your account is not connected any more",
        "Your account cannot be signed in to through {provider} any more.",
        changed=True,
    ),
}
