"""The observer: what the cluster says → observed columns; drift → a new operation; the outbox's dispatcher.

One process leads (a lease by the database's clock, `tenants.observer.leading`), others stand by. Embedded servers run
it in a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.conf import settings
from django.db import Error as DatabaseError

from tenants import audit, chain, chores, expiry, letters, notices, sampling
from tenants.observer import leading
from tenants.observer.watching import Watcher
from tenants.observer.writing import Desk, Writer
from tenants.operations import redrive

log = structlog.get_logger(__name__)

DISPATCH_EVERY = 1.0
FORGET_EVERY, FORGET_BATCH = 3600, 1000
"""In rounds of the dispatcher: so often old letters and notices are deleted, so many of each at a time."""
EXPIRE_EVERY = 5
"""In rounds of the dispatcher: so often it is looked which raises of quota go back."""
ROLL_UP_EVERY = 30
"""In rounds of the dispatcher: so often an hour or a day of old samples becomes one, where any is due."""
DAILY_EVERY = 30
"""In rounds of the dispatcher: so often it is looked whose daily mail is due."""
STAND_BY = 1.0


def run(stop: threading.Event) -> None:
    """Leads whenever it can, until `stop` is set. Survives the database's and the clusters' absence."""
    with asyncio.Runner() as runner:
        runner.run(_run(stop))


async def _run(stop: threading.Event) -> None:
    """All database work is done by one thread, so that the observer never competes with itself for a row."""
    over = _awaitable(stop)
    with ThreadPoolExecutor(1, "observer-rows") as thread:
        desk = Desk(thread)
        while not over.is_set():
            try:
                async with leading.lead(desk) as leader:
                    await _lead(leader, desk, over)
            except leading.LedByOther:
                await _stand_by(over)
            except DatabaseError as error:
                log.warning("observer_without_database", error=str(error))
                await _stand_by(over)
            except Exception:  # whatever it was, pages must not stay old for ever
                log.exception("observer_failed")
                await _stand_by(over)


def _awaitable(stop: threading.Event) -> asyncio.Event:
    """Set on this loop when the other thread's `stop` is."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def wait() -> None:
        stop.wait()
        with contextlib.suppress(RuntimeError):  # the loop has ended before
            loop.call_soon_threadsafe(over.set)

    threading.Thread(target=wait, name="observer-stop", daemon=True).start()
    return over


async def _stand_by(over: asyncio.Event) -> None:
    """A pause before the row of the lead is looked at again: databases tell nobody that a lease ran out."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STAND_BY):
            await over.wait()


async def _lead(leader: leading.Leadership, desk: Desk, over: asyncio.Event) -> None:
    log.info("observer_leads", clusters=sorted(settings.CLUSTERS))
    audit.origin.set(audit.Origin(door="observer"))
    watchers = [Watcher(alias, desk, Writer(alias)) for alias in settings.CLUSTERS]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(watcher.run()) for watcher in watchers]
        tasks.append(group.create_task(_dispatch(desk)))
        ends = [asyncio.create_task(event.wait()) for event in (over, leader.lost)]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*tasks, *ends):
                task.cancel()
    log.info("observer_stops", lost=leader.lost.is_set())


async def _dispatch(desk: Desk) -> None:
    """Publishes what was committed and never ran, or is due: rows of other processes, so they are asked for."""
    linked = False  # once whole: what was committed by processes that died before they linked it
    for beat in itertools.count():
        try:
            for work in _due(beat):
                with chores.alone(f"{work.__module__}.{work.__name__}"):
                    await desk.do(work)
            if beat % FORGET_EVERY == 0:
                await _forget(desk)
            with chores.alone("tenants.chain.link"):
                await desk.do(chain.link, whole=not linked)
                linked = True
        except DatabaseError as error:
            log.warning("dispatcher_without_database", error=str(error))
        await asyncio.sleep(DISPATCH_EVERY)


def _due(beat: int) -> Iterator[Callable[[], object]]:
    """The chores of this round."""
    yield redrive
    yield letters.redrive
    yield sampling.sampler.sample
    if beat % ROLL_UP_EVERY == 0:
        yield sampling.roll_up
    if beat % EXPIRE_EVERY == 0:
        yield expiry.expire
    if beat % DAILY_EVERY == 0:
        yield notices.send_daily


async def _forget(desk: Desk) -> None:
    """In batches, so that others get at the tables in between."""
    for forget in (letters.forget, notices.forget, sampling.forget):
        with chores.alone(f"{forget.__module__}.{forget.__name__}"):
            while await desk.do(forget, FORGET_BATCH) == FORGET_BATCH:
                log.info("old_rows_deleted", what=forget.__module__, count=FORGET_BATCH)
