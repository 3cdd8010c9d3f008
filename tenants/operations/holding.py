"""One holder per target: leases by the database's clock, so that skewed machines agree on who holds what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from tenants.models import Operation
from tenants.models.operation import OperationState

# A countdown may fire this much early by the database's clock.
EARLY = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class Hold:
    """A claimed operation (`state` as before the claim): its holder works on the target alone, while leased."""

    operation: Operation
    lease: UUID


def claim(operation_id: UUID | str) -> Hold | None:
    """Takes the operation, or None: it is done, held, not due yet, or another of the same target is being carried out.

    The constraint `operation_one_holder` lets one operation per target be `running`; a holder whose lease ran out
    is put back first. Whoever is refused here need not try again: the holder publishes the next when it lets go.
    """
    hold = _take(operation_id)
    if hold is None and _put_back_expired(operation_id):
        hold = _take(operation_id)
    return hold


def _take(operation_id: UUID | str) -> Hold | None:
    operation = Operation.objects.open().select_related("team").filter(pk=operation_id).first()
    if operation is None:
        return None
    lease = uuid4()
    due = Q(not_before__isnull=True) | Q(not_before__lte=Now() + EARLY)
    idle = Q(state__in=(OperationState.PENDING, OperationState.WAITING))
    polled = Q(state=OperationState.CONFIRMING, not_before__isnull=False)
    expired = Q(state=OperationState.RUNNING, lease_until__lt=Now())
    try:
        with transaction.atomic():
            taken = Operation.objects.filter((idle | polled) & due | expired, pk=operation_id).update(
                state=OperationState.RUNNING,
                lease=lease,
                lease_until=Now() + timedelta(seconds=settings.OPERATION_LEASE),
                attempts=F("attempts") + 1,
                started_at=Coalesce("started_at", Now()),
            )
    except IntegrityError:
        return None
    if not taken:
        return None
    operation.attempts += 1
    return Hold(operation, lease)


def _put_back_expired(operation_id: UUID | str) -> bool:
    """Frees the target of `operation_id` from a holder that died. True when there was one."""
    operation = Operation.objects.open().filter(pk=operation_id).first()
    if operation is None:
        return False
    dead = Operation.objects.filter(
        target_noun=operation.target_noun,
        target_id=operation.target_id,
        state=OperationState.RUNNING,
        lease_until__lt=Now(),
    )
    return bool(dead.update(state=OperationState.PENDING, lease=None, lease_until=None))
