"""Where log lines come from: the cluster's streams, resumed over cuts, run by run."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import structlog

from cluster import errors
from cluster.logs import Resumer, follow
from tenants import clusters
from tenants.live import frames
from tenants.live.logs.absence import Absence
from tenants.live.logs.endings import Endings
from tenants.live.logs.ring import Entry
from tenants.live.logs.streams import Mark, SourceKey

log = structlog.get_logger(__name__)

RETRY_FIRST = 0.1
RETRY_MOST = 5.0
SETTLE = 0.5
"""Seconds that the watch gets to tell a run's end from a cut."""
SILENCE = 60.0
"""Seconds without a byte after which a stream is opened anew: a connection that died without a word looks the same as
a container that writes nothing."""
REREAD_MOST = 50_000
"""Lines that one catching-up reads at most…"""
REREAD_BYTES = 32 << 20
"""…and characters: a line has up to 16 KiB, and a browser says since when it reads."""


class Upstream:
    """Opens streams for a LogHub."""

    def __init__(self, endings: Endings) -> None:
        self._endings = endings

    async def lines(self, key: SourceKey, tail: int) -> AsyncIterator[Entry | Mark]:
        """The run's lines from `tail` before now on, until it ends; a Mark says each gap and the end."""
        sieve, absence = Resumer(), Absence()
        wait = RETRY_FIRST
        while True:
            since = sieve.since_ns()
            over = self._endings.of(key)
            try:
                async for line in follow(
                    clusters.connection(key.cluster),
                    key.namespace,
                    key.pod,
                    key.container,
                    since_ns=since,
                    # Where there was nothing before, all that is there now is new.
                    tail=tail if since is None and not absence.opened_once else None,
                    silence=SILENCE * random.uniform(0.8, 1.2),  # noqa: S311 - so that not all are opened anew at once
                    on_open=absence.opened,
                ):
                    for fresh in sieve.fresh((line,)):
                        wait = RETRY_FIRST
                        if missed := absence.before(fresh.ns):
                            why = f"The stream was away for {missed:.0f} s: lines may be missing here."
                            yield Mark(frames.Gap, why)
                        yield Entry(fresh.ns, fresh.text, fresh.cut)
            except errors.NotFound:
                over = over or "was removed."
            except errors.Refused as error:
                # The container has not started yet, or its log is not to be had: the watch brings the next run.
                over = over or error.message
            except errors.ClusterError as error:
                if error.reason == "Silent":
                    absence.lost(silent=True)
                    sieve.reopened()
                    continue
                log.info("log_cut", namespace=key.namespace, pod=key.pod, error=error.message)
            # A stream that ends cleanly was cut or its run is over: the watch says which, a little later.
            over = over or await self._endings.within(key, SETTLE)
            if over is not None:
                yield Mark(frames.Ended, over)
                return
            absence.lost()
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
            log.info("log_not_read_again", namespace=key.namespace, pod=key.pod, error=error.message)
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
