"""What a container printed: lines with nanosecond stamps in memory, in files that rotate as a node's do.

A reader gets the current file only; one that follows is carried over a rotation and ends with the container. Rules of
kubelet's log reading: `sinceTime` is compared in whole seconds, `tailLines` is counted over the file before that.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

FILE_BYTES = 2 << 20
STAMP = 31
"""Bytes of `2026-01-02T03:04:05.123456789Z ` before the text of a kept line."""

LINES_A_PIECE = 1000


@dataclass(frozen=True)
class LogOptions:
    """A validated PodLogOptions: `since` is a whole second as `2026-01-02T03:04:05`, UTC."""

    follow: bool = False
    timestamps: bool = False
    since: str | None = None
    tail: int | None = None
    limit: int | None = None


class LogFile:
    """One file of a container's log: kept lines carry their stamps, so a line costs one object."""

    __slots__ = ("lines", "next", "size")

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.size = 0
        self.next: LogFile | None = None


class ContainerLog:
    """The log of one run of a container."""

    def __init__(self) -> None:
        self.file = LogFile()
        self.closed = False
        self._news: asyncio.Event | None = None
        self._second = -1
        self._prefix = ""
        self._last = 0

    def write(self, text: str) -> None:
        """One or more whole lines, without the last line end."""
        for line in text.split("\n"):
            self._write_line(line.encode(errors="surrogateescape"))
        self._tell()

    def close(self) -> None:
        """The container ended: followers get what is left and end."""
        self.closed = True
        self._tell()

    def rotate(self) -> None:
        """Begin a new file; what later readers see starts here."""
        fresh = LogFile()
        self.file.next = fresh
        self.file = fresh

    async def read(self, options: LogOptions) -> AsyncIterator[bytes]:
        """Pieces of whole lines; with `limit` the last one is cut to the byte."""
        left = options.limit if options.limit is not None else -1
        file, index = self.file, self._begin(options)
        while True:
            while index < len(file.lines):
                piece = file.lines[index : index + LINES_A_PIECE]
                index += len(piece)
                data = self._render(piece, options)
                if left >= 0:
                    data, left = data[:left], left - len(data[:left])
                if data:
                    yield data
                if left == 0:
                    return
            if file.next is not None:
                file, index = file.next, 0
            elif not options.follow or self.closed:
                return
            else:
                await self._wait()

    def _write_line(self, text: bytes) -> None:
        now = time.time_ns()
        if now <= self._last:
            now = self._last + 1
        self._last = now
        second, nanos = divmod(now, 1_000_000_000)
        if second != self._second:
            self._second = second
            self._prefix = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S.")
        line = f"{self._prefix}{nanos:09d}Z ".encode() + text + b"\n"
        if self.file.size + len(line) > FILE_BYTES:
            self.rotate()
        self.file.lines.append(line)
        self.file.size += len(line)

    def _begin(self, options: LogOptions) -> int:
        lines = self.file.lines
        start = 0 if options.tail is None else max(0, len(lines) - options.tail)
        if options.since is not None:
            since = options.since.encode()
            while start < len(lines) and lines[start][:19] < since:
                start += 1
        return start

    def _render(self, lines: list[bytes], options: LogOptions) -> bytes:
        if options.timestamps:
            return b"".join(lines)
        return b"".join([line[STAMP:] for line in lines])

    def _tell(self) -> None:
        if self._news is not None:
            self._news.set()
            self._news = None

    async def _wait(self) -> None:
        if self._news is None:
            self._news = asyncio.Event()
        await self._news.wait()
