"""What counts as having shown who one is."""

from __future__ import annotations

import time

import pytest
import time_machine
from allauth.account.internal.flows.login import record_authentication
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from tenants.models import User
from tenants.views.recent import signed_in_recently


@pytest.mark.parametrize("method", ["password", "mfa", "socialaccount"])
def test_a_proof_of_these_minutes_counts(rf: RequestFactory, bob: User, method: str) -> None:
    assert recently(rf, bob, method, 60)


@pytest.mark.parametrize("method", ["email_verification", "password_reset", "code"])
def test_a_link_or_a_code_in_a_mail_does_not(rf: RequestFactory, bob: User, method: str) -> None:
    """Whoever reads another's mails is not them: what guards the account asks for more."""
    assert not recently(rf, bob, method, 60)


def test_a_proof_grows_old(rf: RequestFactory, bob: User, settings: object) -> None:
    assert not recently(rf, bob, "password", settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1)  # type: ignore[attr-defined]


def recently(rf: RequestFactory, user: User, method: str, seconds: float) -> bool:
    request = rf.get("/")
    request.user = user
    request.session = SessionStore()
    with time_machine.travel(time.time() - seconds, tick=False):
        record_authentication(request, user, method)
    return signed_in_recently(request)
