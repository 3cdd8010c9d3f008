"""Time as the simulated cluster feels it: stamps are the wall clock's, waits are shortened by `speed`."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any


class Clock:
    """`speed` 1.0 is realistic; 10 makes every simulated wait ten times shorter."""

    def __init__(self, speed: float = 1.0):
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.speed = speed

    def now(self) -> datetime:
        """The wall clock in UTC: what goes into objects."""
        return datetime.now(UTC)

    def stamp(self) -> str:
        """Now as metav1.Time: RFC 3339 in whole seconds."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def micro_stamp(self) -> str:
        """Now as metav1.MicroTime."""
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def elapsed(self) -> float:
        """A monotonic count of simulated seconds; only differences mean something."""
        return time.monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of simulated time."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    def call_later(self, seconds: float, call: Callable[..., Any], *args: Any) -> asyncio.TimerHandle:
        """Run `call` after `seconds` of simulated time on the running loop; costs nothing until then."""
        return asyncio.get_running_loop().call_later(max(0.0, seconds) / self.speed, call, *args)
