"""How many sockets one person may have open, whichever server processes they reach.

A seat is a key in the cache that is taken at the opening, kept up while the socket is open, and runs out by itself when
the process dies. Where the cache is each process's own, or does not answer, the bound is each process's or none: it
protects the servers, not data.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from asgiref.sync import sync_to_async
from django.core.cache import cache

log = structlog.get_logger(__name__)

SEATS = 24
"""Sockets of one person: a page takes one, a page with a log two."""
HELD = 60
"""Seconds after which a seat that is not kept up is free."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Held by one open socket. `key` is empty where the cache did not answer."""

    key: str

    @sync_to_async
    def keep(self) -> None:
        """Holds it for another while."""
        if self.key:
            try:
                cache.set(self.key, 1, HELD)
            except Exception:
                log.warning("seat_not_kept", exc_info=True)

    @sync_to_async
    def leave(self) -> None:
        """The socket is closed."""
        if self.key:
            try:
                cache.delete(self.key)
            except Exception:
                log.warning("seat_not_given_back", exc_info=True)


@sync_to_async
def take(user: int) -> Seat | None:
    """A seat for one more socket of that person; None when all are taken."""
    keys = [f"live.seat:{user}:{number}" for number in range(SEATS)]
    try:
        taken = cache.get_many(keys)
        return next((Seat(key) for key in keys if key not in taken and cache.add(key, 1, HELD)), None)
    except Exception:  # of whatever client the cache has: without it nobody is kept out
        log.warning("seats_not_counted", exc_info=True)
        return Seat("")
