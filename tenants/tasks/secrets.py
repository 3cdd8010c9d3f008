"""A secret: each change of values is one immutable version in the cluster; versions that no release can use go."""

from __future__ import annotations

from celery import shared_task
from django.db import transaction

from tenants import clusters, intents, operations, outcomes
from tenants.models import Release, Secret
from tenants.operations import Hold
from tenants.releases import pinned_versions
from tenants.tasks.carry import carry, settle


@shared_task(name="secret.apply")
def apply_secret(operation_id: str) -> None:
    """Creates the version whose values the operation carries sealed; they are wiped in the step that records it."""
    carry(operation_id, _apply)


@shared_task(name="secret.delete")
def delete_secret(operation_id: str) -> None:
    """The row goes when no version is left."""
    carry(operation_id, _delete)


def _apply(hold: Hold, secret: Secret) -> None:
    if not secret.namespace.observed_generation:
        operations.wait(hold, "namespace_not_ready", "Waiting for its namespace.")
        return
    gateway = clusters.gateway(secret.namespace.cluster)
    if hold.operation.sealed:
        payload = operations.unseal(hold.operation.pk, hold.operation.sealed)
        gateway.create_secret_version(
            intents.secret_spec(secret, payload["version"], payload["values"], hold.operation)
        )
    gateway.delete_secret_versions(secret.namespace.cluster_name, secret.name, keep=_used_versions(secret))

    def leave() -> bool:
        with transaction.atomic():
            kept = operations.finish(hold)
            if kept:
                outcomes.applied(secret, hold.operation.generation)
        return kept

    settle(hold, secret, leave)


def _delete(hold: Hold, secret: Secret) -> None:
    gateway = clusters.gateway(secret.namespace.cluster)
    name = secret.namespace.cluster_name
    gateway.delete_secret_versions(name, secret.name, keep=())
    if gateway.secret_versions(name, secret.name):
        operations.confirm(hold, again=0.3)
        return
    with transaction.atomic():
        if operations.finish(hold):
            outcomes.gone(secret)


def _used_versions(secret: Secret) -> set[int]:
    """Versions that the secret, a wanted release or one that can be rolled back to names, and those on their way."""
    secret.refresh_from_db(fields=["keys", "version"])
    used = {*secret.keys.values(), secret.version}
    usable = Release.objects.usable().filter(app__namespace=secret.namespace)
    return used | pinned_versions(usable).get(secret.name, set())
