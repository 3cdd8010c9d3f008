"""Redis, as docs/operations.md wants it: an append-only file, and nothing evicted."""

from __future__ import annotations

from typing import Any

from tests.real.manifests.place import REGISTRY, store

IMAGE = f"{REGISTRY}/redis:7"


def objects() -> list[dict[str, Any]]:
    return store("redis", IMAGE, 6379, [], ("--appendonly", "yes", "--maxmemory-policy", "noeviction"))
