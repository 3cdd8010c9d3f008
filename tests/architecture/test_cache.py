"""The cache of production, which counts for rate limits, while Redis is away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import exceptions

from portal import cache as caches
from portal.cache import SteadyCache

NOBODY = "redis://127.0.0.1:1/1"


@pytest.fixture
def cache() -> Iterator[SteadyCache]:
    made = SteadyCache(NOBODY, {"OPTIONS": {"socket_connect_timeout": 0.5}})
    yield made
    made.clear()
    SteadyCache._away_until = 0.0


def test_without_redis_it_counts_in_this_process(cache: SteadyCache) -> None:
    assert cache.add("attempt", 1)
    assert not cache.add("attempt", 2)
    cache.set("attempt", [3])
    assert cache.get("attempt") == [3]
    cache.delete("attempt")
    assert cache.get("attempt", "none") == "none"


def test_redis_is_not_asked_for_each_count_while_it_is_away(
    cache: SteadyCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def refuse(*_: object) -> None:
        asked.append("")
        raise exceptions.ConnectionError

    monkeypatch.setattr(cache._shared, "get", refuse)
    for _ in range(3):
        cache.get("attempt")
    assert len(asked) == 1
    monkeypatch.setattr(caches, "PAUSE", 0.0)
    SteadyCache._away_until = 0.0
    cache.get("attempt")
    cache.get("attempt")
    assert len(asked) == 3
