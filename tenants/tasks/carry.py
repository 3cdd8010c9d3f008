"""What all tasks share: taking the operation, and what becomes of it for each way in which a cluster can answer.

Rights were asked when the intent was committed; a task can only carry out what its row says now, so a forged or
repeated message can at most apply the current intent once more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.db import transaction

from cluster import errors
from tenants import audit, clusters, operations, outcomes
from tenants.models import App, Namespace, Operation, Secret, Volume
from tenants.operations import Hold
from tenants.operations.seal import SealError

log = structlog.get_logger(__name__)

MODELS: dict[str, Any] = {model.noun: model for model in (Namespace, App, Volume, Secret)}
RELATED: dict[str, tuple[str, ...]] = {
    "namespace": ("team", "plan"),
    "app": ("namespace__team", "release"),
    "volume": ("namespace__team",),
    "secret": ("namespace__team",),
}

Step = Callable[[Hold, Any], None]


def carry(operation_id: str, step: Step) -> None:
    """Claims the operation and has `step` carry it out; whatever the cluster answers, the row says it afterwards."""
    hold = operations.claim(operation_id)
    if hold is None:
        return
    audit.origin.set(audit.Origin(door="task", request_id=hold.operation.request_id))
    target = load(hold.operation)
    wish = "delete" if hold.operation.kind.endswith(".delete") else "apply"
    if target is None or (target.deleting and wish == "apply"):
        operations.supersede(hold)
        return
    alias = (target if isinstance(target, Namespace) else target.namespace).cluster
    try:
        step(hold, target)
    except errors.Unavailable as error:
        _not_now(hold, alias, error)
        return
    except errors.Unauthorized as error:
        log.error("cluster_credentials_refused", cluster=alias, error=error.message)
        operations.wait(hold, "unauthorized", "The cluster refuses Berth's own credentials; staff must renew them.")
        return
    except errors.NotFound as error:
        operations.wait(hold, "namespace_missing", error.message)
        return
    except (errors.Refused, errors.NameTaken) as error:
        _refused(hold, target, error)
    except errors.Conflict as error:
        operations.wait(hold, "conflict", error.message)
        return
    except SealError as error:
        _fail(hold, target, "sealed", f"Set the values again: {error}.")
    if hold.operation.attempts > 1:
        clusters.heard(alias)


def settle(hold: Hold, target: Any, leave: Callable[[], bool]) -> None:
    """Ends a step by `leave`; a holder that lost its lease on the way may have written an old intent late.

    So it has the current one applied again.
    """
    if leave() or hold.operation.kind.endswith(".delete"):
        return
    with transaction.atomic():
        row = load(hold.operation)
        if row is not None and not row.deleting:
            log.warning("lease_lost", operation=str(hold.operation.pk))
            operations.open(kind=hold.operation.kind, target=row, actor=None, generation=row.generation)


def load(operation: Operation) -> Any | None:
    """The operation's target with the current intent; None when the row is gone."""
    model = MODELS[operation.target_noun]
    rows = model.objects.select_related(*RELATED[operation.target_noun])
    return rows.filter(pk=operation.target_id).first()


def _not_now(hold: Hold, alias: str, error: errors.Unavailable) -> None:
    if isinstance(error, errors.Throttled):
        operations.wait(hold, "throttled", error.message, seconds=error.retry_after)
        return
    if clusters.not_heard(alias, error.message):
        log.warning("cluster_silent", cluster=alias, error=error.message)
    operations.wait(hold, "unavailable", f"{clusters.title(alias)} does not answer: {error.message}")


def _refused(hold: Hold, target: Any, error: errors.Refused | errors.NameTaken) -> None:
    """Told to the person. A wish to delete stays: what refuses it now must be found and taken away."""
    codes = {errors.QuotaExceeded: "quota_exceeded", errors.PolicyRefused: "policy_refused", errors.NameTaken: "taken"}
    code = codes.get(type(error), "refused")
    if hold.operation.kind.endswith(".delete"):
        operations.wait(hold, code, error.message)
    else:
        _fail(hold, target, code, error.message)


def _fail(hold: Hold, target: Any, code: str, message: str) -> None:
    with transaction.atomic():
        if not operations.fail(hold, code, message):
            return
        outcomes.refused(target, code, message)
        actor = hold.operation.actor
        audit.record(
            actor=actor, action=hold.operation.kind, thing=target, outcome="failed", detail=message, machine="worker"
        )
