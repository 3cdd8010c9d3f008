"""A JSON line each on stdout for a log collector, after the commit."""

from __future__ import annotations

import contextlib
import io
import json
import logging.config
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from pytest_django import Settings

from portal.settings import logs
from tenants import audit
from tenants.audit import Origin
from tenants.models import Team, User

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Streams:
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)


@pytest.fixture
def streams(settings: Settings) -> Iterator[Streams]:
    """What log lines as in production write to stdout and stderr."""
    streams = Streams()
    with contextlib.redirect_stdout(streams.out), contextlib.redirect_stderr(streams.err):
        logging.config.dictConfig(logs.logging(json=True))
    yield streams
    logging.config.dictConfig(settings.LOGGING)


def test_line_is_written_after_the_commit(streams: Streams, alice: User, team: Team) -> None:
    token = audit.origin.set(Origin(door="api", address="203.0.113.7", request_id="req-9"))
    try:
        with transaction.atomic():
            changes = [{"field": "name", "old": "A", "new": "B"}]
            entry = audit.record(actor=alice, action="team.edit", thing=team, changes=changes)
            assert streams.out.getvalue() == ""
    finally:
        audit.origin.reset(token)
    (line,) = streams.out.getvalue().splitlines()
    told = json.loads(line)
    assert told["logger"] == "audit"
    assert told["id"] == entry.pk
    assert {name: told[name] for name in ("actor_name", "role", "door", "action", "address", "request_id")} == {
        "actor_name": "alice",
        "role": "owner",
        "door": "api",
        "action": "team.edit",
        "address": "203.0.113.7",
        "request_id": "req-9",
    }
    assert told["changes"] == changes


def test_what_was_undone_has_no_line(streams: Streams, alice: User, team: Team) -> None:
    with transaction.atomic():
        audit.record(actor=alice, action="team.edit", thing=team)
        transaction.set_rollback(True)
    assert streams.out.getvalue() == ""


def test_lines_of_commands_leave_their_output_alone(streams: Streams, alice: User, team: Team) -> None:
    token = audit.origin.set(Origin(door="command"))
    try:
        audit.record(actor=alice, action="team.edit", thing=team)
    finally:
        audit.origin.reset(token)
    assert streams.out.getvalue() == ""
    assert '"audit.command"' in streams.err.getvalue()
