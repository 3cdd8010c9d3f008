"""When a cluster counts as silent: one rule for pages and rows."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from cluster import pulse
from cluster.pulse import KindHealth, Pulse

THEN = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


class Watches:
    """Watches that a test opens and breaks."""

    def __init__(self, kinds: int) -> None:
        self.open = [False] * kinds

    def health(self) -> dict[str, KindHealth]:
        return {
            str(n): KindHealth(True, is_open, THEN, "" if is_open else "cut") for n, is_open in enumerate(self.open)
        }


class Felt:
    """A pulse over two informers, and its turns as they come."""

    def __init__(self) -> None:
        self.turned = asyncio.Event()
        self.pulse = Pulse(self.turned.set)
        self.watches = [Watches(2), Watches(1)]
        for watches in self.watches:
            self.pulse.feel(watches)
        self.pulse.look()

    def set(self, *, is_open: bool, only: int | None = None) -> None:
        for at, watches in enumerate(self.watches):
            if only in (None, at):
                watches.open = [is_open] * len(watches.open)
                self.pulse.look()

    async def turn(self) -> None:
        await asyncio.wait_for(self.turned.wait(), 5)
        self.turned.clear()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "SILENT", 0.05)


async def test_a_cluster_that_was_never_heard_is_silent() -> None:
    felt = Felt()
    assert not felt.pulse.intact.is_set()
    await felt.turn()
    assert felt.pulse.silent_since is not None


async def test_one_broken_watch_makes_it_silent_since_that_was_heard_last() -> None:
    felt = Felt()
    felt.set(is_open=True)
    felt.set(is_open=False, only=1)
    await felt.turn()
    assert (felt.pulse.silent_since, felt.pulse.error) == (THEN, "cut")
    felt.set(is_open=True)
    await felt.turn()
    assert (felt.pulse.silent_since, felt.pulse.error) == (None, "")


async def test_a_watch_that_is_opened_again_at_once_is_no_silence() -> None:
    felt = Felt()
    felt.set(is_open=True)
    felt.set(is_open=False, only=0)
    assert not felt.pulse.intact.is_set()
    felt.set(is_open=True)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(felt.turned.wait(), 4 * pulse.SILENT)
    assert felt.pulse.intact.is_set()
