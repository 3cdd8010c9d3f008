"""The last lines of one container, encoded once for all who look.

A viewer is a cursor into the ring: the number of the next line that it wants. When the ring has moved past it, the
viewer is told how many lines it missed, so that delivered + skipped = produced, always.
"""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tenants.live import frames

LINES = 2_000
"""A ring keeps at most so many lines…"""
BYTES = 1 << 20
"""…and at most so many bytes of text."""
FRAME = 64 << 10
"""No frame is larger, a single line of 16 KiB aside."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: Unix nanoseconds, text, and how many bytes were cut off its end."""

    ns: int
    text: str
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Lines `first` to `first + len(entries) - 1` and their one encoded frame."""

    first: int
    entries: tuple[Entry, ...]
    frame: str
    size: int

    @property
    def end(self) -> int:
        return self.first + len(self.entries)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a cursor gets next: a frame, before it `skipped` lines that the ring no longer held, then the new cursor.

    `skipped_to` and `last` are the instants (Unix nanoseconds) of the last line missed and the last line in the frame.
    """

    frame: str
    cursor: int
    last: int
    skipped: int = 0
    skipped_to: int = 0


def encode(source: str, entries: Sequence[Entry]) -> str:
    """The frame of some lines."""
    return frames.encode(frames.Lines(source, [(str(e.ns), e.text, e.cut) for e in entries]))


class Ring:
    """Numbered lines of one source; `append` collects, `seal` encodes what was collected since."""

    def __init__(self, source: str, *, lines: int = LINES, size: int = BYTES) -> None:
        self.source = source
        self.produced = 0  # lines ever appended
        self._max_lines = lines
        self._max_size = size
        self._open: list[Entry] = []
        self._blocks: deque[Block] = deque()
        self._size = 0
        self._count = 0
        self._last_dropped_ns = 0

    def append(self, entry: Entry) -> None:
        self._open.append(entry)
        self.produced += 1

    @property
    def has_open(self) -> bool:
        """Whether lines wait to be sealed."""
        return bool(self._open)

    @property
    def first(self) -> int:
        """Number of the oldest line that is still held."""
        return self._blocks[0].first if self._blocks else self.sealed

    @property
    def sealed(self) -> int:
        """Number after the newest encoded line: where a viewer that is up to date stands."""
        return self.produced - len(self._open)

    def entries(self) -> Iterator[Entry]:
        """All held and sealed lines, oldest first."""
        for block in self._blocks:
            yield from block.entries

    def seal(self) -> None:
        """Encodes the waiting lines into blocks of at most FRAME bytes and drops what is beyond the bounds."""
        first = self.sealed
        for part in _parts(self._open):
            size = sum(len(entry.text) for entry in part)
            self._blocks.append(Block(first, tuple(part), encode(self.source, part), size))
            first += len(part)
            self._size += size
            self._count += len(part)
        self._open = []
        while len(self._blocks) > 1 and (self._count > self._max_lines or self._size > self._max_size):
            gone = self._blocks.popleft()
            self._count -= len(gone.entries)
            self._size -= gone.size
            self._last_dropped_ns = gone.entries[-1].ns

    def start(self, tail: int) -> int:
        """The cursor from which the last `tail` sealed lines are read."""
        return max(self.first, self.sealed - tail)

    def read(self, cursor: int) -> Chunk | None:
        """The next frame for a cursor, or None when it is up to date."""
        if cursor >= self.sealed:
            return None
        skipped = max(0, self.first - cursor)
        cursor += skipped
        block = self._blocks[bisect.bisect_right(self._blocks, cursor, key=lambda block: block.first) - 1]
        rest = block.entries[cursor - block.first :]
        frame = block.frame if block.first == cursor else encode(self.source, rest)
        return Chunk(frame, block.end, rest[-1].ns, skipped, self._last_dropped_ns if skipped else 0)


def _parts(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    part: list[Entry] = []
    size = 0
    for entry in entries:
        cost = len(entry.text) + 40
        if part and size + cost > FRAME:
            yield part
            part, size = [], 0
        part.append(entry)
        size += cost
    if part:
        yield part
