"""What the tests of reading the audit log share: a log with one of each kind, browsers and scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tenants import audit, chain
from tenants.audit import Origin
from tenants.models import App, AuditEntry, Team, User
from tenants.services.tokens import create_token

Script = Callable[..., Any]


@pytest.fixture
def browser() -> Callable[[User], Client]:
    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def ask(db: None) -> Script:
    """`ask(user, "audit?…")`: the answer of a call."""
    tokens: dict[int, str] = {}

    def call(user: User, path: str, **headers: str) -> Any:
        if user.pk not in tokens:
            tokens[user.pk] = create_token(actor=user, name="script", scopes=["read"], days=1)[1]
        return Client().get(f"/api/v1/{path}", headers={"authorization": f"Bearer {tokens[user.pk]}", **headers})

    return call


@pytest.fixture
def written(alice: User, bob: User, sam: User, app_row: App, team: Team, other_team: Team, erin: User) -> None:
    """One of each kind of line."""
    audit.origin.set(Origin(door="page", address="203.0.113.7", request_id="req-1"))
    audit.record(actor=alice, action="team.edit", thing=team, changes=[{"field": "name", "old": "A", "new": "B"}])
    audit.record(actor=bob, action="app.release", thing=app_row, detail="=1+1")
    audit.origin.set(Origin(door="api"))
    audit.record(actor=bob, action="volumes.delete", thing=app_row, outcome="denied")
    audit.record(actor=None, action="drift.repaired", thing=app_row, machine="observer")
    audit.record(actor=erin, action="team.edit", thing=other_team)
    audit.record(actor=sam, action="token.create", thing=sam)
    audit.origin.set(Origin())
    chain.link()


@pytest.fixture
def many(alice: User, team: Team) -> list[int]:
    """120 lines; each ten of them of one moment."""
    begin = timezone.now() - timedelta(hours=1)
    said = {
        "actor": alice,
        "actor_name": "alice",
        "door": "page",
        "action": "team.edit",
        "team": team,
        "target": "team",
    }
    made = [AuditEntry.objects.create(**said, at=begin + timedelta(seconds=n // 10)) for n in range(120)]
    return [entry.pk for entry in reversed(made)]
