"""What stands in the namespace before the chart comes: the namespace itself, the chart's Secrets, and two stores."""

from __future__ import annotations

import secrets
from typing import Any

from tests.real.manifests import database, redis
from tests.real.manifests.place import REGISTRY

__all__ = ["REGISTRY", "database", "namespace", "redis", "settings"]


def namespace(name: str) -> dict[str, Any]:
    """Everything in it runs under Pod Security `restricted`."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def settings(password: str) -> list[dict[str, Any]]:
    """The Secrets that the chart names; `password` is the database's."""
    return [
        _secret("berth", {"secret-key": secrets.token_hex(40), "seal-key": secrets.token_hex(40)}),
        _secret("berth-database", {"url": f"postgresql://berth:{password}@postgres:5432/berth", "password": password}),
        _secret("berth-redis", {"url": "redis://redis:6379"}),
    ]


def _secret(name: str, values: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}
