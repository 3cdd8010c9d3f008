"""The one place where a namespace's limits change: the wish, the ledger of grants, and the operation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db.models.functions import Now

from tenants import operations
from tenants.live import events
from tenants.models import Cause, Grant, Namespace, Operation, QuotaRequest, User


def begin(namespace: Namespace, actor: User) -> None:
    """The first lines of a new namespace in the ledger: what its plan gives it."""
    common = {"team": namespace.team, "namespace": namespace, "place": namespace.cluster_name, "actor": actor}
    Grant.objects.bulk_create(
        Grant(**common, resource=resource, old=0, new=amount, cause=Cause.PLAN)
        for resource, amount in namespace.limits.items()
    )


def change(
    namespace: Namespace,
    new: Mapping[str, int],
    *,
    cause: Cause,
    actor: User | None = None,
    request: QuotaRequest | None = None,
    until: date | None = None,
) -> Operation:
    """Sets limits of a locked namespace and opens the operation; call within the service's transaction.

    With `until` the limits go back after that day to what they are now (or to what an earlier raise, still running,
    would go back to). A change takes the place of a raise of the same resource that is still running; one that lowers
    it and leaves a part of it leaves its end, too: else a raise for a time would become one for good.
    """
    running = {grant.resource: grant for grant in Grant.objects.running().filter(namespace=namespace)}
    for resource, amount in new.items():
        old = namespace.limits.get(resource, 0)
        before = running.get(resource)
        if before is None and amount == old:
            continue
        standing = before.back_to if before is not None and before.back_to is not None else old
        last, of = until, request
        if before is not None:
            Grant.objects.filter(pk=before.pk).update(ended_at=Now())
            if amount < old and until is None:
                last, of = before.until, request or before.request
        for_a_time = last is not None and amount > standing
        Grant.objects.create(
            team=namespace.team,
            namespace=namespace,
            place=namespace.cluster_name,
            resource=resource,
            old=old,
            new=amount,
            cause=cause,
            actor=actor,
            request=of,
            until=last if for_a_time else None,
            back_to=standing if for_a_time else None,
            warned=before.warned if before is not None and for_a_time and last == before.until else None,
        )
    namespace.limits = {**namespace.limits, **new}
    namespace.generation += 1
    namespace.save(update_fields=["limits", "generation", "updated_at"])
    events.announce(events.Changed(team=namespace.team_id, noun="namespace", id=str(namespace.pk), what="quota"))
    return operations.open(kind="namespace.apply", target=namespace, actor=actor, generation=namespace.generation)
