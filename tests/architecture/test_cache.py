"""The cache of production, which counts for rate limits, while Redis is away."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

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


class Hanging:
    """A Redis that takes every connection, says nothing and hangs up; counts them."""

    def __init__(self) -> None:
        self.asked = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listening.getsockname()[1]}/1"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:  # closed
                return
            self.asked += 1
            connection.close()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    redis = Hanging()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(redis.serve)
        yield redis
        redis.close()
    SteadyCache._away_until = 0.0


def test_redis_is_not_asked_for_each_count_while_it_is_away(hanging: Hanging) -> None:
    cache = SteadyCache(hanging.url, {})
    cache.get("attempt")
    before = hanging.asked
    for _ in range(3):
        cache.get("attempt")
    assert before
    assert hanging.asked == before


def test_redis_is_asked_again_after_a_pause(hanging: Hanging, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caches, "PAUSE", 0.0)
    cache = SteadyCache(hanging.url, {})
    cache.get("attempt")
    before = hanging.asked
    cache.get("attempt")
    assert hanging.asked > before
