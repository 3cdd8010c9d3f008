"""When what changed is looked at again: often enough for people, and never twice at once for one topic."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tenants.live.topics.outbox import Shown

COALESCE = 0.1
"""Seconds between two looks: all changes of a topic within them are shown as one."""
GATHER = 0.02
"""Seconds that the first change after a pause waits for those that come with it: pod, ReplicaSet, Deployment."""


class Pace:
    """Marks of what changed, and the looks that follow. Used on one event loop."""

    def __init__(
        self, refresh: Callable[[Shown], Coroutine[Any, Any, None]], spawn: Callable[[Coroutine[Any, Any, None]], None]
    ) -> None:
        self._refresh = refresh
        self._spawn = spawn
        self._marked: set[Shown] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._looked_at = 0.0

    def mark(self, shown: Shown) -> None:
        """Has the topic looked at again soon."""
        self._marked.add(shown)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(self._looked_at + COALESCE, loop.time() + GATHER), self._look)

    def _look(self) -> None:
        self._timer = None
        self._looked_at = asyncio.get_running_loop().time()
        marked, self._marked = self._marked, set()
        for shown in marked:
            shown.outdated = True
            if shown.viewers and not shown.rendering:
                self._spawn(self._keep_up(shown))

    async def _keep_up(self, shown: Shown) -> None:
        """What changes while a topic is rendered is shown by one more rendering, not by one for each change."""
        shown.rendering = True
        try:
            while shown.outdated:
                shown.outdated = False
                await self._refresh(shown)
        finally:
            shown.rendering = False
