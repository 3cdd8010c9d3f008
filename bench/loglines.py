"""How long from a log line's writing until it is in a browser's socket, beside `kubectl logs -f`, the same lines."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any

from bench.rows import Row, ms, quantile
from bench.site import Site, frames
from bench.witness import ObjectWatch, rolled_out

VIEWERS = 20
SECONDS = 60
RATE = 10
APP = "lines"


def rows(site: Site) -> list[Row]:
    """The container runtime stamps each line; readers on the same machine subtract that from the time of arrival."""
    site.new_app(APP, env_name="LOG_RATE", env_value=str(RATE))
    watch = ObjectWatch(site.kubectl.kubeconfig)
    watch.first(rolled_out(site.namespace, APP, 1), 0)
    watch.close()
    ours, peer = asyncio.run(_measure(site))
    site.delete(APP)
    found = []
    for share, extra in ((0.5, 0.015), (0.99, 0.075)):
        mine, theirs = quantile(ours, share), quantile(peer, share)
        found.append(
            Row(
                f"log line written → in a browser's socket, p{share * 100:.0f} at {RATE} lines/s, {VIEWERS} viewers",
                ms(mine),
                f"kubectl logs -f {ms(theirs)}",
                f"{(mine - theirs) * 1000:+.1f} ms",
                f"≤ kubectl + {ms(extra)}",
                mine <= theirs + extra,
            )
        )
    return found


async def _measure(site: Site) -> tuple[list[float], list[float]]:
    number = site.number(APP)
    start = time.time_ns() + 3_000_000_000
    ours: list[float] = []
    peer: list[float] = []
    async with AsyncExitStack() as sockets, asyncio.TaskGroup() as group:
        reading = [group.create_task(_kubectl(site, start, peer))]
        for _ in range(VIEWERS):
            socket = await sockets.enter_async_context(site.browser.socket("/ws/logs/"))
            reading.append(group.create_task(_view(socket, number, start, ours)))
        await asyncio.sleep(3 + SECONDS)
        for task in reading:
            task.cancel()
    if len(ours) < VIEWERS * len(peer) * 0.99 - VIEWERS:
        raise RuntimeError(f"{len(ours)} lines came to {VIEWERS} viewers, {len(peer)} to kubectl")
    return ours, peer


async def _view(socket: Any, number: int, start: int, into: list[float]) -> None:
    await socket.send(json.dumps({"type": "open", "app": number, "tail": 0}))
    async for now, _, message in frames(socket):
        if message["type"] == "lines":
            stamps = (int(ns) for ns, *_ in message["lines"])
            into += [(now - ns) / 1e9 for ns in stamps if ns >= start]


async def _kubectl(site: Site, start: int, into: list[float]) -> None:
    command = site.kubectl.command("logs", "-f", "--timestamps", "--tail=1", f"deployment/{APP}", "-n", site.namespace)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            now = time.time_ns()
            ns = nanoseconds(line.split(b" ", 1)[0].decode())
            if ns >= start:
                into.append((now - ns) / 1e9)
    finally:
        process.kill()
        await process.wait()


def nanoseconds(stamp: str) -> int:
    """Unix nanoseconds of RFC 3339 with any number of digits.

    >>> nanoseconds("1970-01-01T00:00:01.5Z")
    1500000000
    """
    whole, _, digits = stamp.rstrip("Z").partition(".")
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * 1_000_000_000 + int(digits.ljust(9, "0") or 0)
