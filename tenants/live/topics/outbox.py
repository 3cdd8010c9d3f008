"""What waits for one browser, and what a topic's browsers were shown last."""

from __future__ import annotations

import asyncio
from typing import Any

from tenants.live import frames
from tenants.live.topics.lastlines import LastLines
from tenants.live.topics.topic import Topic


class Outbox:
    """What waits for one browser: the newest message per key, in order of first arrival."""

    def __init__(self) -> None:
        self._waiting: dict[Any, str] = {}
        self._ready = asyncio.Event()

    def put(self, text: str, key: Any = None) -> None:
        """An encoded message; a later one of the same key takes its place."""
        self._waiting[key if key is not None else object()] = text
        self._ready.set()

    async def take(self) -> list[str]:
        """Waits until there is something; empties the box."""
        await self._ready.wait()
        self._ready.clear()
        messages = list(self._waiting.values())
        self._waiting.clear()
        return messages


class Shown:
    """A topic with viewers: who looks and what they were shown last."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic
        self.viewers: set[Outbox] = set()
        self.log_readers: set[Outbox] = set()  # those of them who may also see what the app wrote
        self.html: dict[str, str] = {}
        self.figures: frames.App | None = None
        self.outdated = False
        self.rendering = False
        self.last_lines = LastLines()
