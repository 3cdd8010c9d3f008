"""How an operation ends or goes on. Each verb but `close` acts only while the lease is held, and answers whether."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from tenants.live import events
from tenants.models import Operation
from tenants.models.operation import OPEN_STATES, OperationState
from tenants.operations.holding import Hold
from tenants.operations.outbox import publish

_LET_GO: Mapping[str, Any] = {"lease": None, "lease_until": None}
_ENDED: Mapping[str, Any] = {**_LET_GO, "sealed": None, "not_before": None, "finished_at": Now()}

# Seconds between attempts while the cluster does not answer: doubled from the first to the last.
BACKOFF_FIRST, BACKOFF_LAST = 0.5, 5.0


def finish(hold: Hold) -> bool:
    """The cluster holds the intent."""
    return _leave(hold, state=OperationState.SUCCEEDED, progress={}, error_code="", error_message="", **_ENDED)


def fail(hold: Hold, code: str, message: str) -> bool:
    """The cluster will not do it; `message` is for the person."""
    return _leave(hold, state=OperationState.FAILED, error_code=code, error_message=message[:2000], **_ENDED)


def supersede(hold: Hold) -> bool:
    """A later change of the same target carries this one with it."""
    return _leave(hold, state=OperationState.SUPERSEDED, **_ENDED)


def confirm(hold: Hold, *, progress: Mapping[str, Any] | None = None, again: float | None = None) -> bool:
    """Applied; now the cluster must confirm it. `again`: seconds until the next look; None: the observer looks."""
    changes: dict[str, Any] = {
        "state": OperationState.CONFIRMING,
        "error_code": "",
        "error_message": "",
        "sealed": None,
        "not_before": None if again is None else Now() + timedelta(seconds=again),
    }
    if progress is not None:
        changes["progress"] = dict(progress)
    return _leave(hold, again=again, **changes, **_LET_GO)


def wait(hold: Hold, code: str, message: str, *, seconds: float | None = None) -> bool:
    """Cannot be done now (the cluster does not answer): tried again after `seconds`, else after a growing pause."""
    pause = seconds if seconds is not None else backoff(hold.operation.attempts)
    return _leave(
        hold,
        again=pause,
        state=OperationState.WAITING,
        error_code=code,
        error_message=message[:2000],
        not_before=Now() + timedelta(seconds=pause),
        **_LET_GO,
    )


def backoff(attempts: int) -> float:
    """Seconds until the next attempt, after `attempts` of them."""
    return min(BACKOFF_LAST, BACKOFF_FIRST * 2 ** min(max(attempts - 1, 0), 10))


def close(operations: Iterable[Operation], *, code: str = "", message: str = "") -> None:
    """Ends operations that nobody holds, as the observer saw it: succeeded, or failed where a `code` is given."""
    for operation in operations:
        state = OperationState.FAILED if code else OperationState.SUCCEEDED
        ended = Operation.objects.filter(pk=operation.pk, state=OperationState.CONFIRMING).update(
            state=state, error_code=code, error_message=message[:2000], **_ENDED
        )
        if ended:
            _tell(operation)


def _leave(hold: Hold, *, state: str, again: float | None = None, **changes: Any) -> bool:
    operation = hold.operation
    with transaction.atomic():
        kept = Operation.objects.filter(pk=operation.pk, lease=hold.lease).update(state=state, **changes)
        if not kept:
            return False
        if again is not None:
            transaction.on_commit(partial(publish, operation.kind, operation.pk, delay=again), robust=True)
        _supersede_earlier(operation)
        _publish_next(operation)
        if state != operation.state or operation.progress != changes.get("progress", operation.progress):
            _tell(operation)
    return True


def _siblings(operation: Operation) -> Any:
    return Operation.objects.filter(target_noun=operation.target_noun, target_id=operation.target_id).exclude(
        pk=operation.pk
    )


def _supersede_earlier(operation: Operation) -> None:
    """Earlier wishes for the target are in the intent that was just looked at; values of a secret are not."""
    idle = [state for state in OPEN_STATES if state != OperationState.RUNNING]
    earlier = _siblings(operation).filter(state__in=idle, generation__lt=operation.generation)
    if not operation.kind.endswith(".delete"):
        earlier = earlier.filter(sealed__isnull=True)
    for other in list(earlier.select_related("team")):
        if Operation.objects.filter(pk=other.pk, state__in=idle).update(state=OperationState.SUPERSEDED, **_ENDED):
            _tell(other)


def _publish_next(operation: Operation) -> None:
    """What was refused while this one was running."""
    due = Q(not_before__isnull=True) | Q(not_before__lte=Now())
    waiting = _siblings(operation).filter(due, state__in=(OperationState.PENDING, OperationState.WAITING))
    for kind, pk in waiting.order_by("generation").values_list("kind", "pk")[:1]:
        transaction.on_commit(partial(publish, kind, pk), robust=True)


def _tell(operation: Operation) -> None:
    if operation.team is None:
        return
    about = f"{operation.target_noun}:{operation.target_id}"
    events.announce(
        events.Changed(team=operation.team.pk, noun="operation", id=str(operation.pk), what="operation", about=about)
    )
