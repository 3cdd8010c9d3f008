"""A volume: claimed, confirmed by the observer when bound or waiting for its first pod; deleted with its claim."""

from __future__ import annotations

from celery import shared_task
from django.db import transaction

from tenants import clusters, intents, operations, outcomes
from tenants.models import Volume
from tenants.operations import Hold
from tenants.tasks.carry import carry, settle

DELETION_LOOK = 0.5


@shared_task(name="volume.apply")
def apply_volume(operation_id: str) -> None:
    """Applies the claim."""
    carry(operation_id, _apply)


@shared_task(name="volume.delete")
def delete_volume(operation_id: str) -> None:
    """The row goes when the claim is gone: not before its last pod lets go of it."""
    carry(operation_id, _delete)


def _apply(hold: Hold, volume: Volume) -> None:
    if not volume.namespace.observed_generation:
        operations.wait(hold, "namespace_not_ready", "Waiting for its namespace.")
        return
    clusters.gateway(volume.namespace.cluster).apply_volume(intents.volume_spec(volume, hold.operation))

    def leave() -> bool:
        with transaction.atomic():
            kept = operations.confirm(hold)
            if kept:
                outcomes.applied(volume, volume.generation)
        return kept

    settle(hold, volume, leave)


def _delete(hold: Hold, volume: Volume) -> None:
    if not clusters.gateway(volume.namespace.cluster).delete_volume(volume.namespace.cluster_name, volume.name):
        operations.confirm(hold, again=DELETION_LOOK)
        return
    with transaction.atomic():
        if operations.finish(hold):
            outcomes.gone(volume)
