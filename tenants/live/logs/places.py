"""How many log streams may be open at once: each costs the API server a connection, and its node a watch of a file.

Log streams pass the API server's own fairness by, so Berth bounds itself. The bounds are each server process's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Caps:
    """Streams at most. Of a node, whose kubelet has some 128 watches for all, one team gets one part in `shares`."""

    process: int = 400
    node: int = 60
    team: int = 100
    user: int = 40
    shares: int = 4

    @property
    def share(self) -> int:
        """One team's streams of one node."""
        return max(1, self.node // self.shares)


class Holder(Protocol):
    """What takes a place."""

    team: int
    node: str

    def users(self) -> set[int]:
        """Those for whom it is open."""


class Full(Exception):
    """A cap is reached. `who`: a field of Caps; `holders`: user id → streams held, most first."""

    def __init__(self, who: str, limit: int, holders: list[tuple[int, int]]) -> None:
        super().__init__(who)
        self.who, self.limit, self.holders = who, limit, holders


class Places:
    """The places of this process. Used on one event loop."""

    def __init__(self, caps: Caps | None = None) -> None:
        self._caps = caps or Caps()
        self._holders: set[Holder] = set()
        self._waiting: set[Callable[[], None]] = set()

    def take(self, holder: Holder, *, user: int) -> None:
        """A place for a stream that `user` asks for. Raises Full."""
        caps, held = self._caps, self._holders
        on_node = [one for one in held if one.node == holder.node]
        for who, limit, found in (
            ("process", caps.process, held),
            ("node", caps.node, on_node),
            ("share", caps.share, [one for one in on_node if one.team == holder.team]),
            ("team", caps.team, [one for one in held if one.team == holder.team]),
            ("user", caps.user, [one for one in held if user in one.users()]),
        ):
            if len(found) >= limit:
                raise Full(who, limit, Counter(person for one in found for person in one.users()).most_common(5))
        held.add(holder)

    def give(self, holder: Holder) -> None:
        """The stream is closed. Safe to repeat."""
        if holder in self._holders:
            self._holders.discard(holder)
            self.changed()

    @contextmanager
    def reading(self, *, user: int, team: int, node: str) -> Iterator[None]:
        """A place for a stream that is read to its end. Raises Full."""
        reader = _Reader(user, team, node)
        self.take(reader, user=user)
        try:
            yield
        finally:
            self.give(reader)

    def wait(self, free: Callable[[], None]) -> None:
        """Has `free` called whenever a place may have become free, until `leave`."""
        self._waiting.add(free)

    def leave(self, free: Callable[[], None]) -> None:
        """Ends `wait`."""
        self._waiting.discard(free)

    def changed(self) -> None:
        """Who waits may find a place now."""
        for free in tuple(self._waiting):
            free()


@dataclass(eq=False, slots=True)
class _Reader:
    user: int
    team: int
    node: str

    def users(self) -> set[int]:
        return {self.user}
