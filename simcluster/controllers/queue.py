"""The loop under every controller: watch, note which keys need a look, look at one at a time, try again later.

As client-go's informer and work queue do: a key that is waiting is noted once however often it is touched, a failed
sync comes back after 5 ms doubling to 1,000 s, and a change of the object brings it back at once.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, ClassVar

from simcluster.clock import Clock
from simcluster.controllers.events import Recorder
from simcluster.errors import ApiError

log = logging.getLogger(__name__)

Key = tuple[str, str]
"""(namespace, name); the namespace is "" for objects of the whole cluster."""

FIRST_RETRY, LAST_RETRY = 0.005, 1000.0
SYNCS_BEFORE_YIELD = 20


def key_of(obj: dict) -> Key:
    """The key by which an object is synced."""
    return obj["metadata"].get("namespace", ""), obj["metadata"]["name"]


class Controller:
    """A subclass names what it watches, maps a change to keys, and brings one key's objects to where they should be."""

    watches: ClassVar[tuple[str, ...]] = ()
    synced: ClassVar[str] = ""
    """The resource whose objects are synced: a change of one concerns that one."""
    component: ClassVar[str] = ""

    def __init__(self, store: Any, admitted: Any, clock: Clock):
        self.store = store
        self.admitted = admitted
        self.clock = clock
        self.recorder = Recorder(store, clock, self.component)
        self._waiting: dict[Key, None] = {}
        self._wake = asyncio.Event()
        self._failures: dict[Key, int] = {}
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    def keys(self, change: str, resource: str, obj: dict, old: dict | None) -> Iterable[Key]:
        """Which keys a change (ADDED, MODIFIED, DELETED) of anything but `synced` concerns."""
        raise NotImplementedError

    async def sync(self, key: Key) -> float | None:
        """Act on one key; answers the simulated seconds after which to look again, if any."""
        raise NotImplementedError

    async def run(self) -> None:
        """Until canceled."""
        watcher = asyncio.create_task(self._watch(), name=f"{type(self).__name__} watch")
        try:
            await self._work()
        finally:
            watcher.cancel()
            for timer in self._timers.values():
                timer.cancel()

    def enqueue(self, key: Key) -> None:
        self._waiting[key] = None
        self._wake.set()

    def enqueue_after(self, key: Key, seconds: float) -> None:
        """The sooner of two wishes stays."""
        timer = self._timers.get(key)
        new = self.clock.call_later(seconds, self._due, key)
        if timer is not None and timer.when() <= new.when():
            new.cancel()
            return
        if timer is not None:
            timer.cancel()
        self._timers[key] = new

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.enqueue(key)

    async def _watch(self) -> None:
        async for change, resource, obj, old in self.store.subscribe(*self.watches):
            try:
                itself = resource == self.synced
                for key in [key_of(obj)] if itself else self.keys(change, resource, obj, old):
                    self.enqueue(key)
            except Exception:  # whatever it was: the others' changes are still to be heard, as client-go does
                log.exception("%s could not read a change of %s", type(self).__name__, resource)

    async def _work(self) -> None:
        done = 0
        while True:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            key = next(iter(self._waiting))
            del self._waiting[key]
            await self._attempt(key)
            done += 1
            if done % SYNCS_BEFORE_YIELD == 0:
                await asyncio.sleep(0)

    async def _attempt(self, key: Key) -> None:
        try:
            again = await self.sync(key)
        except ApiError as error:
            log.debug("%s %s: %s", type(self).__name__, key, error)
            self._retry(key)
        except Exception:  # whatever it was: one object must not stop the loop for all others
            log.exception("%s failed on %s", type(self).__name__, key)
            self._retry(key)
        else:
            self._failures.pop(key, None)
            if again is not None:
                self.enqueue_after(key, again)

    def _retry(self, key: Key) -> None:
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.enqueue_after(key, min(LAST_RETRY, FIRST_RETRY * 2 ** min(failures, 30)))
