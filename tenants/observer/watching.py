"""One cluster, watched: changes are gathered for a moment, looked at together and written down.

A thousand pods that change are a few rows that are written a few times a second.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable

import structlog
from django.db import Error as DatabaseError

from cluster import errors
from cluster.pulse import Pulse
from cluster.watch import Change, Informer
from tenants import chores, clusters
from tenants.observer import strays
from tenants.observer.sights import PRUNED, WHOLE, Key, keys_of, look
from tenants.observer.writing import Desk, Writer

log = structlog.get_logger(__name__)

# Seconds: changes are gathered; what is under way, and everything, is looked at again; the cluster is asked.
GATHER = 0.15
AGAIN_EVERY = 1.0
ALL_EVERY = 60.0
STRAYS_EVERY = 20.0
ASK_EVERY = 10.0
MEASURE_EVERY = 6
"""In questions: so often the nodes are asked what they have."""
# Things that are looked at in one go, so that the loop and the rows' thread stay responsive.
BATCH = 200


class Watcher:
    """Feeds one cluster's changes to its Writer."""

    def __init__(self, alias: str, desk: Desk, writer: Writer) -> None:
        self._alias = alias
        self._desk = desk
        self._writer = writer
        self._dirty: set[Key] = set()
        self._again: set[Key] = set()
        self._news = asyncio.Event()  # something is dirty
        self._turned = asyncio.Event()  # the cluster fell silent or is back, or was just asked
        self._strays = strays.Strays(alias)
        self._unanswered = ""  # why the last question had no answer
        connection = clusters.connection(alias)
        self._pulse = Pulse(self._turned.set)
        self._whole = Informer(connection, WHOLE, on_change=self._changed, raw=True, pulse=self._pulse)
        self._pruned = Informer(connection, PRUNED, on_change=self._changed, pulse=self._pulse)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._whole.run())
                group.create_task(self._pruned.run())
                group.create_task(self._ask())
                group.create_task(self._tell())
                await self._whole.synced.wait()
                await self._pruned.synced.wait()
                group.create_task(self._repeat())
                group.create_task(self._write())
        finally:
            await clusters.connection(self._alias).close_aio()

    def _changed(self, change: Change) -> None:
        if change.type != "SYNCED":
            self._mark(keys_of(change.kind, change.namespace, change.name, change.object))

    def _mark(self, keys: Iterable[Key]) -> None:
        self._dirty.update(keys)
        if self._dirty:
            self._news.set()

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER)
            while not self._pulse.intact.is_set():
                await self._pulse.intact.wait()
            self._news.clear()
            batch = {self._dirty.pop() for _ in range(min(BATCH, len(self._dirty)))}
            try:
                again = await self._write_down(batch)
            except DatabaseError as error:
                log.warning("sights_not_written", cluster=self._alias, error=str(error))
                await asyncio.sleep(1)
                self._mark(batch)
                continue
            self._again = (self._again - batch) | again
            self._mark(())

    async def _write_down(self, keys: set[Key]) -> set[Key]:
        """Writes what is seen of `keys`; one that cannot be understood keeps no other from being written."""
        try:
            return await self._desk.do(self._writer.write, [look(key, self._whole, self._pruned) for key in keys])
        except DatabaseError:
            raise
        except Exception:
            if len(keys) == 1:
                log.exception("sight_not_understood", cluster=self._alias, key=str(next(iter(keys))))
                return set()
        again = set()
        for key in keys:
            again |= await self._write_down({key})
        return again

    async def _repeat(self) -> None:
        """What time alone changes (a rollout that stands still), what is awaited, and now and then everything.

        By the clock, because nothing tells of it: an operation that changed nothing has no event in the cluster.
        """
        loop = asyncio.get_running_loop()
        next_all = next_strays = loop.time()
        while True:
            try:
                if loop.time() >= next_all:
                    self._mark(await self._desk.do(self._writer.every_key))
                    next_all = loop.time() + ALL_EVERY
                if loop.time() >= next_strays and self._pulse.intact.is_set():
                    next_strays = loop.time() + STRAYS_EVERY
                    with chores.alone("tenants.observer.strays", cluster=self._alias):
                        await self._desk.do(self._strays.look, strays.managed(self._whole))
                self._mark(self._again | await self._desk.do(self._writer.awaited_keys))
            except DatabaseError as error:
                log.warning("rows_not_read", cluster=self._alias, error=str(error))
            await asyncio.sleep(AGAIN_EVERY)

    async def _tell(self) -> None:
        """Tells the pages when the cluster falls silent, and when it is back."""
        while True:
            await self._turned.wait()
            self._turned.clear()
            silent = self._pulse.silent_since is not None
            await self._say(self._unanswered or (self._pulse.error if silent else None))

    async def _ask(self) -> None:
        """Asks for version and storage classes: what forms need, and a sign of life on a connection of its own.

        Now and then also what nodes have, which many nodes make a long answer.
        """
        loop = asyncio.get_running_loop()
        for beat in itertools.count():
            try:
                info = await loop.run_in_executor(None, clusters.gateway(self._alias).info)
            except errors.ClusterError as error:
                log.info("cluster_not_asked", cluster=self._alias, error=error.message)
                if isinstance(error, errors.Unavailable):
                    self._unanswered = error.message or "no answer"
                    self._turned.set()
                await asyncio.sleep(1)
                continue
            self._answered()
            try:
                await self._desk.do(clusters.learned, self._alias, info)
                if beat % MEASURE_EVERY == 0:
                    await self._measure(loop)
            except DatabaseError as error:
                log.warning("cluster_not_recorded", cluster=self._alias, error=str(error))
            await asyncio.sleep(ASK_EVERY)

    async def _measure(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            room = await loop.run_in_executor(None, clusters.gateway(self._alias).room)
        except errors.ClusterError as error:
            log.warning("nodes_not_measured", cluster=self._alias, error=error.message)
            return
        await self._desk.do(clusters.measured, self._alias, room)

    def _answered(self) -> None:
        if self._unanswered:
            self._unanswered = ""
            self._whole.hurry()
            self._pruned.hurry()
        self._turned.set()

    async def _say(self, silence: str | None) -> None:
        try:
            if silence is None:
                turned = await self._desk.do(clusters.heard, self._alias)
            else:
                turned = await self._desk.do(clusters.not_heard, self._alias, silence)
        except DatabaseError as error:
            log.warning("cluster_not_recorded", cluster=self._alias, error=str(error))
            return
        if turned:
            log.warning("cluster_turned", cluster=self._alias, answers=silence is None, error=silence or "")
