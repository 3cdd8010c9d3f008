"""A container's log as it is written, and how to go on reading it after a cut.

Facts behind it: `sinceTime` is cut to whole seconds by the API server, `tailLines` is applied before it (never both),
stdout and stderr are written by two pipes, so that timestamps are not strictly ascending, and a reader must drain at
once, since one that lags behind the kubelet's rotation loses lines without a sign.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cluster import paths
from cluster.connection import Connection
from cluster.streams import stream

LONGEST = 16 << 10
"""Bytes of one line that are kept."""

OVERLAP_NS = 1_000_000_000
"""A re-read begins so much before the newest line: the API server only knows whole seconds."""

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line: Unix nanoseconds, text without its end (invalid UTF-8 replaced), bytes dropped beyond 16 KiB."""

    ns: int
    text: str
    cut: int = 0


class Resumer:
    """Sieves what a re-read brings again: exact (timestamp, text) matches are dropped, once each."""

    def __init__(self) -> None:
        self._recent: deque[Line] = deque()
        self._newest: int | None = None
        self._again: Counter[tuple[int, str]] = Counter()
        self._until = 0

    def since_ns(self) -> int | None:
        """Where the next read must begin; None before the first line."""
        return None if self._newest is None else self._newest - OVERLAP_NS

    def reopened(self) -> None:
        """A new stream begins at `since_ns()`: what it repeats is dropped."""
        since = self.since_ns()
        if since is None:
            return
        floor = since - since % _SECOND
        self._again = Counter((line.ns, line.text) for line in self._recent if line.ns >= floor)
        self._until = self._newest or 0

    def fresh(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines that were not given before."""
        for line in lines:
            if self._again:
                key = (line.ns, line.text)
                if self._again.get(key, 0) > 0:
                    self._again[key] -= 1
                    continue
                if line.ns > self._until + OVERLAP_NS:
                    self._again.clear()
            self._remember(line)
            yield line

    def _remember(self, line: Line) -> None:
        self._newest = line.ns if self._newest is None else max(self._newest, line.ns)
        self._recent.append(line)
        # Two seconds more than a re-read can bring, for lines that come out of order.
        floor = self._newest - OVERLAP_NS - 3 * _SECOND
        while self._recent[0].ns < floor:
            self._recent.popleft()


async def follow(
    connection: Connection,
    namespace: str,
    pod: str,
    container: str,
    *,
    previous: bool = False,
    since_ns: int | None = None,
    tail: int | None = None,
    follow: bool = True,
) -> AsyncIterator[Line]:
    """The lines of one stream until it ends. Raises `cluster.errors`. Never give `tail` with `since_ns`."""
    if since_ns is not None and tail is not None:
        raise ValueError("the API server applies tailLines before sinceTime: give one of them")
    query = {"container": container, "timestamps": "true"}
    if follow:
        query["follow"] = "true"
    if previous:
        query["previous"] = "true"
    if since_ns is not None:
        query["sinceTime"] = datetime.fromtimestamp(max(0, since_ns) // _SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if tail is not None:
        query["tailLines"] = str(tail)
    path = paths.item("Pod", namespace, pod, "log")
    splitter = Splitter()
    async with stream(connection, path, query) as chunks:
        async for chunk in chunks:
            for line in splitter.feed(chunk):
                yield line
    if not follow:
        for line in splitter.rest():
            yield line


class Splitter:
    """Chunks of bytes → lines. An unfinished line waits for its end; of one that grows too long the end is dropped.

    What a cut leaves unfinished is not a line: the re-read brings it whole.
    """

    def __init__(self) -> None:
        self._open = b""
        self._dropped = 0

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that end in this chunk."""
        *whole, last = chunk.split(b"\n")
        for part in whole:
            line = self._end(part)
            if line is not None:
                yield line
        self._grow(last)

    def rest(self) -> Iterator[Line]:
        """The last line of a log that was read to its end, when the program wrote no newline behind it."""
        if self._open:
            line = self._end(b"")
            if line is not None:
                yield line

    def _grow(self, part: bytes) -> None:
        room = LONGEST + _STAMP - len(self._open)
        self._open += part[:room] if room > 0 else b""
        self._dropped += max(0, len(part) - max(0, room))

    def _end(self, part: bytes) -> Line | None:
        self._grow(part)
        raw, dropped = self._open, self._dropped
        self._open, self._dropped = b"", 0
        return parse(raw, dropped)


_STAMP = 36
"""Longest timestamp and its space: `2026-11-23T14:03:58.204512345+01:00 `."""


def parse(raw: bytes, dropped: int = 0) -> Line | None:
    """One line as `timestamps=true` gives it: RFC 3339, a space, text. None for anything else."""
    stamp, separator, text = raw.partition(b" ")
    if not separator and not stamp:
        return None
    ns = nanoseconds(stamp.decode("ascii", "replace"))
    if ns is None:
        return None
    if text.endswith(b"\r"):
        text = text[:-1]
    over = max(0, len(text) - LONGEST)
    return Line(ns, text[:LONGEST].decode("utf-8", "replace"), dropped + over)


_seconds: dict[str, int] = {}


def nanoseconds(stamp: str) -> int | None:
    """Unix nanoseconds of an RFC 3339 instant; None when it is none. Seconds are remembered: lines come in crowds."""
    head, zone = stamp[:19], stamp[19:]
    fraction = "0"
    if zone.startswith("."):
        end = next((i for i, c in enumerate(zone) if i and not c.isdigit()), len(zone))
        fraction, zone = zone[1:end] or "0", zone[end:]
    key = head + zone
    base = _seconds.get(key)
    if base is None:
        try:
            base = int(datetime.fromisoformat(head + zone.replace("Z", "+00:00")).timestamp())
        except ValueError:
            return None
        if len(_seconds) > 10_000:
            _seconds.clear()
        _seconds[key] = base
    return base * _SECOND + int(fraction[:9].ljust(9, "0"))
