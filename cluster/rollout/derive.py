"""One app's objects → its rollout. Pure: the same objects at the same instant give the same answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cluster.rollout.model import Rollout


def derive(
    app: str,
    *,
    deployment: Any,
    replicasets: Iterable[Any],
    pods: Iterable[Any],
    events: Iterable[Any],
    claims: Iterable[Any] = (),
    endpoints: Iterable[Any] = (),
    now: datetime,
) -> Rollout:
    """What the objects of `app` say at `now` (aware).

    Objects are whole dicts or `cluster.pruned` Structs, of the app's whole namespace: others' are left out here.
    `deployment` None: nothing is there yet, state "unknown".
    """
    raise NotImplementedError
