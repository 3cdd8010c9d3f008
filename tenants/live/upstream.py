"""Where log lines come from: the cluster's streams, resumed over cuts, run by run."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable

from cluster import errors
from cluster.logs import Resumer, follow
from tenants import clusters
from tenants.live import frames
from tenants.live.logs import Mark, SourceKey
from tenants.live.ring import Entry

log = logging.getLogger(__name__)

RETRY_FIRST = 0.1
RETRY_MOST = 5.0
SETTLE = 0.5
"""Seconds that the watch gets to tell a run's end from a cut."""
LONG_GAP = 3.0
"""After so many seconds without a stream, a busy container may have rotated lines away unread."""
REREAD_MOST = 50_000
"""Lines that one catching-up reads at most…"""
REREAD_BYTES = 32 << 20
"""…and characters: a line has up to 16 KiB, and a browser says since when it reads."""

Ending = Callable[[SourceKey], str | None]
"""How a run ended, in words; None while it goes on."""


class Upstream:
    """Opens streams for a LogHub."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending

    async def lines(self, key: SourceKey, tail: int) -> AsyncIterator[Entry | Mark]:
        """The run's lines from `tail` before now on, until it ends; a Mark says each gap and the end."""
        sieve = Resumer()
        wait = RETRY_FIRST
        lost_at: float | None = None
        while True:
            since = sieve.since_ns()
            over = self._ending(key)
            try:
                async for line in follow(
                    clusters.connection(key.cluster),
                    key.namespace,
                    key.pod,
                    key.container,
                    since_ns=since,
                    tail=tail if since is None else None,
                ):
                    if lost_at is not None:
                        away = time.monotonic() - lost_at
                        lost_at, wait = None, RETRY_FIRST
                        if away > LONG_GAP:
                            yield Mark(frames.Gap, f"The stream was away for {away:.0f} s: lines may be missing here.")
                    for fresh in sieve.fresh((line,)):
                        yield Entry(fresh.ns, fresh.text, fresh.cut)
            except errors.NotFound:
                over = over or "was removed."
            except errors.Refused as error:
                # The container has not started yet, or its log is not to be had: the watch brings the next run.
                over = over or error.message
            except errors.ClusterError as error:
                log.info("log stream of %s/%s: %s", key.namespace, key.pod, error.message)
            if over is None:
                over = await self._settled(key)
            if over is not None:
                yield Mark(frames.Ended, over)
                return
            lost_at = lost_at or time.monotonic()
            sieve.reopened()
            await asyncio.sleep(wait)
            wait = min(wait * 2, RETRY_MOST)

    async def since(self, key: SourceKey, ns: int) -> list[Entry]:
        """What the run wrote since an instant (Unix nanoseconds) until now; nothing where the cluster is silent."""
        entries: list[Entry] = []
        size = 0
        try:
            async for line in follow(
                clusters.connection(key.cluster), key.namespace, key.pod, key.container, since_ns=ns, follow=False
            ):
                entries.append(Entry(line.ns, line.text, line.cut))
                size += len(line.text)
                if len(entries) >= REREAD_MOST or size > REREAD_BYTES:
                    break
        except errors.ClusterError as error:
            log.info("log of %s/%s could not be read again: %s", key.namespace, key.pod, error.message)
        return entries

    async def tail(self, key: SourceKey, lines: int, *, previous: bool) -> list[Entry]:
        """The last lines of the run, or of the one before; nothing where it is not kept. Raises cluster.errors."""
        found = follow(
            clusters.connection(key.cluster),
            key.namespace,
            key.pod,
            key.container,
            previous=previous,
            tail=lines,
            follow=False,
        )
        return [Entry(line.ns, line.text, line.cut) async for line in found]

    async def _settled(self, key: SourceKey) -> str | None:
        """A stream that ends cleanly was cut or its run is over: the watch says which, a little later."""
        deadline = time.monotonic() + SETTLE
        while time.monotonic() < deadline:
            over = self._ending(key)
            if over is not None:
                return over
            await asyncio.sleep(0.05)
        return None
