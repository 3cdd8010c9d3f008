"""How often a topic is rendered: soon after the first change, and not once for each of many."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from tenants.live.topics.outbox import Outbox, Shown
from tenants.live.topics.pace import COALESCE, Pace
from tenants.live.topics.topic import Topic


class Renderer:
    """Renders as long as it is held, and counts."""

    def __init__(self) -> None:
        self.count = 0
        self.free = asyncio.Event()
        self.began = asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []
        self.pace = Pace(self.refresh, self.spawn)
        self.shown = Shown(Topic("app:1", "app", "1", frozenset({1}), frozenset()))
        self.shown.viewers.add(Outbox())

    async def refresh(self, shown: Shown) -> None:
        self.count += 1
        self.began.set()
        await self.free.wait()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.create_task(work))


async def test_changes_while_a_topic_is_rendered_are_shown_by_one_more_rendering() -> None:
    renderer = Renderer()
    renderer.pace.mark(renderer.shown)
    await asyncio.wait_for(renderer.began.wait(), 5)
    for _ in range(3):
        renderer.pace.mark(renderer.shown)
        await asyncio.sleep(COALESCE * 1.1)
    assert renderer.count == 1
    renderer.free.set()
    await asyncio.wait_for(asyncio.gather(*renderer.tasks), 5)
    assert renderer.count == 2


async def test_the_first_change_after_a_pause_is_looked_at_before_the_pace_is_over() -> None:
    renderer = Renderer()
    begun = asyncio.get_running_loop().time()
    renderer.pace.mark(renderer.shown)
    await asyncio.wait_for(renderer.began.wait(), 5)
    assert asyncio.get_running_loop().time() - begun < COALESCE


async def test_a_topic_that_nobody_looks_at_any_more_is_not_rendered() -> None:
    renderer = Renderer()
    renderer.pace.mark(renderer.shown)
    renderer.shown.viewers.clear()
    await asyncio.sleep(COALESCE)
    assert renderer.count == 0
