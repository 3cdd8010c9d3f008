"""Log streams over bad wires: resumed without loss or doubling, and a gap is said where lines may be missing alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tenants.live.hub import Hub
from tenants.live.logs import absence, upstream
from tenants.live.logs.absence import Absence
from tenants.live.logs.ring import Entry
from tenants.live.logs.streams import Mark, SourceKey
from tenants.models import App
from tests.wire import Wire

SECOND = 1_000_000_000


class Following:
    """The lines of the app's one pod, as its upstream yields them."""

    def __init__(self, hub: Hub, key: SourceKey) -> None:
        self.texts: list[str] = []
        self.marks: list[Mark] = []
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._follow(hub, key))

    async def more(self, count: int) -> None:
        """Waits for so many more lines."""
        wanted = len(self.texts) + count
        async with asyncio.timeout(20):
            while len(self.texts) < wanted:
                self._news.clear()
                await self._news.wait()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self, hub: Hub, key: SourceKey) -> None:
        async for item in hub.upstream.lines(key, 10):
            if isinstance(item, Entry):
                self.texts.append(item.text)
            else:
                self.marks.append(item)
            self._news.set()


Follow = Callable[[], Awaitable[Following]]


@pytest.fixture
def follow(watching: Hub, running_app: App) -> Follow:
    place = (running_app.namespace.cluster, running_app.namespace.cluster_name, running_app.name)

    async def follow_() -> Following:
        changed = asyncio.Event()
        stop = watching.watch_pods(place, changed.set)
        async with asyncio.timeout(20):
            while not watching.runs(place):
                changed.clear()
                await changed.wait()
        stop()
        return Following(watching, watching.runs(place)[0].key)

    return follow_


def numbers(following: Following) -> list[int]:
    return [int(text.rpartition(" ")[2]) for text in following.texts if text.startswith("line ")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", ["cut", "die"])
async def test_a_stream_that_breaks_or_dies_without_a_word_loses_and_doubles_nothing(
    follow: Follow, wire: Wire, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(upstream, "SILENCE", 1.0)
    following = await follow()
    await following.more(5)
    getattr(wire, fault)()
    await following.more(20)
    await following.stop()
    found = numbers(following)
    assert len(found) >= 20
    assert found == list(range(found[0], found[0] + len(found)))
    assert following.marks == []


class Clock:
    """Seconds that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def ns(self) -> int:
        """The node's clock: ten minutes off."""
        return int((self.now - 600) * SECOND)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def heard(clock: Clock) -> Absence:
    """A stream whose last line came just now."""
    stream = Absence(clock)
    stream.opened()
    assert stream.before(clock.ns()) == 0
    return stream


def test_a_long_cut_is_a_gap_of_its_own_length_however_late_the_next_line_comes(clock: Clock) -> None:
    stream = heard(clock)
    stream.lost()
    clock.now += 10
    stream.lost()  # tried in vain
    stream.opened()
    clock.now += 500
    assert stream.before(clock.ns()) == 10
    assert stream.before(clock.ns()) == 0


def test_a_short_cut_is_no_gap(clock: Clock) -> None:
    stream = heard(clock)
    stream.lost()
    clock.now += absence.LONG / 2
    stream.opened()
    assert stream.before(clock.ns()) == 0


def test_a_container_that_wrote_nothing_has_no_gap(clock: Clock) -> None:
    stream = heard(clock)
    for _ in range(3):
        clock.now += 60
        stream.lost(silent=True)
        stream.opened()
    clock.now += 2
    assert stream.before(clock.ns()) == 0


def test_lines_written_while_the_stream_was_dead_are_said_to_be_a_gap(clock: Clock) -> None:
    stream = heard(clock)
    clock.now += 20
    meanwhile = clock.ns()
    clock.now += 40
    stream.lost(silent=True)
    stream.opened()
    assert stream.before(meanwhile) == 60


def test_a_server_that_is_away_after_a_silence_is_a_gap(clock: Clock) -> None:
    stream = heard(clock)
    clock.now += 60
    stream.lost(silent=True)
    clock.now += 5
    stream.lost()
    stream.opened()
    assert stream.before(clock.ns()) == 65
