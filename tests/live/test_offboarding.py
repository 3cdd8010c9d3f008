"""Whose right ends sees nothing more: on sockets that stream, by scripts, and where no announcement comes through."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db.backends.utils import CursorWrapper

from tenants.api import loglines
from tenants.live import guard, seats
from tenants.live import hub as hubs
from tenants.models import App, Team, User
from tenants.services import members, suspensions, tokens
from tests.factories import PASSWORD
from tests.live.conftest import Socket, _sign_in
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 50
BY_THE_CLOCK = 60.0
"""Seconds between two looks at rights: longer than any test waits, so that what ends was announced."""


class Stream:
    """A socket that shows a log, and how it ends."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket
        self.code = 0
        self.after = 0

    async def read(self) -> None:
        """Until it closes, and a little longer: nothing may follow."""
        while not self.code:
            event = await self.socket._application.receive_output(20)
            if event["type"] == "websocket.close":
                self.code = event["code"]
        if not await self.socket._application.receive_nothing(0.2):
            self.after += 1


@pytest.fixture
async def streams(
    watching: hubs.Hub, running_app: App, bob: User, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., Any]]:
    """`await streams(50)`: sockets of bob's, each of which shows lines as they are written."""
    monkeypatch.setattr(seats, "SEATS", 2 * MANY)
    hubs.use(watching)
    opened: list[Socket] = []

    async def open_(count: int, *, token: str = "", looks_every: float = BY_THE_CLOCK) -> list[Stream]:
        monkeypatch.setattr(guard, "RECHECK", looks_every)
        cookie = "" if token else await _sign_in(bob)
        found = []
        for _ in range(count):
            socket = Socket("/ws/logs/", cookie=cookie, token=token)
            opened.append(socket)
            await socket.open()
            await socket.say({"type": "open", "app": running_app.pk})
            found.append(Stream(socket))
        for stream in found:
            await stream.socket.hear("lines")
        return found

    yield open_
    for socket in opened:
        await socket.leave()
    hubs.use(None)


async def until_closed(streams: list[Stream], act: Callable[[], object]) -> None:
    """Ends the right by `act`, and reads on until all are closed."""
    reading = [asyncio.create_task(stream.read()) for stream in streams]
    await asyncio.sleep(0)
    await database_sync_to_async(act)()
    await asyncio.gather(*reading)


def remove(alice: User, bob: User, team: Team) -> None:
    members.remove_member(actor=alice, membership=team.memberships.get(user=bob))


async def test_fifty_streams_of_who_is_taken_out_end_at_once(
    streams: Callable[..., Any], alice: User, bob: User, team: Team
) -> None:
    opened = await streams(MANY)
    await until_closed(opened, lambda: remove(alice, bob, team))
    assert {stream.code for stream in opened} == {guard.RIGHT_LOST}
    assert sum(stream.after for stream in opened) == 0


async def test_fifty_sockets_of_one_person_ask_for_their_rights_together(
    streams: Callable[..., Any], alice: User, bob: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = await streams(MANY)
    asked = []
    execute = CursorWrapper.execute

    def counted(cursor: CursorWrapper, sql: str, params: Any = None) -> Any:
        if sql.startswith("SELECT") and 'FROM "django_session"' in sql:
            asked.append(sql)
        return execute(cursor, sql, params)

    monkeypatch.setattr(CursorWrapper, "execute", counted)
    await until_closed(opened, lambda: remove(alice, bob, team))
    assert {stream.code for stream in opened} == {guard.RIGHT_LOST}
    assert 0 < len(asked) < MANY / 2


async def test_without_an_announcement_they_end_by_the_clock(
    streams: Callable[..., Any], alice: User, bob: User, team: Team
) -> None:
    """Redis was away and has forgotten who listens: nothing is heard, and each socket asks again by itself."""
    opened = await streams(5, looks_every=0.5)
    await get_channel_layer().flush()
    await until_closed(opened, lambda: remove(alice, bob, team))
    assert {stream.code for stream in opened} == {guard.RIGHT_LOST}


def demote(alice: User, bob: User, team: Team, sam: User) -> None:
    members.change_role(actor=alice, membership=team.memberships.get(user=bob), role="viewer")


def suspend(alice: User, bob: User, team: Team, sam: User) -> None:
    suspensions.suspend_person(actor=sam, person=bob, reason="Left")


def new_password(alice: User, bob: User, team: Team, sam: User) -> None:
    fields = {"oldpassword": PASSWORD, "password1": "correct-horse-7", "password2": "correct-horse-7"}
    assert signed_in(bob).post("/accounts/password/change/", fields).status_code == 302


@pytest.mark.parametrize(
    ("act", "code"),
    [(demote, guard.RIGHT_LOST), (suspend, guard.SIGNED_OUT), (new_password, guard.SIGNED_OUT)],
    ids=["demoted", "suspended", "new password"],
)
async def test_each_end_of_a_right_closes_what_is_open(
    streams: Callable[..., Any],
    alice: User,
    bob: User,
    sam: User,
    team: Team,
    act: Callable[..., None],
    code: int,
) -> None:
    opened = await streams(3)
    await until_closed(opened, lambda: act(alice, bob, team, sam))
    assert {stream.code for stream in opened} == {code}


async def test_a_revoked_token_closes_its_sockets_at_once(streams: Callable[..., Any], bob: User) -> None:
    token, text = await database_sync_to_async(tokens.create_token)(actor=bob, name="ci", scopes=["read"], days=1)
    opened = await streams(2, token=text)
    await until_closed(opened, lambda: tokens.revoke_token(actor=bob, token=token))
    assert {stream.code for stream in opened} == {guard.SIGNED_OUT}


async def test_others_go_on(streams: Callable[..., Any], alice: User, carol: User, bob: User, team: Team) -> None:
    (stream,) = await streams(1)
    await database_sync_to_async(members.change_role)(
        actor=alice, membership=await database_sync_to_async(team.memberships.get)(user=carol), role="developer"
    )
    await stream.socket.hear("lines")


async def test_a_log_that_a_script_follows_ends_at_once(
    watching: hubs.Hub, running_app: App, alice: User, bob: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loglines, "RECHECK", BY_THE_CLOCK)

    @database_sync_to_async
    def may_read() -> bool:
        return team.memberships.filter(user=bob, role="developer").exists()

    lines = loglines.follow(watching, running_app, user=bob.pk, tail=0, may_read=may_read)
    async with asyncio.timeout(10):
        await anext(lines)
    await database_sync_to_async(remove)(alice, bob, team)
    async with asyncio.timeout(10):
        rest = [line async for line in lines]
    assert rest[-1] == loglines.LOST
