"""How runs of containers ended, as the cluster's watch says it: a log stream that ends does not."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping

from cluster.watch import Change, Informer
from tenants.live.logs.runs import ending
from tenants.live.logs.streams import SourceKey

Pod = tuple[str, str, str]
"""(cluster alias, namespace, name)."""


class Endings:
    """What the informers know of runs that are over. Used on one event loop."""

    def __init__(self, informers: Mapping[str, Informer]) -> None:
        self._informers = informers
        self._waiting: dict[Pod, set[asyncio.Event]] = defaultdict(set)

    def of(self, key: SourceKey) -> str | None:
        """How a run ended, in words; None while it goes on, and while the watch is not in step and cannot tell."""
        informer = self._informers.get(key.cluster)
        if informer is None or not informer.synced.is_set():
            return None
        return ending(key, informer.get("Pod", key.namespace, key.pod))

    async def within(self, key: SourceKey, seconds: float) -> str | None:
        """As `of`, but the watch gets so many seconds to say it."""
        pod, news = (key.cluster, key.namespace, key.pod), asyncio.Event()
        self._waiting[pod].add(news)
        try:
            async with asyncio.timeout(seconds):
                while (over := self.of(key)) is None:
                    news.clear()
                    await news.wait()
                return over
        except TimeoutError:
            return None
        finally:
            self._waiting[pod].discard(news)
            if not self._waiting[pod]:
                del self._waiting[pod]

    def told(self, alias: str, change: Change) -> None:
        """A pod changed."""
        for news in self._waiting.get((alias, change.namespace, change.name), ()):
            news.set()
