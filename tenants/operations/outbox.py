"""Opening an operation in the service's transaction, and getting its id to a worker, again if need be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from tenants import audit
from tenants.live import events
from tenants.models import Namespace, Operation
from tenants.models.operation import OperationState
from tenants.operations.seal import seal

if TYPE_CHECKING:
    from tenants.models import User

log = structlog.get_logger(__name__)

KINDS = frozenset(f"{noun}.{verb}" for noun in ("namespace", "app", "volume", "secret") for verb in ("apply", "delete"))

# A worker that is only busy must not find its queue filled by repetitions.
REPUBLISH_AGAIN = timedelta(seconds=15)


def open(  # noqa: A001
    *,
    kind: str,
    target: Any,
    actor: User | None,
    generation: int,
    secret_payload: Mapping[str, str] | None = None,
) -> Operation:
    """Writes the wish into the outbox and publishes its id after the commit of the surrounding transaction.

    `kind` is one of KINDS; `target` a Namespace, App, Volume or Secret row; `generation` the target's after this
    change (a deletion is a change too). `secret_payload` is for "secret.apply" alone: {key: value} of the keys that
    were set, which become version `target.version` (bump it before); they are sealed here. Raises ValueError for an
    unknown kind.
    """
    operation = _wish(kind, target, actor, generation)
    if secret_payload:
        operation.sealed = seal(operation.pk, {"version": target.version, "values": dict(secret_payload)})
    operation.save(force_insert=True)
    _send([operation])
    return operation


def open_each(*, kind: str, targets: Sequence[Any], actor: User | None) -> None:
    """As `open`, of each target's generation as it is in memory: one query for all of them."""
    _send(Operation.objects.bulk_create(_wish(kind, target, actor, target.generation) for target in targets))


def _wish(kind: str, target: Any, actor: User | None, generation: int) -> Operation:
    if kind not in KINDS or not kind.startswith(f"{target.noun}."):
        raise ValueError(f"no operation {kind!r} for a {target.noun}")
    namespace = target if isinstance(target, Namespace) else target.namespace
    return Operation(
        id=uuid4(),
        kind=kind,
        team=target.team,
        team_slug=target.team.slug,
        namespace=namespace,
        target_noun=target.noun,
        target_id=target.pk,
        target_name=str(target) if target is namespace else f"{namespace}/{target}",
        generation=generation,
        actor=actor,
        request_id=audit.origin.get().request_id,
    )


def _send(operations: Sequence[Operation]) -> None:
    """Publishes them after the commit, and tells their team's pages."""
    for wish in operations:
        transaction.on_commit(partial(publish, wish.kind, wish.pk), robust=True)
        about = f"{wish.target_noun}:{wish.target_id}"
        team = cast(int, wish.team_id)
        events.announce(events.Changed(team=team, noun="operation", id=str(wish.pk), what="operation", about=about))


def publish(kind: str, pk: UUID, *, delay: float = 0) -> bool:
    """Gives the id to a worker, after `delay` seconds. False where the broker is away: `redrive` will try again."""
    try:
        current_app.send_task(kind, args=[str(pk)], countdown=delay or None, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("operation_not_published", operation=str(pk), error=str(error))
        return False
    return True


def nudge(*, noun: str, target_id: int) -> None:
    """Has the target's polled operation looked at now, since the cluster just reported a change of it."""
    _wake(Operation.objects.open().filter(target_noun=noun, target_id=target_id, not_before__isnull=False))


def nudge_waiting(namespace: Namespace) -> None:
    """Has everything looked at now that waited for this namespace to become ready: two queries, however much it is."""
    _wake(Operation.objects.filter(namespace=namespace, state=OperationState.WAITING))


def redrive(limit: int = 500) -> int:
    """Publishes what should have run by now and did not: dead broker, dead worker, death after commit.

    Called every second by the one dispatcher. Returns how many were published. A repetition is harmless: claims
    are exclusive.
    """
    late = Now() - timedelta(seconds=settings.OPERATION_REDRIVE)
    again = Now() - REPUBLISH_AGAIN
    never_ran = Q(state=OperationState.PENDING, not_before__isnull=True, created_at__lt=late)
    overdue = Q(
        state__in=(OperationState.PENDING, OperationState.WAITING, OperationState.CONFIRMING), not_before__lt=late
    )
    abandoned = Q(state=OperationState.RUNNING, lease_until__lt=Now())
    untold = (
        Q(published_at__isnull=True)
        | Q(published_at__lt=again)
        | Q(published_at__lt=F("not_before"))
        | Q(published_at__lt=F("lease_until"))
    )
    due = Operation.objects.filter(never_ran | overdue | abandoned).filter(untold)
    found = list(due.order_by("created_at").values_list("kind", "pk")[:limit])
    sent = []
    for kind, pk in found:
        if not publish(kind, pk):
            break
        sent.append(pk)
    if sent:
        Operation.objects.filter(pk__in=sent).update(published_at=Now())
        log.info("operations_redriven", count=len(sent))
    return len(sent)


def _wake(operations: QuerySet[Operation]) -> None:
    found = list(operations.values_list("kind", "pk"))
    if not found:
        return
    operations.filter(pk__in=[pk for _, pk in found]).update(not_before=Now())
    for kind, pk in found:
        publish(kind, pk)
