"""A wire to a server, which a test can cut, or let die without a word: it stays open and carries nothing any more."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from asyncio import StreamReader, StreamWriter
from collections.abc import Coroutine
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit


class Wire:
    """Listens on a free port of this machine while it is entered, in a thread of its own.

    `asked`: the request lines that went through, oldest first.
    """

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._there = (address.hostname, address.port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._ends: set[StreamWriter] = set()
        self._dead: set[StreamWriter] = set()
        self._server: asyncio.Server
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def count(self, *parts: str) -> int:
        """How many requests had all these parts in their first line."""
        return sum(all(part in line for part in parts) for line in self.asked)

    def cut(self) -> None:
        """Breaks all connections that are open now."""
        self._do(self._cut())

    def die(self) -> None:
        """The connections that are open now carry nothing any more; new ones do."""
        self._do(self._die())

    def __enter__(self) -> Wire:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def _close(self) -> None:
        self._server.close()
        await self._cut()
        running = asyncio.all_tasks() - {asyncio.current_task()}
        if running:
            await asyncio.wait(running, timeout=5)

    async def _cut(self) -> None:
        for end in tuple(self._ends):
            end.transport.abort()

    async def _die(self) -> None:
        self._dead |= self._ends

    async def _connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._there)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._ends |= ends
        ways = [self._carry(reader, far_writer, told=True), self._carry(far_reader, writer)]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(way) for way in ways]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        finally:
            for end in ends:
                end.transport.abort()
            self._ends -= ends
            self._dead -= ends

    async def _carry(self, reader: StreamReader, writer: StreamWriter, *, told: bool = False) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(1 << 16):
                if writer in self._dead:
                    continue
                if told:
                    self.asked.append(chunk.split(b"\r\n", 1)[0].decode("latin-1"))
                writer.write(chunk)
                await writer.drain()
