"""How often a topic is rendered: soon after the first change, and not once for each of many."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from tenants.live.topics.outbox import Outbox, Shown
from tenants.live.topics.pace import COALESCE, Pace
from tenants.live.topics.topic import Topic


def viewed(name: str) -> Shown:
    """A topic that somebody looks at."""
    shown = Shown(Topic(name, "app", name.removeprefix("app:"), frozenset({1}), frozenset()))
    shown.viewers.add(Outbox())
    return shown


class Renderer:
    """Renders as long as it is held, and counts."""

    def __init__(self) -> None:
        self.count = 0
        self.free = asyncio.Event()
        self.began = asyncio.Event()
        self.looked: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.pace = Pace(self.refresh, self.spawn)
        self.shown, self._beside = viewed("app:1"), viewed("app:2")
        self._seen_beside = asyncio.Event()

    async def refresh(self, shown: Shown) -> None:
        if shown is self._beside:
            self._seen_beside.set()
            return
        self.count += 1
        self.began.set()
        await self.free.wait()

    async def look(self) -> None:
        """Waits for the next look at what is marked, which finds another topic marked, too."""
        self._seen_beside.clear()
        self.pace.mark(self._beside)
        await asyncio.wait_for(self._seen_beside.wait(), 5)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.looked.append("looked")
        self.tasks.append(asyncio.create_task(work))


async def test_changes_while_a_topic_is_rendered_are_shown_by_one_more_rendering() -> None:
    renderer = Renderer()
    renderer.pace.mark(renderer.shown)
    await asyncio.wait_for(renderer.began.wait(), 5)
    for _ in range(3):
        renderer.pace.mark(renderer.shown)
        await renderer.look()
    assert renderer.count == 1
    renderer.free.set()
    await asyncio.wait_for(asyncio.gather(*renderer.tasks), 5)
    assert renderer.count == 2


async def test_the_first_change_after_a_pause_is_looked_at_before_the_pace_is_over() -> None:
    renderer = Renderer()
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(COALESCE, lambda: (renderer.looked.append("over"), over.set()))
    renderer.pace.mark(renderer.shown)
    await asyncio.wait_for(over.wait(), 5)
    assert renderer.looked == ["looked", "over"]


async def test_a_topic_that_nobody_looks_at_any_more_is_not_rendered() -> None:
    renderer = Renderer()
    renderer.pace.mark(renderer.shown)
    renderer.shown.viewers.clear()
    await renderer.look()
    assert renderer.count == 0
