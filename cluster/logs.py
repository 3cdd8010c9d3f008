"""A container's log as it is written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

from cluster.connection import Connection


@dataclass(frozen=True, slots=True)
class Line:
    """One line: Unix nanoseconds, text without its end (invalid UTF-8 replaced), bytes dropped beyond 16 KiB."""

    ns: int
    text: str
    cut: int = 0


class Resumer:
    """Sieves what a re-read brings again: remembers the newest lines, drops exact (timestamp, text) matches once each."""

    def since_ns(self) -> int | None:
        """Where the next read must begin; None before the first line."""
        raise NotImplementedError

    def reopened(self) -> None:
        """A new stream begins at `since_ns()`."""
        raise NotImplementedError

    def fresh(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines that were not given before."""
        raise NotImplementedError


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
    raise NotImplementedError
    yield
