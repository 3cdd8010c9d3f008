"""PostgreSQL."""

from __future__ import annotations

from typing import Any

from tests.real.manifests.place import REGISTRY, store

IMAGE = f"{REGISTRY}/postgres:15"


def objects() -> list[dict[str, Any]]:
    password = {"secretKeyRef": {"name": "berth-database", "key": "password"}}
    env = [
        {"name": "POSTGRES_USER", "value": "berth"},
        {"name": "POSTGRES_DB", "value": "berth"},
        {"name": "POSTGRES_PASSWORD", "valueFrom": password},
    ]
    return store("postgres", IMAGE, 5432, env)
