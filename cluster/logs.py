"""A container's log as it is written, and how to go on after a cut without losing or doubling a line.

`sinceTime` is cut to whole seconds by the API server, and timestamps are not strictly ascending (stdout and stderr
come through two pipes). So a resumed read starts a second before the last line, and lines that were given already are
recognized by timestamp and text. What the kubelet has rotated away meanwhile is gone: the stream does not tell it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, datetime

import msgspec

from cluster import paths
from cluster.connection import Connection
from cluster.errors import NotFound, Unavailable
from cluster.streams import opened

LINE_BYTES = 16 << 10
"""Bytes of one line's text that are kept; the rest is counted."""
BACK = 1_000_000_000
"""Nanoseconds before the last line at which a resumed read starts."""
SNAPSHOT_SILENCE = 30.0
"""Seconds without a byte after which a read that does not follow is given up."""

_STAMP_BYTES = 36  # the longest RFC 3339 timestamp with nanoseconds and offset, and the space
_UNREADABLE = b"unable to retrieve container logs for "
_NO_WATCHER = (b"failed to create fsnotify watcher", b"failed to watch file")


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line: Unix nanoseconds, text without its end (invalid UTF-8 replaced), bytes dropped beyond 16 KiB."""

    ns: int
    text: str
    cut: int = 0


class Resumer:
    """Sieves what a re-read brings again: drops each (timestamp, text) once that was given within the last second."""

    def __init__(self) -> None:
        self._held: deque[tuple[int, str]] = deque()
        self._last = 0
        self._again: Counter[tuple[int, str]] = Counter()
        self._until = 0

    def since_ns(self) -> int | None:
        """Where the next read must begin (Unix nanoseconds); None before the first line."""
        return self._last - BACK if self._last else None

    def reopened(self) -> None:
        """A new stream begins at `since_ns()`: what is still held will come again."""
        self._again = Counter(self._held)
        self._until = self._last

    def fresh(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines that were not given before."""
        for line in lines:
            key = (line.ns, line.text)
            if self._again:
                if self._again[key] > 0:
                    self._again[key] -= 1
                    continue
                if line.ns > self._until:
                    self._again.clear()
            self._hold(key)
            yield line

    def _hold(self, key: tuple[int, str]) -> None:
        self._held.append(key)
        if key[0] > self._last:
            self._last = key[0]
            oldest = self._last - 2 * BACK
            while self._held[0][0] < oldest:
                self._held.popleft()


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
    silence: float | None = None,
    on_open: Callable[[], None] | None = None,
) -> AsyncIterator[Line]:
    """The lines of one stream until it ends: of `previous` run or the present one, since an instant or the last `tail`.

    `silence`: seconds without a byte after which a followed stream is given up, as Unavailable with reason "Silent".
    `on_open` is called when the API server has begun its answer.

    A followed stream that ends says nothing of why: the run is over, or somebody cut it. Its last line is left out
    when its end is missing: the next read brings it whole. Raises `cluster.errors`; `Invalid` (400) while the container
    has not started. Never give `tail` with `since_ns`: the API server applies the tail first.
    """
    if tail is not None and since_ns is not None:
        raise ValueError("tail and since_ns exclude each other: the API server applies the tail first")
    query = {"container": container, "timestamps": "true"}
    if follow:
        query["follow"] = "true"
    if previous:
        query["previous"] = "true"
    if tail is not None:
        query["tailLines"] = str(tail)
    if since_ns is not None:
        query["sinceTime"] = datetime.fromtimestamp(since_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = paths.item("Pod", namespace, pod, "log")
    splitter = Splitter(since_ns or 0)
    silence = silence if follow else SNAPSHOT_SILENCE
    async with opened(connection, path, query, silence=silence, accept="*/*") as chunks:
        if on_open is not None:
            on_open()
        async for chunk in chunks:
            for line in splitter.feed(chunk):
                yield line
        if not follow:
            for line in splitter.rest():
                yield line


class Splitter:
    """Chunks of bytes → lines, with bounded memory however long a line is. Lines older than `since_ns` are left out."""

    def __init__(self, since_ns: int = 0) -> None:
        self._since = since_ns
        self._open = b""  # of a line whose end has not come
        self._dropped = 0  # bytes of that line that are not kept
        self._second = b""
        self._base = 0  # nanoseconds of `_second`
        self._ns = 0

    def feed(self, chunk: bytes) -> list[Line]:
        """The lines that end in this chunk. Raises NotFound or Unavailable when the kubelet writes so into the log."""
        if self._dropped:
            end = chunk.find(b"\n")
            if end < 0:
                self._dropped += len(chunk)
                return []
            self._dropped += end
            chunk = chunk[end:]
        parts = (self._open + chunk).split(b"\n")
        self._open = parts.pop()
        lines: list[Line] = []
        for part in parts:
            self._add(part, lines)
            self._dropped = 0
        most = LINE_BYTES + _STAMP_BYTES
        if len(self._open) > most:
            self._dropped = len(self._open) - most
            self._open = self._open[:most]
        return lines

    def rest(self) -> list[Line]:
        """The last line when the stream ended without a line end."""
        lines: list[Line] = []
        if self._open:
            self._add(self._open, lines)
            self._open = b""
        return lines

    def _add(self, raw: bytes, lines: list[Line]) -> None:
        stamp, _, text = raw.partition(b" ")
        if len(stamp) == 30 and stamp[:19] == self._second:
            ns = self._base + int(stamp[20:29])
        else:
            found = self._nanoseconds(stamp)
            if found is None:
                _check_complaint(raw)
                found, text = self._ns, raw
            ns = found
        self._ns = ns
        text = text.removesuffix(b"\r")
        if ns < self._since:
            return
        if self._dropped or len(text) > LINE_BYTES:
            text, cut = _shorten(text)
            lines.append(Line(ns, text.decode("utf-8", "replace"), cut + self._dropped))
        else:
            lines.append(Line(ns, text.decode("utf-8", "replace")))

    def _nanoseconds(self, stamp: bytes) -> int | None:
        """RFC 3339 with up to nine digits of a second, in any zone; None when it is something else."""
        try:
            whole, _, fraction = stamp.decode("ascii").partition(".")
            digits = fraction.rstrip("Z").partition("+")[0].partition("-")[0]
            zone = fraction[len(digits) :] if fraction else ""
            base = int(datetime.fromisoformat(whole + zone if zone else whole).timestamp()) * 1_000_000_000
            ns = base + int(digits.ljust(9, "0")) if digits else base
        except ValueError:
            return None
        if zone == "Z" and len(stamp) == 30:
            self._second, self._base = stamp[:19], base
        return ns


def _shorten(text: bytes) -> tuple[bytes, int]:
    """At most LINE_BYTES bytes that do not end within a character, and how many were left out."""
    end = min(LINE_BYTES, len(text))
    if len(text) > LINE_BYTES:
        while end > LINE_BYTES - 4 and text[end] & 0xC0 == 0x80:
            end -= 1
    return text[:end], len(text) - end


def _check_complaint(raw: bytes) -> None:
    """The kubelet answers 200 and writes its trouble into the log, without a timestamp (package kuberuntime/logs)."""
    if raw.startswith(_UNREADABLE):
        raise NotFound(raw.decode("utf-8", "replace"), status=200, reason="LogGone")
    if raw.startswith(_NO_WATCHER):
        raise Unavailable(raw.decode("utf-8", "replace"), reason="NoWatcher")
