"""A namespace: provisioned with all its parts, verified until each holds; deleted until nothing remains."""

from __future__ import annotations

from celery import shared_task
from django.db import transaction
from django.urls import reverse

from cluster import errors
from cluster.specs import Remaining
from cluster.tenancy import PART_QUOTA
from tenants import clusters, granting, intents, notices, operations, outcomes
from tenants.models import Namespace
from tenants.operations import Hold
from tenants.tasks.carry import carry, settle

# Seconds between looks: a namespace's parts are true within moments, or something is wrong with the cluster.
LOOK_FIRST, LOOK_LAST = 0.25, 5.0
DELETION_LOOK = 0.7
# Every so many looks it is applied again, in case a part was removed meanwhile.
APPLY_EVERY = 8


@shared_task(name="namespace.apply")
def apply_namespace(operation_id: str) -> None:
    """Ready only when the cluster confirmed every part, a refused privileged pod included."""
    carry(operation_id, _apply)


@shared_task(name="namespace.delete")
def delete_namespace(operation_id: str) -> None:
    """The row goes when the cluster says that the namespace is gone, and with it the team that waited for it."""
    carry(operation_id, _delete)


def _apply(hold: Hold, namespace: Namespace) -> None:
    spec = intents.namespace_spec(namespace, hold.operation)
    gateway = clusters.gateway(namespace.cluster)
    attempt = hold.operation.attempts
    outcome = gateway.verify_namespace(spec) if attempt % APPLY_EVERY != 1 else None
    if outcome is None or not outcome.uid:
        outcome = gateway.provision_namespace(spec, patience=0)
    outcomes.provisioned(namespace, outcome)
    quota = next(part for part in outcome.parts if part.type == PART_QUOTA)
    with transaction.atomic():
        if quota.status == "True":
            granting.confirmed(namespace)
        elif quota.reason != "Pending":
            granting.delayed(namespace, quota.message)
    if outcome.ready:
        settle(hold, namespace, lambda: operations.finish(hold))
        operations.nudge_waiting(namespace)
        return
    waiting = [part.type for part in outcome.parts if part.status != "True"]
    again = min(LOOK_LAST, LOOK_FIRST * 1.3**attempt)
    settle(hold, namespace, lambda: operations.confirm(hold, progress={"waiting_for": waiting}, again=again))


def _delete(hold: Hold, namespace: Namespace) -> None:
    remaining = _ask_deletion(namespace)
    if not remaining.gone:
        progress = outcomes.remains(namespace, remaining)
        operations.confirm(hold, progress=progress, again=DELETION_LOOK)
        return
    with transaction.atomic():
        if operations.finish(hold):
            _tell_deleted(hold, namespace)
            outcomes.gone(namespace)


def _tell_deleted(hold: Hold, namespace: Namespace) -> None:
    """Owners and admins hear of it, but for who asked for it; of a team that goes with it nobody is left to hear."""
    team, actor = namespace.team, hold.operation.actor
    if team.deleting:
        return
    notices.tell(
        notices.managers(team, besides=actor),
        kind="namespace.deleted",
        title=f"{actor or 'Somebody'} deleted the namespace {namespace}",
        text="It is gone from the cluster, with all that was in it.",
        path=reverse("team", args=[team.slug]),
        team=team,
    )


def _ask_deletion(namespace: Namespace) -> Remaining:
    """What remains; a foreign namespace of that name was never ours to delete."""
    try:
        return clusters.gateway(namespace.cluster).delete_namespace(
            namespace.cluster_name, namespace_id=str(namespace.pk)
        )
    except (errors.NameTaken, errors.NotFound):
        return Remaining(gone=True)
