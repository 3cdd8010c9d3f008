"""One upstream log stream per container, however many look.

A `Source` is one run of one container: (cluster, namespace, pod, UID, container, restart). It drains its upstream at
once whatever viewers do, because a reader that lags behind the kubelet's rotation loses lines without a sign. A
`Viewer` is one socket: a cursor per source and nothing queued, so that a slow one never slows others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass

from tenants.live import frames
from tenants.live.logs.places import Caps, Full, Places
from tenants.live.logs.resume import Token, unseen
from tenants.live.logs.ring import Entry, Ring, encode

TICK = 0.05
"""Seconds between two frames of one source; the first line after a pause goes at once."""
LINGER = 15.0
"""Seconds that a source without viewers is kept."""
BLOCKED = 30.0
"""Seconds after which a socket that takes nothing is closed."""
TAIL = 200
"""Lines that a source fetches from before it was opened."""


@dataclass(frozen=True, slots=True)
class SourceKey:
    """One run of one container of a pod."""

    cluster: str
    namespace: str
    pod: str
    uid: str
    container: str
    restart: int

    @property
    def id(self) -> str:
        """How browsers and resume tokens name it."""
        return f"{self.uid}/{self.container}/{self.restart}"


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that the stream itself says beside its lines: a gap, an end."""

    type: type[frames.Gap | frames.Ended]
    why: str


Upstream = Callable[[SourceKey, int], AsyncIterator[Entry | Mark]]
"""(key, lines from before now) → the run's lines and marks, resumed over cuts, until it ends."""
Reread = Callable[[SourceKey, int], Awaitable[list[Entry]]]
"""(key, nanoseconds) → what the run wrote since then, up to now."""


class Source:
    """Drains one upstream into a ring and wakes its viewers."""

    def __init__(self, key: SourceKey, *, team: int, node: str) -> None:
        self.key = key
        self.team = team
        self.node = node
        self.ring = Ring(key.id)
        self.marks: list[Mark] = []
        self.viewers: set[Viewer] = set()
        self.caught_up = asyncio.Event()  # the first lines, or the news that there are none, have come
        self.task: asyncio.Task[None] | None = None
        self.closing: asyncio.TimerHandle | None = None
        self._seal: asyncio.TimerHandle | None = None
        self._sealed_at = 0.0

    def users(self) -> set[int]:
        """Those who look."""
        return {viewer.user for viewer in self.viewers}

    async def drain(self, stream: AsyncIterator[Entry | Mark]) -> None:
        """Reads until the run ends. Lines become visible by the tick, marks at once."""
        settle = asyncio.get_running_loop().call_later(2 * TICK, self.caught_up.set)
        try:
            async for item in stream:
                if isinstance(item, Mark):
                    self._seal_now()
                    self.marks.append(item)
                    self._wake()
                else:
                    self.ring.append(item)
                    self._schedule()
        finally:
            settle.cancel()
            self._seal_now()
            self.caught_up.set()

    def _schedule(self) -> None:
        if self._seal is None:
            loop = asyncio.get_running_loop()
            wait = max(0.0, self._sealed_at + TICK - loop.time())
            self._seal = loop.call_later(wait, self._seal_now)

    def _seal_now(self) -> None:
        if self._seal is not None:
            self._seal.cancel()
            self._seal = None
        if self.ring.has_open:
            self.ring.seal()
            self._sealed_at = asyncio.get_running_loop().time()
            self.caught_up.set()
            self._wake()

    def _wake(self) -> None:
        for viewer in self.viewers:
            viewer.wake.set()


@dataclass(slots=True)
class Place:
    """Where a viewer stands in a source."""

    cursor: int
    marks: int = 0
    last: int = 0


class Viewer:
    """One socket that looks at the logs of one app."""

    def __init__(self, *, user: int) -> None:
        self.user = user
        self.wake = asyncio.Event()
        self.places: dict[Source, Place] = {}
        self.delivered = 0
        self.skipped = 0

    def next_messages(self) -> Iterable[frames.Message | str]:
        """One round: at most one frame a source, so that none starves another. Empty when up to date."""
        for source, place in list(self.places.items()):
            chunk = source.ring.read(place.cursor)
            if chunk is not None:
                if chunk.skipped:
                    self.skipped += chunk.skipped
                    yield frames.Skipped(source.key.id, chunk.skipped, str(place.last), str(chunk.skipped_to))
                self.delivered += chunk.cursor - place.cursor - chunk.skipped
                place.cursor, place.last = chunk.cursor, chunk.last
                yield chunk.frame
            elif place.marks < len(source.marks):
                mark = source.marks[place.marks]
                place.marks += 1
                yield mark.type(source.key.id, mark.why)


class LogHub:
    """All sources of this process, reference-counted; they linger a while when the last viewer leaves."""

    def __init__(self, upstream: Upstream, reread: Reread, *, caps: Caps | None = None, linger: float = LINGER) -> None:
        self._upstream = upstream
        self._reread = reread
        self.places = Places(caps)
        self._linger = linger
        self.sources: dict[SourceKey, Source] = {}

    async def attach(
        self, viewer: Viewer, key: SourceKey, *, team: int, node: str, tail: int = TAIL, token: Token | None = None
    ) -> list[str]:
        """Adds a source to a viewer; answers the frames that bring it up to now. Raises Full.

        With a token, only what its holder has not shown: from the ring where that reaches back far enough, else read
        again from the cluster.
        """
        source = self.sources.get(key)
        if source is None:
            source = Source(key, team=team, node=node)
            self._take_place(source, viewer.user)
            self.sources[key] = source
            source.task = asyncio.create_task(source.drain(self._upstream(key, TAIL)))
            source.task.add_done_callback(lambda _, ended=source: self.places.give(ended))  # type: ignore[misc]
        if source.closing is not None:
            source.closing.cancel()
            source.closing = None
        source.viewers.add(viewer)
        try:
            await source.caught_up.wait()
        except asyncio.CancelledError:  # the socket went meanwhile: its `places` do not know of this source yet
            self.detach(viewer, source)
            raise
        if token is None:
            viewer.places[source] = Place(source.ring.start(tail))
            return []
        viewer.places[source] = place = Place(source.ring.sealed)
        held = list(source.ring.entries())
        missing = list(unseen(await self._since(source, token, held), token))
        viewer.delivered += len(missing)
        if missing:
            place.last = missing[-1].ns
        return [encode(key.id, missing[i : i + 500]) for i in range(0, len(missing), 500)]

    async def _since(self, source: Source, token: Token, held: list[Entry]) -> list[Entry]:
        newest = max((int(ns) for ns, _ in token.last), default=0)
        if held and held[0].ns <= newest:
            return held
        again = await self._reread(source.key, newest - 1_000_000_000)
        known = Counter((entry.ns, entry.text) for entry in held)
        end = held[-1].ns if held else 0
        older = [e for e in again if (not held or e.ns <= end) and not _take(known, (e.ns, e.text))]
        return older + held

    def detach(self, viewer: Viewer, source: Source | None = None) -> None:
        """Takes a viewer from one source or from all of its sources."""
        for one in (source,) if source else tuple(viewer.places):
            viewer.places.pop(one, None)
            one.viewers.discard(viewer)
            if not one.viewers and one.closing is None and one.key in self.sources:
                loop = asyncio.get_running_loop()
                one.closing = loop.call_later(self._linger, self._close, one)
        self.places.changed()  # of this user's

    async def stop(self) -> None:
        """Ends every upstream."""
        tasks = [source.task for source in self.sources.values() if source.task]
        for source in list(self.sources.values()):
            self._close(source)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _close(self, source: Source) -> None:
        self.sources.pop(source.key, None)
        if source.closing is not None:
            source.closing.cancel()
        if source.task is not None:
            source.task.cancel()
        self.places.give(source)

    def _take_place(self, source: Source, user: int) -> None:
        """Where there is none, sources that only linger make room. Raises Full."""
        try:
            self.places.take(source, user=user)
        except Full:
            for idle in [one for one in self.sources.values() if one.closing is not None]:
                self._close(idle)
            self.places.take(source, user=user)


def _take(counter: Counter[tuple[int, str]], key: tuple[int, str]) -> bool:
    if counter[key] > 0:
        counter[key] -= 1
        return True
    return False
