"""What a real cluster said of each case (`record.py`), and the rollout that is derived from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from cluster.rollout import Rollout, derive

FOLDER = Path(__file__).parent / "recorded"


@cache
def _text(case: str, age: str) -> bytes:
    return (FOLDER / f"{case}.{age}.json").read_bytes()


def recorded(case: str, age: str = "late") -> dict[str, Any]:
    """A fresh copy of one recording: tests may change it."""
    found: dict[str, Any] = orjson.loads(_text(case, age))
    return found


def rollout(case: str, age: str = "late", *, later: float = 0) -> Rollout:
    """The rollout of a recording, seen `later` seconds after it was made."""
    return rollout_of(recorded(case, age), later=later)


def rollout_of(recording: dict[str, Any], *, later: float = 0) -> Rollout:
    objects = recording["objects"]
    return derive(
        recording["app"],
        deployment=objects["Deployment"][0],
        replicasets=objects["ReplicaSet"],
        pods=objects["Pod"],
        events=objects["Event"],
        claims=objects["PersistentVolumeClaim"],
        endpoints=objects["EndpointSlice"],
        now=datetime.fromisoformat(recording["now"]) + timedelta(seconds=later),
    )
