"""An app: its wanted release applied, the rollout confirmed by the observer; deleted until its pods are gone."""

from __future__ import annotations

from celery import shared_task
from django.db import transaction

from tenants import clusters, intents, operations, outcomes
from tenants.models import App
from tenants.operations import Hold
from tenants.tasks.carry import carry, settle

DELETION_LOOK = 0.4


@shared_task(name="app.apply")
def apply_app(operation_id: str) -> None:
    """Whatever release is wanted now, whichever change the operation was opened for."""
    carry(operation_id, _apply)


@shared_task(name="app.delete")
def delete_app(operation_id: str) -> None:
    """The row goes when Deployment, pods and Service are gone; volumes and secrets stay."""
    carry(operation_id, _delete)


def _apply(hold: Hold, app: App) -> None:
    if not app.namespace.observed_generation:
        operations.wait(hold, "namespace_not_ready", "Waiting for its namespace.")
        return
    clusters.gateway(app.namespace.cluster).apply_app(intents.app_spec(app, hold.operation))

    def leave() -> bool:
        with transaction.atomic():
            kept = operations.confirm(hold)
            if kept:
                outcomes.applied(app, app.generation)
        return kept

    settle(hold, app, leave)


def _delete(hold: Hold, app: App) -> None:
    if not clusters.gateway(app.namespace.cluster).delete_app(app.namespace.cluster_name, app.name):
        operations.confirm(hold, again=DELETION_LOOK)
        return
    with transaction.atomic():
        if operations.finish(hold):
            outcomes.gone(app)
