"""The socket doors: `/ws/live/` for topics, `/ws/logs/` for log lines (docs/architecture.md, Addresses)."""

from __future__ import annotations

import asyncio
from typing import Any

from channels.db import database_sync_to_async

from tenants import access
from tenants.live import frames
from tenants.live import hub as hubs
from tenants.live.events import notices_group
from tenants.live.guard import RIGHT_LOST, GuardedConsumer
from tenants.live.logs.messages import OpenLogs, log_decoder
from tenants.live.logs.streams import BLOCKED
from tenants.live.logs.view import LogView
from tenants.live.topics import topic as topics
from tenants.live.topics.messages import Subscribe, live_decoder
from tenants.live.topics.outbox import Outbox
from tenants.models import App
from tenants.selectors import notices

MINE = "me"
"""The topic of whoever holds the socket: how many notices they have not read."""
MAX_TOPICS = 60
"""Subscriptions of one socket; a page has two at most."""


class LiveConsumer(GuardedConsumer):
    """Topics. The newest state of each fragment is sent, not each state: a slow browser skips, never lags."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outbox = Outbox()
        self.topics: dict[str, topics.Topic] = {}
        self.counts_notices = False

    async def opened(self) -> None:
        self.send_by(self._pump())

    async def said(self, text: str) -> None:
        message = live_decoder.decode(text)
        if message.topic == MINE:
            await self._count_notices(isinstance(message, Subscribe))
            return
        if not isinstance(message, Subscribe):
            topic = self.topics.pop(message.topic, None)
            if topic is not None:
                hubs.current().unsubscribe(topic, self.outbox)
            return
        if message.topic in self.topics:
            return
        if len(self.topics) >= MAX_TOPICS:
            self.outbox.put(
                frames.encode(frames.Refused(message.topic, f"One socket has at most {MAX_TOPICS} topics."))
            )
            return
        topic = await self._find(message.topic)
        if topic is None:
            self.outbox.put(frames.encode(frames.Refused(message.topic)))
            return
        await self._listen(topic)

    async def allowed(self) -> bool:
        for name, held in list(self.topics.items()):
            topic = await self._find(name)
            if topic is None or (held.reads_logs and not topic.reads_logs):
                return False
            if topic.shared != held.shared and self.topics.get(name) is held:
                await self._move(held, topic)
        return True

    async def _move(self, held: topics.Topic, topic: topics.Topic) -> None:
        """Other teams are at home since: those that were left are heard no more."""
        hubs.current().unsubscribe(held, self.outbox)
        await self._listen(topic)

    async def _listen(self, topic: topics.Topic) -> None:
        """From now on each change is told; what came between the page and now is not, so the page asks once more."""
        self.topics[topic.name] = topic
        await hubs.current().subscribe(topic, self.outbox)
        self.outbox.put(frames.encode(frames.Changed(topic.name, "subscribed")))

    async def domain_message(self, event: dict[str, Any]) -> None:
        if event["data"]["type"] == "noticed":
            await self._tell_notices()
        else:
            await super().domain_message(event)

    async def closed(self) -> None:
        await self._count_notices(False)
        for topic in self.topics.values():
            hubs.current().unsubscribe(topic, self.outbox)

    async def _count_notices(self, wanted: bool) -> None:
        if wanted == self.counts_notices or self.channel_layer is None:
            return
        self.counts_notices = wanted
        group = notices_group(self.user.pk)
        if wanted:
            await self.channel_layer.group_add(group, self.channel_name)
            await self._tell_notices()
        else:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def _tell_notices(self) -> None:
        if self.counts_notices and not self.closing:
            unread = await database_sync_to_async(notices.unread)(self.user)
            self.outbox.put(frames.encode(frames.Notices(unread)), key=MINE)

    async def _pump(self) -> None:
        while not self.closing:
            for message in await self.outbox.take():
                if self.closing:
                    return
                async with asyncio.timeout(BLOCKED):
                    await self.send(text_data=message)

    async def _find(self, name: str) -> topics.Topic | None:
        user = self.user

        def find() -> topics.Topic | None:
            access.forget_roles(user)
            return topics.find(user, name)

        return await self.by_account(name, find)


class LogConsumer(GuardedConsumer):
    """All pods of one app, followed. All sending is done by one pump, so that catching up precedes what is new."""

    view: LogView | None = None

    async def opened(self) -> None:
        self._commands: asyncio.Queue[Any] = asyncio.Queue(maxsize=8)
        self.send_by(self._pump())

    async def said(self, text: str) -> None:
        await self._commands.put(log_decoder.decode(text))
        if self.view is not None:
            self.view.poke()

    async def allowed(self) -> bool:
        return self.view is None or await self._may_read(self.view.app.pk) is not None

    async def closed(self) -> None:
        if self.view is not None:
            self.view.close()

    async def _pump(self) -> None:
        message = await self._commands.get()
        app = await self._may_read(message.app) if isinstance(message, OpenLogs) else None
        if app is None:
            await self._deliver(frames.Refused())
            await self.shut(RIGHT_LOST)
            return
        self.view = view = LogView(hubs.current(), app, user=self.user.pk, message=message)
        async for frame in view.frames(self._commands):
            if self.closing:
                return
            await self._deliver(frame)

    async def _deliver(self, message: frames.Message | str) -> None:
        text = message if isinstance(message, str) else frames.encode(message)
        async with asyncio.timeout(BLOCKED):
            await self.send(text_data=text)

    async def _may_read(self, pk: int) -> App | None:
        user = self.user

        def find() -> App | None:
            access.forget_roles(user)
            app = App.objects.visible_to(user).select_related("namespace__team").filter(pk=pk).first()
            return app if app is not None and access.can(user, "logs.read", app) else None

        return await self.by_account(f"logs of {pk}", find)
