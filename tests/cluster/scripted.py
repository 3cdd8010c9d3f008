"""An API server that says exactly what a test wants, for faults that no real one brings about on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

from cluster.connection import Connection

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[str]:
    """The URL of a server on a free port of this machine that answers every request by `handler`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Connection]:
    """A connection to such a server."""
    async with served(handler) as url:
        connection = Connection("scripted", server=url)
        try:
            yield connection
        finally:
            await connection.close_aio()


def pod(name: str, version: str, namespace: str = "a") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "resourceVersion": version, "uid": name}}


Answer = Callable[[], web.Response]


def listed(version: str, *items: dict[str, Any], more: str = "") -> Answer:
    """A list as an answer that may be given again."""
    body = {"kind": "List", "metadata": {"resourceVersion": version, "continue": more}, "items": list(items)}
    return lambda: web.Response(body=orjson.dumps(body), content_type="application/json")


def refused(status: int, message: str) -> Answer:
    body = {"kind": "Status", "code": status, "message": message}
    return lambda: web.json_response(body, status=status)


class Watch:
    """An open watch that a test feeds. `await begin(request)`, then `send`; `cut` breaks it off in mid-air."""

    def __init__(self, request: web.Request) -> None:
        self.since = request.query["resourceVersion"]
        self._request = request
        self._response = web.StreamResponse(headers={"Content-Type": "application/json"})
        self._over = asyncio.Event()

    async def begin(self) -> None:
        await self._response.prepare(self._request)

    async def send(self, type_: str, found: dict[str, Any]) -> None:
        await self.write(orjson.dumps({"type": type_, "object": found}) + b"\n")

    async def write(self, data: bytes) -> None:
        await self._response.write(data)

    def cut(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()
        self._over.set()

    def end(self) -> None:
        self._over.set()

    async def held(self) -> web.StreamResponse:
        """Keeps the watch open until it is ended or cut."""
        await self._over.wait()
        return self._response


class Api:
    """Lists and watches of one kind, scripted: `lists` is what each list answers, in turn (the last one again)."""

    def __init__(self, *lists: Answer) -> None:
        self._lists = list(lists)
        self.listed = 0
        self.watches: asyncio.Queue[Watch] = asyncio.Queue()

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            self.listed += 1
            return (self._lists.pop(0) if len(self._lists) > 1 else self._lists[0])()
        watch = Watch(request)
        await watch.begin()
        self.watches.put_nowait(watch)
        return await watch.held()
