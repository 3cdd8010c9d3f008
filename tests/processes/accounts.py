"""A person with a password and a token in a Berth that runs: by its own commands, as whoever installs it would."""

from __future__ import annotations

from collections.abc import Callable

NAME = "olga"
PASSWORD = "quay-side-lantern-77"

# An account whose e-mail address counts as confirmed: no mail is sent in these tests.
_MAKE = f"""
from allauth.account.models import EmailAddress
from tenants.models import User
user, made = User.objects.get_or_create(username="{NAME}", defaults={{"email": "{NAME}@berth.test"}})
if made:
    user.set_password("{PASSWORD}")
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
"""


def make_token(manage: Callable[..., str]) -> str:
    """A token of the account, which is made where it is missing. `manage(*arguments)` runs manage.py."""
    manage("shell", "--no-imports", "-c", _MAKE)
    return manage("issue_token", NAME).strip().splitlines()[-1]
