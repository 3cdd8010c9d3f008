"""The observer: what the cluster says → observed columns; drift → a new operation; the outbox's dispatcher.

One process leads (a lease by the database's clock, `tenants.observer.leading`), others stand by. Embedded servers run
it in a thread.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.conf import settings
from django.db import Error as DatabaseError

from tenants import audit
from tenants.observer import leading
from tenants.observer.watching import Watcher
from tenants.observer.writing import Desk, Writer
from tenants.operations import redrive

log = structlog.get_logger(__name__)

DISPATCH_EVERY = 1.0
STAND_BY = 1.0


def run(stop: threading.Event) -> None:
    """Leads whenever it can, until `stop` is set. Survives the database's and the clusters' absence."""
    with asyncio.Runner() as runner:
        runner.run(_run(stop))


async def _run(stop: threading.Event) -> None:
    """All database work is done by one thread, so that the observer never competes with itself for a row."""
    with ThreadPoolExecutor(1, "observer-rows") as thread:
        desk = Desk(thread)
        while not stop.is_set():
            try:
                async with leading.lead(desk) as leader:
                    await _lead(leader, desk, stop)
            except leading.LedByOther:
                await asyncio.sleep(STAND_BY)
            except DatabaseError as error:
                log.warning("observer_without_database", error=str(error))
                await asyncio.sleep(STAND_BY)
            except Exception:  # whatever it was, pages must not stay old for ever
                log.exception("observer_failed")
                await asyncio.sleep(STAND_BY)


async def _lead(leader: leading.Leadership, desk: Desk, stop: threading.Event) -> None:
    log.info("observer_leads", clusters=sorted(settings.CLUSTERS))
    audit.origin.set(audit.Origin(door="observer"))
    watchers = [Watcher(alias, desk, Writer(alias)) for alias in settings.CLUSTERS]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(watcher.run()) for watcher in watchers]
        tasks.append(group.create_task(_dispatch(desk)))
        while not stop.is_set() and leader.held:  # noqa: ASYNC110 - the event is another thread's
            await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
    log.info("observer_stops", lost=not leader.held)


async def _dispatch(desk: Desk) -> None:
    while True:
        try:
            await desk.do(redrive)
        except DatabaseError as error:
            log.warning("dispatcher_without_database", error=str(error))
        await asyncio.sleep(DISPATCH_EVERY)
