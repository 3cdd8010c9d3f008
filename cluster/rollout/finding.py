"""A cause seen in the objects, before it is put into words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

PATIENCE = timedelta(seconds=60)
"""A cause that may pass by itself counts only after it has lasted so long."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is a key of `causes.CAUSES`, `facts` fill its texts, `evidence` is the cluster's own words."""

    code: str
    facts: dict[str, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    note: str = ""  # on the pod's tile
    container: str = ""
    reason: str = ""
    tries: int = 0
    last_try: datetime | None = None
    next_try: datetime | None = None
    since: datetime | None = None
    patience: timedelta = timedelta(0)
    exit_code: int | None = None
    pod: str = ""

    def due(self, now: datetime) -> bool:
        """Whether it has lasted long enough to be the cause."""
        return not self.patience or (self.since is not None and now - self.since >= self.patience)
