"""`manage.py issue_token`."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tenants.models import ApiToken, User
from tenants.services.tokens import digest


def issue(*arguments: str) -> str:
    out = StringIO()
    call_command("issue_token", *arguments, stdout=out)
    return out.getvalue().strip()


def test_a_token_is_printed_that_is_the_account_s(alice: User) -> None:
    text = issue("alice")
    assert ApiToken.objects.get(digest=digest(text)).user == alice


def test_a_token_has_the_scopes_asked_for(alice: User) -> None:
    issue("alice", "--scope", "read", "--scope", "apps", "--days", "2")
    assert ApiToken.objects.get().scopes == ["read", "apps"]


def test_nobody_s_token_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="no account"):
        issue("nobody")


def test_more_than_ninety_days_are_refused(alice: User) -> None:
    with pytest.raises(CommandError, match="90"):
        issue("alice", "--days", "91")
