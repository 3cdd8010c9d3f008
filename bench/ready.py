"""How long from "the Deployment is ready" in the cluster until 20 browsers show it, beside `kubectl rollout status`."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack
from typing import Any

from bench.rows import Row, ms, quantile
from bench.site import IMAGE, Site, frames
from bench.witness import ObjectWatch, named, rolled_out

VIEWERS = 20
ROLLOUTS = 20
APP = "ready"


class Viewer:
    """One browser on the app's page: notes when it was shown that a release had rolled out."""

    def __init__(self) -> None:
        self.release = 0
        self.shown: dict[int, float] = {}
        self.changed = asyncio.Event()
        self._finished = 0

    async def look(self, live: Any, topic: str) -> None:
        await live.send(json.dumps({"type": "subscribe", "topic": topic}))
        async for _, at, message in frames(live):
            if message["type"] == "app":
                self.release = message["release"] or 0
                self._finished = self.release if message["finished"] else 0
            elif message["type"] == "fragment" and self._finished:
                # The figures go first, what a person sees in the same breath.
                self.shown.setdefault(self._finished, at)
            self.changed.set()

    async def until_shown(self, release: int) -> float:
        async with asyncio.timeout(60):
            while release not in self.shown:
                self.changed.clear()
                await self.changed.wait()
        return self.shown[release]


def rows(site: Site) -> list[Row]:
    """One after the other: an app rolls out between two images while all look."""
    site.new_app(APP)
    watch = ObjectWatch(site.kubectl.kubeconfig)
    watch.first(rolled_out(site.namespace, APP, 1), 0)
    found = asyncio.run(_measure(site, watch))
    watch.close()
    site.delete(APP)
    return found


async def _measure(site: Site, watch: ObjectWatch) -> list[Row]:
    topic = site.topic(APP)
    await asyncio.sleep(3)
    before = site.proxy.count()
    viewers = [Viewer() for _ in range(VIEWERS)]
    ours: list[float] = []
    peer: list[float] = []
    async with AsyncExitStack() as sockets, asyncio.TaskGroup() as group:
        looking = []
        for viewer in viewers:
            live = await sockets.enter_async_context(site.browser.socket("/ws/live/"))
            looking.append(group.create_task(viewer.look(live, topic)))
        await asyncio.gather(*(viewer.until_shown(1) for viewer in viewers))
        additional = site.proxy.count() - before
        for release in range(2, ROLLOUTS + 2):
            shown, waited = await _roll_out(site, watch, viewers, release)
            ours += shown
            peer.append(waited)
        for task in looking:
            task.cancel()
    late, kubectl = quantile(ours, 0.99), quantile(peer, 0.99)
    middle, usual = ms(quantile(ours, 0.5)), ms(quantile(peer, 0.5))
    return [
        Row(
            f"Deployment ready → in {VIEWERS} browsers' sockets, p99 of {ROLLOUTS} rollouts (p50)",
            f"{ms(late)} ({middle})",
            f"kubectl rollout status {ms(kubectl)} ({usual})",
            f"{(late - kubectl) * 1000:+.0f} ms",
            "≤ kubectl + 150 ms",
            late <= kubectl + 0.150,
        ),
        Row(
            f"connections to the API server that {VIEWERS} viewers add",
            str(additional),
            f"kubectl {VIEWERS}",
            "",
            "0",
            additional <= 0,
        ),
    ]


async def _roll_out(site: Site, watch: ObjectWatch, viewers: list[Viewer], release: int) -> tuple[list[float], float]:
    """Seconds from ready until each viewer was shown it, and until kubectl ended."""
    sent = time.monotonic()
    await asyncio.to_thread(site.deploy, APP, f"{IMAGE}:v{2 - release % 2}")
    this = named(site.namespace, APP)
    await asyncio.to_thread(watch.first, lambda o: this(o) and _release(o) == str(release), sent)
    waiting = asyncio.create_task(_kubectl(site))
    wanted = rolled_out(site.namespace, APP, release)
    ready = await asyncio.to_thread(watch.first, lambda o: wanted(o) and _release(o) == str(release), sent)
    shown = await asyncio.gather(*(viewer.until_shown(release) for viewer in viewers))
    return [at - ready for at in shown], await waiting - ready


def _release(found: dict[str, Any]) -> str:
    return str(found["metadata"]["labels"].get("berth.dev/release"))


async def _kubectl(site: Site) -> float:
    command = site.kubectl.command("rollout", "status", f"deployment/{APP}", "-n", site.namespace)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    await process.wait()
    return time.monotonic()
