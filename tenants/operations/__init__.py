"""The outbox: what was committed and must happen in a cluster, who carries it out, and how it ends.

    pending → running → (confirming) → succeeded | failed | superseded
                 ↘ waiting (the cluster does not answer; tried again until it does)

A service opens an operation in its transaction; it is published after the commit. A worker is delivered its id and
nothing else, claims it by a lease on the database's clock, loads the *current* intent and applies it. Whoever lost
the lease changes nothing any more. What was committed and never ran is published again by `redrive`.
"""

from tenants.operations.holding import Hold, claim
from tenants.operations.outbox import KINDS, nudge, nudge_waiting, open, open_each, publish, redrive  # noqa: A004
from tenants.operations.results import close, confirm, fail, finish, supersede, wait
from tenants.operations.seal import unseal

__all__ = [
    "KINDS",
    "Hold",
    "claim",
    "close",
    "confirm",
    "fail",
    "finish",
    "nudge",
    "nudge_waiting",
    "open",
    "open_each",
    "publish",
    "redrive",
    "supersede",
    "unseal",
    "wait",
]
