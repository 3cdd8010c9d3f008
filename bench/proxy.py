"""A TCP proxy before the API server, in a process of its own: counts the connections through it, and cuts them all.

Berth's API connections are HTTP/1.1, where a watch or a followed log has a connection to itself: one more watch would
be one more connection. The proxy speaks by lines on its standard streams: its port first, then an answer per command.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from types import TracebackType


class Proxy:
    """The handle that a measuring process holds."""

    def __init__(self, host: str, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, host, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.port = int(self._line())

    def count(self) -> int:
        """Connections that are open now."""
        return int(self._ask("count"))

    def cut(self) -> int:
        """Resets every connection, as a network or an API server that dies does; answers how many."""
        return int(self._ask("cut"))

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def _ask(self, command: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        return self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


async def _serve(host: str, port: int) -> None:
    ends: set[StreamWriter] = set()

    async def pump(reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(1 << 16):
                writer.write(chunk)
                await writer.drain()

    async def passed(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, up_writer}
        ends.update(pair)
        ways = [asyncio.create_task(pump(reader, up_writer)), asyncio.create_task(pump(up_reader, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for end in pair:
            end.transport.abort()
        ends.difference_update(pair)

    server = await asyncio.start_server(passed, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    commands = StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while command := (await commands.readline()).strip():
        print(len(ends) // 2, flush=True)
        if command == b"cut":
            for end in tuple(ends):
                end.transport.abort()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
