"""Lines lost or doubled when the way to the API server and the browser's socket are cut, again and again.

The peer does what one does by hand: `kubectl logs -f --since-time=<the last line's time>` each time it broke.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import zlib
from collections import Counter, deque
from typing import Any

from bench.rows import Row
from bench.site import Site, frames
from bench.witness import ObjectWatch, rolled_out

CUTS = 20
RATE = 500
COUNT = 100_000
APP = "cuts"
WINDOW = 64
"""Newest lines that a resume token names, as the browser keeps them."""


class Reader:
    """What a reader was given: how often each number, and what was said of gaps."""

    def __init__(self) -> None:
        self.numbers: Counter[int] = Counter()
        self.said: list[str] = []
        self.tokens: dict[str, deque[tuple[str, int]]] = {}

    def took(self, text: str) -> None:
        found = re.fullmatch(r"line (\d+)", text)
        if found:
            self.numbers[int(found[1])] += 1

    def verdict(self, end: int) -> tuple[int, int]:
        """(lost, doubled) from the first number that came up to `end`."""
        wanted = range(min(self.numbers), end + 1)
        lost = sum(number not in self.numbers for number in wanted)
        return lost, sum(times - 1 for number, times in self.numbers.items() if number <= end)


def rows(site: Site) -> list[Row]:
    """20 cuts before the API server and 20 of the browser's socket, at random moments of a numbered log."""
    site.new_app(APP, reach="nobody", port="", args=f"count {COUNT} {RATE}")
    watch = ObjectWatch(site.kubectl.kubeconfig)
    watch.first(rolled_out(site.namespace, APP, 1), 0)
    watch.close()
    ours, peer = asyncio.run(_measure(site))
    site.delete(APP)
    end = min(max(ours.numbers), max(peer.numbers))
    (lost, doubled), (lost_there, doubled_there) = ours.verdict(end), peer.verdict(end)
    gaps = f", {len(ours.said)} gaps said" if ours.said else ""
    return [
        Row(
            f"lines lost and doubled over {CUTS} cuts upstream and {CUTS} of the socket, {len(ours.numbers):,} lines",
            f"{lost} and {doubled}{gaps}",
            f"kubectl logs -f, resumed by time: {lost_there} and {doubled_there}",
            "",
            "0 and 0",
            (lost, doubled) == (0, 0) and not ours.said,
        )
    ]


async def _measure(site: Site) -> tuple[Reader, Reader]:
    dice = random.Random(20)
    ours, peer = Reader(), Reader()
    leave = asyncio.Event()
    number = site.number(APP)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_view(site, number, ours, leave)), group.create_task(_kubectl(site, peer))]
        await asyncio.sleep(3)
        for _ in range(CUTS):
            await asyncio.to_thread(site.proxy.cut)
            await asyncio.sleep(dice.uniform(0.3, 1.2))
            leave.set()
            await asyncio.sleep(dice.uniform(0.3, 1.2))
        await asyncio.sleep(8)
        for task in tasks:
            task.cancel()
    return ours, peer


async def _view(site: Site, number: int, into: Reader, leave: asyncio.Event) -> None:
    """A browser that loses its socket whenever `leave` is set, and comes back with its tokens."""
    while True:
        async with site.browser.socket("/ws/logs/") as socket:
            resume = [{"source": source, "last": list(last)} for source, last in into.tokens.items()]
            await socket.send(json.dumps({"type": "open", "app": number, "tail": 2000, "resume": resume}))
            reading = asyncio.create_task(_read(socket, into))
            leaving = asyncio.create_task(leave.wait())
            try:
                await asyncio.wait((reading, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                reading.cancel()
                leaving.cancel()
            leave.clear()
            socket.transport.abort()


async def _read(socket: Any, into: Reader) -> None:
    async for _, _, message in frames(socket):
        if message["type"] == "lines":
            window = into.tokens.setdefault(message["source"], deque(maxlen=WINDOW))
            for ns, text, _ in message["lines"]:
                window.append((ns, zlib.crc32(text.encode())))
                into.took(text)
        elif message["type"] in ("gap", "skipped"):
            into.said.append(message.get("why", message["type"]))


async def _kubectl(site: Site, into: Reader) -> None:
    last = ""
    while True:
        since = ["--since-time", last] if last else []
        command = site.proxied.command("logs", "-f", "--timestamps", f"deployment/{APP}", "-n", site.namespace, *since)
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        assert process.stdout is not None
        try:
            async for line in process.stdout:
                stamp, _, text = line.decode().rstrip("\n").partition(" ")
                if re.fullmatch(r"\d{4}-\S+Z", stamp):
                    last = stamp
                    into.took(text)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
