"""A socket without a network: the ASGI application itself, with the hub that a server would run."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.test import Client

from portal.asgi import application
from tenants.live import hub as hubs
from tenants.live.events import serve_on
from tenants.models import User
from tests.live.cluster import place, running_app, simulated, watching, wire

__all__ = ["place", "running_app", "simulated", "watching", "wire"]

HOST = "testserver"
ORIGIN = f"http://{HOST}"


Reader = Callable[[], Awaitable[None]]
"""What a server's send of a message waits for, or fails with, as the network to that browser has it."""


class Socket:
    """One browser's socket."""

    def __init__(
        self,
        path: str,
        *,
        cookie: str = "",
        host: str = HOST,
        origin: str | None = ORIGIN,
        token: str = "",
        through: Reader | None = None,
    ) -> None:
        headers = [(b"host", host.encode()), (b"cookie", cookie.encode())]
        if token:
            headers.append((b"authorization", f"Bearer {token}".encode()))
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        scope = {
            "type": "websocket",
            "path": path,
            "headers": headers,
            "query_string": b"",
            "subprotocols": [],
            "client": ("127.0.0.1", 1),
        }

        async def served(scope: Any, receive: Any, send: Any) -> None:
            async def sending(event: dict[str, Any]) -> None:
                if through is not None and event["type"] == "websocket.send":
                    await through()
                await send(event)

            await application(scope, receive, sending)

        self._application = ApplicationCommunicator(served, scope)

    async def open(self) -> dict[str, Any]:
        """The server's first answer: websocket.accept or websocket.close."""
        await self._application.send_input({"type": "websocket.connect"})
        return await self._application.receive_output(5)

    async def say(self, message: object) -> None:
        text = message if isinstance(message, str) else json.dumps(message)
        await self._application.send_input({"type": "websocket.receive", "text": text})

    async def hear(self, *types: str) -> dict[str, Any]:
        """The next message of one of these types; others are passed over. Fails when the socket closes."""
        async with asyncio.timeout(5):
            while True:
                event = await self._application.receive_output(5)
                assert event["type"] == "websocket.send", event
                message: dict[str, Any] = json.loads(event["text"])
                if not types or message["type"] in types:
                    return message

    async def closed(self, seconds: float = 5) -> int:
        """Waits until the server closes; answers the code. What was sent before is passed over."""
        async with asyncio.timeout(seconds):
            while True:
                event = await self._application.receive_output(seconds)
                if event["type"] == "websocket.close":
                    return int(event["code"])

    async def leave(self) -> None:
        await self._application.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._application.wait(5)


Connect = Callable[..., Any]


@pytest.fixture
async def hub(settings: Any) -> AsyncIterator[hubs.Hub]:
    """A hub that watches no cluster: what it shows comes from the database."""
    settings.CLUSTERS = {}
    made = hubs.Hub()
    serve_on(asyncio.get_running_loop())
    await made.start()
    hubs.use(made)
    yield made
    hubs.use(None)
    await made.stop()
    serve_on(None)


@pytest.fixture
async def connect(hub: hubs.Hub) -> AsyncIterator[Connect]:
    """`await connect(user, "/ws/live/")`: a socket of that user; the rest is `Socket`'s."""
    opened: list[Socket] = []

    async def connect_(user: User | None, path: str = "/ws/live/", **more: Any) -> Socket:
        cookie = await _sign_in(user) if user else ""
        socket = Socket(path, cookie=cookie, **more)
        opened.append(socket)
        return socket

    yield connect_
    for socket in opened:
        await socket._application.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket._application.wait(5)


@database_sync_to_async
def _sign_in(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"
