"""A change of the store, how changes are kept by resource, and how one follows them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson

Obj = dict[str, Any]
Objects = list[Obj]
Listener = Callable[["Event"], None]

HISTORY = 1000
"""Events kept a resource: a watch from before them is answered with 410."""


class Event:
    """A change: `type` is ADDED, MODIFIED or DELETED; `old` is what was stored before."""

    __slots__ = ("_json", "obj", "old", "resource", "type", "version")

    def __init__(self, type_: str, resource: str, obj: Obj, old: Obj | None, version: int):
        self.type = type_
        self.resource = resource
        self.obj = obj
        self.old = old
        self.version = version
        self._json: bytes | None = None

    @property
    def json(self) -> bytes:
        """The object's wire form, made once however many watch."""
        if self._json is None:
            self._json = orjson.dumps(self.obj)
        return self._json


class Shelf:
    """The objects of one resource by namespace ("" for those of the cluster) and name, and its recent events."""

    __slots__ = ("count", "events", "forgotten", "items")

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Obj]] = {}
        self.events: deque[Event] = deque()
        self.forgotten = 0
        self.count = 0

    def remember(self, event: Event) -> None:
        self.events.append(event)
        if len(self.events) > HISTORY:
            self.forgotten = self.events.popleft().version


class Subscription:
    """An async iterator of (type, resource, obj, old): first ADDED of all that is there. Close it at the end."""

    def __init__(self, listeners: list[Listener], there: dict[str, Objects]):
        """`there`: resource → its objects now; `listeners` are told of every change from now on."""
        self._listeners = listeners
        self._resources = frozenset(there)
        self._waiting: deque[tuple[str, str, Obj, Obj | None]] = deque()
        self._ready = asyncio.Event()
        for resource, objects in there.items():
            self._waiting.extend(("ADDED", resource, obj, None) for obj in objects)
        if self._waiting:
            self._ready.set()
        listeners.append(self._hear)

    def _hear(self, event: Event) -> None:
        if event.resource in self._resources:
            self._waiting.append((event.type, event.resource, event.obj, event.old))
            self._ready.set()

    def close(self) -> None:
        if self._hear in self._listeners:
            self._listeners.remove(self._hear)

    def __aiter__(self) -> AsyncIterator[tuple[str, str, Obj, Obj | None]]:
        return self

    async def __anext__(self) -> tuple[str, str, Obj, Obj | None]:
        while not self._waiting:
            self._ready.clear()
            await self._ready.wait()
        return self._waiting.popleft()


Events = list[Event]
