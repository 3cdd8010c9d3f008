"""Where a browser stopped reading a log, so that any server can go on without losing or doubling a line.

The browser keeps, for each source, the newest lines it showed as (nanoseconds, checksum) pairs. Timestamps of one
container are not strictly ascending (stdout and stderr are written by two pipes), hence a window and not one instant.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec

from tenants.live.logs.ring import Entry

WINDOW = 64
"""How many of the newest lines a token names."""

Nanoseconds = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,19}\Z")]
"""As text: a browser's numbers are too small for them."""


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`last`: up to WINDOW pairs [nanoseconds as text, crc32 of the UTF-8 text], oldest first."""

    source: str
    last: Annotated[list[tuple[Nanoseconds, int]], msgspec.Meta(max_length=WINDOW)]


def checksum(entry: Entry) -> int:
    """CRC-32 of a line's UTF-8 text, the same as logs.js computes."""
    return zlib.crc32(entry.text.encode())


def unseen(entries: Iterable[Entry], token: Token) -> Iterator[Entry]:
    """The entries that the token's holder has not shown: newer than its window, or inside it and not named by it."""
    seen = Counter((int(ns), crc) for ns, crc in token.last)
    if not seen:
        yield from entries
        return
    oldest = min(ns for ns, _ in seen)
    for entry in entries:
        if entry.ns < oldest:
            continue
        key = (entry.ns, checksum(entry))
        if seen[key] > 0:
            seen[key] -= 1
            continue
        yield entry
