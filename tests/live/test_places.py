"""Places for log streams: who may open how many, who waits for one, and that a reading script takes them too."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from typing import Any

import pytest

from tenants.api import loglines
from tenants.live import frames
from tenants.live.logs.messages import OpenLogs
from tenants.live.logs.places import Caps, Full, Places
from tenants.live.logs.resume import Token, checksum
from tenants.live.logs.ring import Entry
from tenants.live.logs.runs import Run
from tenants.live.logs.streams import LogHub, Mark, SourceKey, Viewer
from tenants.live.logs.view import LogView
from tenants.models import App, User
from tests.live.test_loghub import Log, attach, key


def run(pod: str, node: str) -> Run:
    return Run(key(pod), node, "1", over=False)


class Shelf:
    """A hub with these runs and no cluster."""

    def __init__(self, runs: list[Run], caps: Caps) -> None:
        self.log = Log()
        self.logs = LogHub(self.log.follow, self.log.since, caps=caps, linger=0)
        self._runs = runs

    def runs(self, _: Any) -> list[Run]:
        return self._runs

    def watch_pods(self, *_: Any) -> Any:
        return lambda: None


def view(shelf: Any, app: App, user: User, *tokens: Token) -> LogView:
    return LogView(shelf, app, user=user.pk, message=OpenLogs(app=app.pk, resume=list(tokens)))


async def until(messages: Any, kind: type[frames.Message]) -> Any:
    async with asyncio.timeout(5):
        async for message in messages:
            if isinstance(message, kind):
                return message
    raise AssertionError(f"the view ended before it said {kind}")


def test_one_team_gets_a_part_of_a_node() -> None:
    places = Places(Caps(node=8, shares=4))
    with ExitStack() as held:
        for user in (1, 2):
            held.enter_context(places.reading(user=user, team=1, node="n1"))
        with pytest.raises(Full) as full:
            held.enter_context(places.reading(user=3, team=1, node="n1"))
        assert (full.value.who, full.value.limit) == ("share", 2)
        held.enter_context(places.reading(user=4, team=2, node="n1"))
        held.enter_context(places.reading(user=1, team=1, node="n2"))


async def test_a_finished_stream_gives_its_place_back() -> None:
    places = Places(Caps(user=1))
    with places.reading(user=1, team=1, node="n1"), pytest.raises(Full), places.reading(user=1, team=1, node="n1"):
        pass
    with places.reading(user=1, team=1, node="n1"):
        pass


async def test_sources_that_only_linger_make_room() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since, caps=Caps(team=1), linger=60)
    first = Viewer(user=1)
    await attach(hub, first, key("web-1"))
    hub.detach(first)
    await attach(hub, Viewer(user=1), key("web-2"))
    assert [source.pod for source in hub.sources] == ["web-2"]
    await hub.stop()


@pytest.mark.django_db(transaction=True)
async def test_a_full_node_keeps_no_other_node_s_pods_from_being_followed(app_row: App, alice: User) -> None:
    shelf = Shelf([run("web-1", "n1"), run("web-2", "n1"), run("web-3", "n2")], Caps(node=4, shares=4))
    messages = view(shelf, app_row, alice).frames(asyncio.Queue())
    full = await until(messages, frames.Full)
    assert full.waiting == 1
    assert "alice (1)" in full.why
    assert {source.pod for source in shelf.logs.sources} == {"web-1", "web-3"}
    await shelf.logs.stop()


@pytest.mark.django_db(transaction=True)
async def test_who_waits_follows_as_soon_as_a_place_is_free(app_row: App, alice: User, bob: User) -> None:
    shelf = Shelf([run("web-1", "n1")], Caps(process=1))
    other = Viewer(user=bob.pk)
    await attach(shelf.logs, other, key("other"))
    looking = view(shelf, app_row, alice)
    messages = looking.frames(asyncio.Queue())
    assert (await until(messages, frames.Full)).waiting == 1
    coming = asyncio.create_task(until(messages, frames.Full))
    await asyncio.sleep(0)
    shelf.logs.detach(other)
    assert (await coming).waiting == 0
    assert [source.pod for source in shelf.logs.sources] == ["web-1"]
    looking.close()
    await shelf.logs.stop()


@pytest.mark.django_db(transaction=True)
async def test_a_run_that_ends_makes_room_though_it_is_looked_at(app_row: App, alice: User, bob: User) -> None:
    shelf = Shelf([run("web-1", "n1")], Caps(process=1))
    await attach(shelf.logs, Viewer(user=bob.pk), key("other"))
    looking = view(shelf, app_row, alice)
    messages = looking.frames(asyncio.Queue())
    assert (await until(messages, frames.Full)).waiting == 1
    await shelf.log.write(Mark(frames.Ended, "ended."))
    assert (await until(messages, frames.Full)).waiting == 0
    looking.close()
    await shelf.logs.stop()


@pytest.mark.django_db(transaction=True)
async def test_what_was_shown_before_is_not_shown_again_after_waiting(app_row: App, alice: User, bob: User) -> None:
    shelf = Shelf([run("web-1", "n1")], Caps(process=1))
    other = Viewer(user=bob.pk)
    await attach(shelf.logs, other, key("other"))
    lines = [Entry(n, f"line {n}") for n in range(4)]
    await shelf.log.write(*lines)
    seen = Token(key("web-1").id, [(str(line.ns), checksum(line)) for line in lines[:3]])
    looking = view(shelf, app_row, alice, seen)
    messages = looking.frames(asyncio.Queue())
    await until(messages, frames.Full)
    shelf.logs.detach(other)
    texts: list[str] = []
    async with asyncio.timeout(5):
        async for message in messages:
            if isinstance(message, str):
                texts += [line[1] for line in json.loads(message)["lines"]]
            elif isinstance(message, frames.Full):
                break
    assert texts == ["line 3"]
    looking.close()
    await shelf.logs.stop()


async def test_a_script_that_reads_takes_places_too() -> None:
    places = Places(Caps(user=1))
    runs = [Run(SourceKey("default", "ns", "web-1", "u", "web", 0), "n1", "1", over=False)]
    with places.reading(user=7, team=1, node="n1"), pytest.raises(Full) as full:
        await loglines.last(places, runs, 10, user=7, team=1)
    assert full.value.who == "user"
