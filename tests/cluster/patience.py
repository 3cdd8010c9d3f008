"""Waiting for a cluster to come round."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE = 0.05


def eventually(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Returns when `holds` does; fails when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(PAUSE)
