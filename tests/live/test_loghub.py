"""The log hub: one upstream however many look, lingering, caps, marks, resumption."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from tenants.live import frames
from tenants.live.logs.places import Caps, Full
from tenants.live.logs.resume import Token, checksum
from tenants.live.logs.ring import Entry
from tenants.live.logs.streams import LogHub, Mark, SourceKey, Viewer


def key(pod: str = "web-1", restart: int = 0) -> SourceKey:
    return SourceKey("default", "ns", pod, f"uid-{pod}", "web", restart)


class Log:
    """A container's log in memory: what the hub's two ways to the cluster read."""

    def __init__(self) -> None:
        self.lines: list[Entry | Mark] = []
        self.grown = asyncio.Condition()
        self.opened = 0

    async def write(self, *items: Entry | Mark) -> None:
        async with self.grown:
            self.lines += items
            self.grown.notify_all()

    async def follow(self, _: SourceKey, tail: int) -> AsyncIterator[Entry | Mark]:
        self.opened += 1
        at = max(0, len(self.lines) - tail)
        while True:
            while at < len(self.lines):
                item = self.lines[at]
                at += 1
                yield item
                if isinstance(item, Mark) and item.type is frames.Ended:
                    return
            async with self.grown:
                while at >= len(self.lines):
                    await self.grown.wait()

    async def since(self, _: SourceKey, ns: int) -> list[Entry]:
        return [line for line in self.lines if isinstance(line, Entry) and line.ns >= ns]


async def collect(viewer: Viewer, count: int) -> list[str]:
    """The texts of the next `count` lines."""
    texts: list[str] = []
    async with asyncio.timeout(5):
        while len(texts) < count:
            viewer.wake.clear()
            for message in viewer.next_messages():
                if isinstance(message, str):
                    texts += [line[1] for line in json.loads(message)["lines"]]
            if len(texts) < count:
                await viewer.wake.wait()
    return texts


async def attach(hub: LogHub, viewer: Viewer, which: SourceKey, token: Token | None = None) -> list[str]:
    frames = await hub.attach(viewer, which, team=1, node="node1", token=token)
    return [line[1] for frame in frames for line in json.loads(frame)["lines"]]


async def test_many_viewers_share_one_upstream() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since)
    viewers = [Viewer(user=n) for n in range(20)]
    for viewer in viewers:
        await attach(hub, viewer, key())
    await log.write(*(Entry(n, f"line {n}") for n in range(5)))
    for viewer in viewers:
        assert await collect(viewer, 5) == [f"line {n}" for n in range(5)]
    assert log.opened == 1
    await hub.stop()


async def test_a_source_lingers_for_who_comes_back() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since, linger=60)
    first, second = Viewer(user=1), Viewer(user=1)
    await attach(hub, first, key())
    hub.detach(first)
    await attach(hub, second, key())
    assert log.opened == 1
    await hub.stop()


async def test_the_last_viewer_closes_the_upstream() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since, linger=0)
    viewer = Viewer(user=1)
    await attach(hub, viewer, key())
    task = hub.sources[key()].task
    assert task is not None
    hub.detach(viewer)
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert not hub.sources


async def test_a_viewer_that_goes_before_the_first_line_leaves_nothing_open() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since, linger=0)
    coming = asyncio.create_task(attach(hub, Viewer(user=1), key()))
    await asyncio.sleep(0)
    upstream = hub.sources[key()].task
    assert upstream is not None
    coming.cancel()
    await asyncio.gather(coming, return_exceptions=True)
    await asyncio.wait({upstream}, timeout=5)
    assert upstream.done()
    assert hub.sources == {}


async def test_a_token_brings_only_what_was_not_shown_from_the_ring() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since)
    lines = [Entry(n, f"line {n}") for n in range(10)]
    await log.write(*lines)
    await attach(hub, Viewer(user=1), key())
    token = Token(key().id, [(str(e.ns), checksum(e)) for e in lines[:6]])
    assert await attach(hub, Viewer(user=2), key(), token) == [f"line {n}" for n in range(6, 10)]
    await hub.stop()


async def test_a_token_older_than_the_ring_is_served_from_the_cluster() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since)
    lines = [Entry(n * 1_000_000_000, f"line {n}") for n in range(500)]
    await log.write(*lines)
    token = Token(key().id, [(str(e.ns), checksum(e)) for e in lines[:100]])
    assert await attach(hub, Viewer(user=1), key(), token) == [f"line {n}" for n in range(100, 500)]
    await hub.stop()


async def test_what_is_written_while_one_catches_up_comes_once() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since)
    lines = [Entry(n, f"line {n}") for n in range(4)]
    await log.write(*lines[:2])
    viewer = Viewer(user=1)
    await attach(hub, viewer, key(), Token(key().id, [(str(e.ns), checksum(e)) for e in lines[:2]]))
    await log.write(*lines[2:])
    assert await collect(viewer, 2) == ["line 2", "line 3"]
    await hub.stop()


async def test_marks_come_after_the_lines_before_them() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since)
    viewer = Viewer(user=1)
    await attach(hub, viewer, key())
    await log.write(Entry(1, "last words"), Mark(frames.Ended, "exit code 1"))
    source = hub.sources[key()]
    assert source.task is not None
    await asyncio.wait_for(source.task, 5)
    seen: list[str] = []
    while messages := list(viewer.next_messages()):
        seen += [m if isinstance(m, str) else type(m).__name__ for m in messages]
    assert "last words" in seen[0]
    assert seen[1] == "Ended"
    await hub.stop()


async def test_a_full_team_is_told_who_holds_the_places() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since, caps=Caps(team=1))
    await attach(hub, Viewer(user=7), key("web-1"))
    with pytest.raises(Full) as full:
        await attach(hub, Viewer(user=8), key("web-2"))
    assert (full.value.who, full.value.limit, full.value.holders) == ("team", 1, [(7, 1)])
    await hub.stop()


async def test_two_sockets_of_one_user_share_the_user_s_places() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since, caps=Caps(user=1))
    await attach(hub, Viewer(user=7), key("web-1"))
    with pytest.raises(Full) as full:
        await attach(hub, Viewer(user=7), key("web-2"))
    assert (full.value.who, full.value.holders) == ("user", [(7, 1)])
    await attach(hub, Viewer(user=8), key("web-2"))
    await hub.stop()


async def test_a_slow_viewer_is_told_what_it_missed_and_the_sum_is_right() -> None:
    log = Log()
    hub = LogHub(log.follow, log.since)
    slow = Viewer(user=1)
    await attach(hub, slow, key())
    ring = hub.sources[key()].ring
    for start in range(0, 6000, 500):
        for n in range(start, start + 500):
            ring.append(Entry(n, f"line {n}"))
        ring.seal()
    while list(slow.next_messages()):
        pass
    assert slow.skipped > 0
    assert slow.delivered + slow.skipped == 6000
    await hub.stop()
