"""The socket doors: who gets in, what is refused, and that a right that ends closes the socket."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.sessions.models import Session
from django.db import connection

from tenants.live import consumers, guard
from tenants.models import App, Namespace, Team, User
from tenants.services import members
from tests.live.conftest import ORIGIN, Connect, Reader

pytestmark = pytest.mark.django_db(transaction=True)
PATHS = ["/ws/live/", "/ws/logs/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", None, f"{ORIGIN}.evil.example", "https://testserver", f"{ORIGIN}:8000"]
)
async def test_a_foreign_origin_is_denied(connect: Connect, alice: User, path: str, origin: str | None) -> None:
    socket = await connect(alice, path, origin=origin)
    assert (await socket.open())["type"] == "websocket.close"


@pytest.mark.parametrize("path", PATHS)
async def test_a_foreign_name_for_this_machine_is_denied(connect: Connect, alice: User, path: str) -> None:
    """Where no public address is set: a page whose name was turned to 127.0.0.1 is its own origin (DNS rebinding)."""
    socket = await connect(alice, path, host="evil.example:8000", origin="http://evil.example:8000")
    assert (await socket.open())["type"] == "websocket.close"


async def test_an_unknown_address_is_denied(connect: Connect, alice: User) -> None:
    socket = await connect(alice, "/ws/elsewhere/")
    assert (await socket.open())["type"] == "websocket.close"


@pytest.mark.parametrize("path", PATHS)
async def test_the_signed_out_are_told_so(connect: Connect, path: str, db: None) -> None:
    socket = await connect(None, path)
    await socket.open()
    assert await socket.closed() == guard.SIGNED_OUT


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "message",
    [
        "{",
        "[]",
        {"type": "become_admin"},
        {"type": "subscribe", "topic": "home", "also": 1},
        {"type": "open", "app": "x"},
    ],
    ids=["broken", "list", "unknown", "extra", "wrong type"],
)
async def test_a_malformed_message_closes_the_socket(connect: Connect, alice: User, path: str, message: Any) -> None:
    socket = await connect(alice, path)
    await socket.open()
    await socket.say(message)
    assert await socket.closed() == guard.MALFORMED


async def test_a_member_sees_the_namespace(connect: Connect, carol: User, namespace: Namespace) -> None:
    socket = await connect(carol)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": f"namespace:{namespace.pk}"})
    message = await socket.hear("fragment")
    assert message["topic"] == f"namespace:{namespace.pk}"


@pytest.mark.parametrize("noun", ["team", "namespace", "app"])
async def test_a_stranger_is_refused(
    connect: Connect, erin: User, team: Team, namespace: Namespace, app_row: App, noun: str
) -> None:
    rows = {"team": team, "namespace": namespace, "app": app_row}
    socket = await connect(erin)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": f"{noun}:{rows[noun].pk}"})
    assert (await socket.hear())["type"] == "refused"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "team",
        "team:",
        "team:x",
        "team:-1",
        "team:" + "9" * 30,
        "operation:1",
        f"operation:{uuid.UUID(int=1)}",
        "pod:1",
    ],
)
async def test_a_topic_that_is_none_is_refused(connect: Connect, alice: User, topic: str) -> None:
    socket = await connect(alice)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": topic})
    assert await socket.hear() == {"type": "refused", "topic": topic}


async def test_a_removed_member_is_cut_off_at_once(
    connect: Connect, alice: User, bob: User, team: Team, namespace: Namespace
) -> None:
    socket = await connect(bob)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": f"namespace:{namespace.pk}"})
    await socket.hear("fragment")
    membership = await database_sync_to_async(team.memberships.get)(user=bob)
    await database_sync_to_async(members.remove_member)(actor=alice, membership=membership)
    assert await socket.closed(guard.RECHECK - 1) == guard.RIGHT_LOST


async def test_a_suspended_account_is_cut_off(
    connect: Connect, bob: User, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "RECHECK", 0.05)
    socket = await connect(bob)
    await socket.open()
    await database_sync_to_async(User.objects.filter(pk=bob.pk).update)(is_active=False)
    assert await socket.closed() == guard.SIGNED_OUT


async def test_a_new_password_ends_old_sockets(connect: Connect, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "RECHECK", 0.05)
    socket = await connect(bob)
    await socket.open()

    def change() -> None:
        bob.set_password("another one")
        bob.save()

    await database_sync_to_async(change)()
    assert await socket.closed() == guard.SIGNED_OUT


async def test_a_viewer_reads_no_logs_unless_the_team_allows(connect: Connect, carol: User, app_row: App) -> None:
    socket = await connect(carol, "/ws/logs/")
    await socket.open()
    await socket.say({"type": "open", "app": app_row.pk})
    assert await socket.hear() == {"type": "refused"}
    assert await socket.closed() == guard.RIGHT_LOST


async def test_a_stranger_reads_no_logs(connect: Connect, erin: User, app_row: App) -> None:
    socket = await connect(erin, "/ws/logs/")
    await socket.open()
    await socket.say({"type": "open", "app": app_row.pk})
    assert await socket.hear() == {"type": "refused"}


async def test_a_demoted_developer_loses_the_log(
    connect: Connect, alice: User, bob: User, team: Team, app_row: App
) -> None:
    socket = await connect(bob, "/ws/logs/")
    await socket.open()
    await socket.say({"type": "open", "app": app_row.pk})
    assert (await socket.hear())["type"] == "pods"
    membership = await database_sync_to_async(team.memberships.get)(user=bob)
    await database_sync_to_async(members.change_role)(actor=alice, membership=membership, role="viewer")
    assert await socket.closed(guard.RECHECK - 1) == guard.RIGHT_LOST


@pytest.fixture
def no_sessions(transactional_db: None) -> Iterator[Callable[[], None]]:
    """Call it, and the database answers no question for a session any more."""

    def rename(old: str, new: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    table, away = Session._meta.db_table, "sessions_away"
    yield lambda: rename(table, away)
    if away in connection.introspection.table_names():
        rename(away, table)


async def test_a_socket_whose_rights_cannot_be_asked_for_is_closed(
    connect: Connect, bob: User, no_sessions: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "RECHECK", 0.05)
    socket = await connect(bob)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": "home"})
    await socket.hear("changed")
    await database_sync_to_async(no_sessions)()
    assert await socket.closed() == guard.FAILED


async def reads_nothing() -> None:
    """A browser that is there and takes no byte."""
    await asyncio.Event().wait()


async def breaks() -> None:
    raise RuntimeError("a fault")


@pytest.mark.parametrize("through", [reads_nothing, breaks], ids=["blocked", "fault"])
@pytest.mark.parametrize(
    ("path", "wish"),
    [("/ws/live/", {"type": "subscribe", "topic": "home"}), ("/ws/logs/", {"type": "open"})],
    ids=["topics", "logs"],
)
async def test_a_socket_that_cannot_be_served_is_closed(
    connect: Connect,
    bob: User,
    app_row: App,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    wish: dict[str, Any],
    through: Reader,
) -> None:
    monkeypatch.setattr(consumers, "BLOCKED", 0.1)
    socket = await connect(bob, path, through=through)
    await socket.open()
    await socket.say({**wish, "app": app_row.pk} if wish["type"] == "open" else wish)
    assert await socket.closed() == guard.FAILED


async def test_what_waits_for_a_slow_browser_is_thrown_away_when_the_right_ends(
    connect: Connect, alice: User, bob: User, team: Team
) -> None:
    """Else it would be sent when the browser reads on: behind the end of the right."""
    waiting, thrown_away = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            thrown_away.set()
            raise

    socket = await connect(bob, through=slow)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": f"team:{team.pk}"})
    await asyncio.wait_for(waiting.wait(), 5)
    membership = await database_sync_to_async(team.memberships.get)(user=bob)
    await database_sync_to_async(members.remove_member)(actor=alice, membership=membership)
    assert await socket.closed() == guard.RIGHT_LOST
    await asyncio.wait_for(thrown_away.wait(), 5)
