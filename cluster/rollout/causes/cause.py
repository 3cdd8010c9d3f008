"""What is said of one cause."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.rollout.model import Action


@dataclass(frozen=True, slots=True)
class Cause:
    """`final`: it does not pass by itself, so the rollout has failed. `words`: on the pod's tile."""

    headline: str
    title: str
    why: str
    remedy: str
    action: Action
    words: str
    final: bool = True
    wants_log: bool = False
