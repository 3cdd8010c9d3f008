"""How long from an approver's click until the cluster enforces the new limit, and until 20 browsers show it."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from contextlib import AsyncExitStack
from typing import Any

from bench.rows import Row, ms, quantile
from bench.site import Browser, Site, frames
from bench.witness import ObjectWatch

VIEWERS = 20
DECISIONS = 20
FIRST = 30
"""GiB of memory that the first request asks for; each asks for one more than the one before."""
QUOTAS = "/api/v1/resourcequotas"


class Viewer:
    """One browser on the namespace's quota page: notes when each limit was shown."""

    def __init__(self) -> None:
        self.shown: dict[int, float] = {}
        self.changed = asyncio.Event()

    async def look(self, live: Any, topic: str) -> None:
        await live.send(json.dumps({"type": "subscribe", "topic": topic}))
        async for _, at, message in frames(live):
            if message["type"] == "fragment" and message["target"] == "figures":
                for limit in re.findall(r"of (\d+)<", message["html"]):
                    self.shown.setdefault(int(limit), at)
            self.changed.set()

    async def until_shown(self, limit: int) -> float:
        async with asyncio.timeout(60):
            while limit not in self.shown:
                self.changed.clear()
                await self.changed.wait()
        return self.shown[limit]


def rows(site: Site) -> list[Row]:
    """One decision after the other, each on a request of its own; kubectl changes a quota beside it in turn."""
    approver = Browser(site.browser.url, "dave")
    watch = ObjectWatch(site.kubectl.kubeconfig, QUOTAS)
    peer = f"bench-peer-{secrets.token_hex(3)}"
    site.kubectl.run("create", "namespace", peer)
    try:
        return asyncio.run(_measure(site, approver, watch, peer))
    finally:
        watch.close()
        site.kubectl.run("delete", "namespace", peer, "--wait=false")


async def _measure(site: Site, approver: Browser, watch: ObjectWatch, peer: str) -> list[Row]:
    found = re.search(r'data-topic="(quota:\d+)"', site.browser.get(f"{site.path}quota/"))
    assert found is not None
    viewers = [Viewer() for _ in range(VIEWERS)]
    applied: list[float] = []
    shown: list[float] = []
    kubectl: list[float] = []
    async with AsyncExitStack() as sockets, asyncio.TaskGroup() as group:
        looking = []
        for viewer in viewers:
            live = await sockets.enter_async_context(site.browser.socket("/ws/live/"))
            looking.append(group.create_task(viewer.look(live, found[1])))
        for limit in range(FIRST, FIRST + DECISIONS):
            number = await asyncio.to_thread(_ask, site, limit)
            sent = time.monotonic()
            await asyncio.to_thread(_approve, approver, number)
            enforced = await asyncio.to_thread(watch.first, _enforces(site.namespace, limit), sent)
            seen = await asyncio.gather(*(viewer.until_shown(limit) for viewer in viewers))
            applied.append(enforced - sent)
            shown += [at - sent for at in seen]
            kubectl.append(await asyncio.to_thread(_by_kubectl, site, peer, limit))
        for task in looking:
            task.cancel()
    ours, theirs = quantile(applied, 0.99), quantile(kubectl, 0.99)
    return [
        Row(
            f"decision → ResourceQuota enforced by the cluster, p99 of {DECISIONS} (p50)",
            f"{ms(ours)} ({ms(quantile(applied, 0.5))})",
            f"kubectl apply, then get until it is {ms(theirs)} ({ms(quantile(kubectl, 0.5))})",
            f"{ours / theirs:.2f}",
            "≤ kubectl",
            ours <= theirs,
        ),
        Row(
            f"decision → bar moved in {VIEWERS} browsers' sockets, p99 (p50)",
            f"{ms(quantile(shown, 0.99))} ({ms(quantile(shown, 0.5))})",
            target="≤ 2 s",
            met=quantile(shown, 0.99) <= 2,
        ),
    ]


def _ask(site: Site, limit: int) -> int:
    """The number of a request that waits for an approver."""
    answer = site.browser.post(f"{site.path}quota/request", memory=str(limit), reason="Bench", act="send")
    return int(answer.headers["Location"].rstrip("/").rpartition("/")[2])


def _approve(approver: Browser, number: int) -> None:
    approver.post(f"/approvals/{number}/", decision="approve", revision="1", over_capacity="on")


def _enforces(namespace: str, limit: int) -> Any:
    def enforced(found: dict[str, Any]) -> bool:
        hard = found.get("status", {}).get("hard", {})
        return found["metadata"]["namespace"] == namespace and hard.get("requests.memory") == f"{limit}Gi"

    return enforced


def _by_kubectl(site: Site, namespace: str, limit: int) -> float:
    """Seconds until kubectl has changed a quota and reads that it is enforced."""
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "peer", "namespace": namespace},
        "spec": {"hard": {"requests.memory": f"{limit}Gi"}},
    }
    began = time.monotonic()
    site.kubectl.run("apply", "--server-side", "-f", "-", stdin=json.dumps(quota))
    enforced = _enforces(namespace, limit)
    while not enforced(json.loads(site.kubectl.run("get", "resourcequota", "peer", "-n", namespace, "-o", "json"))):
        pass
    return time.monotonic() - began
