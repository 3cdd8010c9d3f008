"""Sockets of one process that want to know the same thing at the same time ask the database once.

When a role is taken away, all sockets of its holder ask again at that moment. What is shared was read after each of
them wanted to know: who comes while it is being read waits for the next reading, which all share that came meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar, cast

T = TypeVar("T")

_next: dict[Hashable, asyncio.Task[object]] = {}
_reading: dict[Hashable, asyncio.Task[object]] = {}


async def shared(key: Hashable, read: Callable[[], Awaitable[T]]) -> T:
    """What `read` answers, begun after this call. Raises what it raises. `key` says which question it is."""
    place = (asyncio.get_running_loop(), key)
    task = _next.get(place)
    if task is None:
        task = _next[place] = asyncio.create_task(_read(place, read))
    return cast(T, await asyncio.shield(task))


async def _read(place: Hashable, read: Callable[[], Awaitable[T]]) -> object:
    me = cast("asyncio.Task[object]", asyncio.current_task())
    try:
        if (before := _reading.get(place)) is not None:
            await asyncio.wait({before})
    finally:
        del _next[place]
    _reading[place] = me
    try:
        return await read()
    finally:
        if _reading.get(place) is me:
            del _reading[place]
