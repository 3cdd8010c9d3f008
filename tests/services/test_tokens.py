"""Tokens for scripts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.errors import Forbidden, Invalid, NotFound
from tenants.models import User
from tenants.services import tokens


def test_token_is_kept_as_a_hash(bob: User) -> None:
    token, text = tokens.create_token(actor=bob, name="ci", scopes=["apps", "read"], days=30)
    token.refresh_from_db()
    assert text.startswith("berth_")
    assert token.digest == tokens.digest(text)
    assert text not in str(token.__dict__)
    assert token.scopes == ["read", "apps"]
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"name": ""}, "name"), ({"scopes": []}, "scopes"), ({"scopes": ["all"]}, "scopes"), ({"days": 91}, "days")],
)
def test_token_says_which_field_is_wrong(bob: User, fields: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        tokens.create_token(**{"actor": bob, "name": "ci", "scopes": ["read"], "days": 1} | fields)
    assert set(caught.value.fields) == {field}


def test_token_makes_no_tokens(bob: User) -> None:
    bob.token_scopes = ["read", "apps", "teams", "volumes", "secrets"]
    with pytest.raises(Forbidden):
        tokens.create_token(actor=bob, name="ci", scopes=["read"], days=1)


def test_token_is_revoked_once(bob: User) -> None:
    token, _ = tokens.create_token(actor=bob, name="ci", scopes=["read"], days=1)
    first = tokens.revoke_token(actor=bob, token=token).revoked_at
    assert first is not None
    assert tokens.revoke_token(actor=bob, token=token).revoked_at == first


def test_token_of_another_is_not_there(alice: User, bob: User) -> None:
    token, _ = tokens.create_token(actor=bob, name="ci", scopes=["read"], days=1)
    with pytest.raises(NotFound):
        tokens.revoke_token(actor=alice, token=token)
