"""`manage.py reset_second_factor`, for who lost all that opens their account beside the password."""

from __future__ import annotations

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command

from tenants.models import AuditEntry, Letter, User
from tests.signing_in import signed_in


def reset(name: str, reason: str = "Lost the telephone; seen in person") -> str:
    out = StringIO()
    call_command("reset_second_factor", name, reason=reason, stdout=out)
    return out.getvalue()


@pytest.fixture
def guarded(bob: User) -> User:
    """bob has an app and recovery codes, and is signed in somewhere."""
    bob.emailaddress_set.create(email=bob.email, verified=True, primary=True)
    for kind in ("totp", "recovery_codes"):
        Authenticator.objects.create(user=bob, type=kind, data={})
    key = signed_in(bob).session.session_key
    UserSession.objects.create(user=bob, ip="192.0.2.1", session_key=key, user_agent="")
    return bob


def test_all_factors_and_sessions_go(guarded: User) -> None:
    assert reset("bob").startswith("1 removed.")
    assert not Authenticator.objects.exists()
    assert not Session.objects.exists()
    assert AuditEntry.objects.get(action="session.end").actor_name == "operator"


def test_the_log_has_who_and_why_and_they_are_told(guarded: User) -> None:
    reset("bob")
    line = AuditEntry.objects.get(action="second_factor.reset")
    assert (line.actor, line.actor_name, line.target) == (None, "operator", "user bob")
    assert line.detail == "Lost the telephone; seen in person"
    assert Letter.objects.get().to == guarded.email


@pytest.mark.parametrize(("name", "reason", "says"), [("bob", " ", "reason"), ("nobody", "x", "no account")])
def test_a_reason_and_an_account_are_needed(guarded: User, name: str, reason: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        reset(name, reason)
    assert Authenticator.objects.count() == 2


def test_who_has_none_is_told_so(bob: User) -> None:
    with pytest.raises(CommandError, match="no second factor"):
        reset("bob")
