"""The cache of all processes, which counts for rate limits; while Redis is away each process counts for itself.

Nobody is kept from signing in because a counter is away, and nobody may guess without end meanwhile.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

# Seconds until Redis is asked again after it did not answer.
PAUSE = 5.0


class SteadyCache(BaseCache):
    """Django's Redis cache, with this process's memory in its place while Redis does not answer."""

    _away_until = 0.0

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._shared = RedisCache(server, params)
        self._own = LocMemCache("while-redis-is-away", params)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._ask("get", key, default, version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask("set", key, value, timeout, version)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask("add", key, value, timeout, version))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask("touch", key, timeout, version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._ask("delete", key, version))

    def clear(self) -> None:
        self._ask("clear")

    def _ask(self, verb: str, *arguments: Any) -> Any:
        if time.monotonic() >= SteadyCache._away_until:
            try:
                return getattr(self._shared, verb)(*arguments)
            except (RedisError, OSError) as error:
                SteadyCache._away_until = time.monotonic() + PAUSE
                log.warning("cache_away", error=str(error))
        return getattr(self._own, verb)(*arguments)
