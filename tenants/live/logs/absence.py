"""When a log stream could not be heard, so that a gap is said where lines may be missing, and nowhere else.

A stream that broke was away from then on. One that was silent for long may have been dead all the while, or nothing was
written: only the first line that comes after it tells, by the time between it and the line before, in the node's own
clock.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

LONG = 3.0
"""After so many seconds without a stream, a busy container may have rotated lines away unread."""
CLOSE = 1.0
"""Seconds by which a line's time may lie before its stream's opening and still count as written after it."""


class Absence:
    """Of one stream that is opened again and again. Instants are `clock`'s, this process's, in seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self.opened_once = False
        self._open = self._doubtful = False
        self._opened = self._lost = self._heard = clock()
        self._ns = 0  # of the last line
        self._missed = 0.0  # seconds, of which the next line is to say
        self._doubted = 0.0  # as many if the next line was written while the stream was silent

    def opened(self) -> None:
        """The stream is there."""
        self._opened = self._clock()
        if self.opened_once and not self._open:
            away = self._opened - self._lost
            if self._doubtful:
                self._doubted = away
            else:
                self._missed = max(self._missed, away)
        self.opened_once = self._open = True

    def lost(self, *, silent: bool = False) -> None:
        """The stream is gone, or could not be opened. `silent`: nothing came for long."""
        if not self._open:
            self._doubtful = self._doubtful and silent
            return
        self._open = False
        self._doubtful = silent
        self._lost = max(self._heard, self._opened) if silent else self._clock()

    def before(self, ns: int) -> float:
        """A line of that time (Unix nanoseconds) came: seconds that are missing before it, or 0."""
        missed = self._missed
        if self._doubted and self._ns and self._heard + (ns - self._ns) / 1e9 < self._opened - CLOSE:
            missed = max(missed, self._doubted)
        self._missed = self._doubted = 0.0
        self._heard, self._ns = self._clock(), ns
        return missed if missed > LONG else 0.0
