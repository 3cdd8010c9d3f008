"""What a rollout is for people: the shape that pages draw, scripts read and the database keeps.

Plain frozen dataclasses. `to_json` and `from_json` are exact inverses; instants are ISO 8601 in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

State = Literal["running", "rolling", "stuck", "degraded", "crashing", "waiting", "stopped", "unknown"]
"""running: the wanted release is out and ready. rolling: a change moves. stuck: a change does not. degraded: it runs,
with fewer ready pods than wanted. crashing: its pods end again and again. waiting: nothing is placed or pulled yet, or
it is paused. stopped: no pods are wanted. unknown: the cluster did not say yet."""

Role = Literal["new", "old", "only"]
TileState = Literal["ready", "starting", "waiting", "stopping", "crashing", "failed", "next", "gone"]
StepName = Literal["Placed", "Image pulled", "Started", "Health check"]
StepState = Literal["done", "busy", "failed", "todo"]
Action = Literal["deploy", "configuration", "scale", "login", "secrets", "volumes", "health", "logs", "quota", "wait"]
"""Where the remedy is: the page that a person opens next."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One pod, or the place of one that is to come (`state` next, `pod` empty)."""

    pod: str
    short: str  # the last five characters: what people say to each other
    state: TileState
    words: str  # "Ready", "No image", "Stopping"
    note: str  # "serves", "tag not found, 7 tries"
    since: datetime | None  # created; of a stopping pod: when it is killed at the latest
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Lane:
    """The pods of one release."""

    release: int | None
    role: Role
    wanted: int
    ready: int
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One of the four steps of the pod that a rollout waits for."""

    name: StepName
    state: StepState
    note: str  # "on node1, 0.4 s"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The one true cause, in plain words and in the cluster's own (`evidence`, verbatim, the telling one first)."""

    code: str  # a key of `cluster.rollout.causes.CAUSES`
    headline: str  # ends the sentence "v8 is stuck: …"
    title: str
    why: str
    remedy: str
    action: Action
    evidence: tuple[str, ...]
    pod: str = ""
    container: str = ""
    reason: str = ""  # the cluster's word for it: "ImagePullBackOff"
    tries: int = 0
    last_try: datetime | None = None
    next_try: datetime | None = None  # by the kubelet's back-off; None when it does not try by itself
    since: datetime | None = None
    wants_log: bool = False  # the last lines of the previous container tell more
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """An app as the cluster holds it. Counts are pods."""

    state: State
    sentence: str  # "Rolling out v8, 2 of 4 new pods ready"
    detail: str  # "v7 serves beside it."; may be empty
    release_new: int | None
    release_serving: int | None  # of the ready pods: the newest; None when none is ready
    wanted: int
    ready: int  # of all releases
    updated: int  # pods of the new release
    available: int
    lanes: tuple[Lane, ...]  # the new release first
    waits_for: str  # "tz8vd to pass its health check"; empty when it waits for nothing
    waits_note: str  # "GET /healthz said 503 2 times; asked every 5 s."
    steps: tuple[Step, ...]  # of `steps_pod`
    steps_pod: str
    diagnosis: Diagnosis | None
    started_at: datetime | None  # when the new release's first object was made
    finished: bool  # the new release is fully out and ready, nothing of an older one is left
    failed: bool  # it will not get further by itself
    endpoints_ready: int
    endpoints_total: int
    generation: int  # of the intent that the cluster holds (annotation berth.dev/generation)
    seen_at: datetime


def to_json(rollout: Rollout) -> dict[str, Any]:
    """The rollout as JSON values only."""
    built: dict[str, Any] = msgspec.to_builtins(rollout)
    return built


def from_json(document: dict[str, Any]) -> Rollout:
    """The rollout that `to_json` wrote. Raises msgspec.ValidationError when it was something else."""
    return msgspec.convert(document, Rollout)
