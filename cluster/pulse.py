"""Whether a cluster is heard: one rule, judged from all the watches on it, for pages and for rows.

A watch that breaks off is opened again at once, so a moment without it says nothing. One that stays away for `SILENT`
seconds means that what is shown may be old.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

SILENT = 3.0
"""Seconds that a watch may be away before the cluster counts as silent."""


@dataclass(frozen=True, slots=True)
class KindHealth:
    """How true one kind's cache is: complete once (`synced`), watched now (`connected`), heard from last."""

    synced: bool
    connected: bool
    last_contact: datetime | None
    error: str = ""


class Watched(Protocol):
    """What a pulse is felt at: an Informer."""

    def health(self) -> Mapping[str, KindHealth]:
        """Kind → how true its cache is."""


class Pulse:
    """All watches on one cluster together. Used on one event loop; `turned` is called there at each turn."""

    def __init__(self, turned: Callable[[], None]) -> None:
        self.intact = asyncio.Event()
        """Set while every watch is open: what the caches lack, the cluster lacks."""
        self.silent_since: datetime | None = None
        self.error = ""
        self._turned = turned
        self._watched: list[Watched] = []
        self._began = datetime.now(UTC)
        self._timer: asyncio.TimerHandle | None = None

    def feel(self, watched: Watched) -> None:
        """Judges by these watches, too. They call `look` whenever one of them opens or breaks."""
        self._watched.append(watched)

    def look(self) -> None:
        """A watch opened or broke."""
        if self._broken():
            self.intact.clear()
            if self._timer is None and self.silent_since is None:
                self._timer = asyncio.get_running_loop().call_later(SILENT, self._fall_silent)
            return
        self.intact.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.silent_since is not None:
            self.silent_since, self.error = None, ""
            self._turned()

    def _fall_silent(self) -> None:
        self._timer = None
        broken = self._broken()
        self.silent_since = min(health.last_contact or self._began for health in broken)
        self.error = next((health.error for health in broken if health.error), "the watches are broken")
        self._turned()

    def _broken(self) -> list[KindHealth]:
        healths = (health for watched in self._watched for health in watched.health().values())
        return [health for health in healths if not health.connected]
