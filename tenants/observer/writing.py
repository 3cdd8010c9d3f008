"""Sights → rows: finds the rows of what was seen, records how it stands, ends operations that wait for it.

Runs on the one thread of the rows (`Desk`). Nothing here asks the cluster.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar, cast

from django.db import close_old_connections
from django.utils import timezone

from cluster import names, quantities, rollout
from cluster.specs import Part
from tenants import operations, outcomes, sampling
from tenants.models import App, Namespace, Operation, Volume
from tenants.models.operation import OperationState
from tenants.observer import telling
from tenants.observer.healing import Healer
from tenants.observer.sights import Key, Manifest, Noun, Sight

P = ParamSpec("P")
R = TypeVar("R")

# A provisioner that fails tries again by itself; after this long the wish counts as failed.
PROVISIONING = timedelta(seconds=30)
# Figures that were said to be as they are so lately are not written again.
FRESH = timedelta(seconds=30)


class Desk:
    """The observer's one thread for the database."""

    def __init__(self, thread: ThreadPoolExecutor) -> None:
        self._thread = thread

    async def do(self, job: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs `job` there, in the caller's context, with a connection that works."""
        context = contextvars.copy_context()

        def run() -> R:
            close_old_connections()
            try:
                return job(*args, **kwargs)
            finally:
                close_old_connections()

        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: context.run(run))


class Writer:
    """Writes what was seen of one cluster."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._healer = Healer(alias)
        self._unchanged: set[int] = set()  # namespaces whose figures are as they were

    def every_key(self) -> set[Key]:
        """All that has a row in this cluster."""
        spaces = Namespace.objects.filter(cluster=self.alias).values_list("cluster_name", flat=True)
        keys = {Key("namespace", name) for name in spaces}
        within: tuple[tuple[Noun, Any], ...] = (("app", App), ("volume", Volume))
        for noun, model in within:
            rows = model.objects.filter(namespace__cluster=self.alias).values_list("namespace__cluster_name", "name")
            keys |= {Key(noun, namespace, name) for namespace, name in rows}
        return keys

    def awaited_keys(self, limit: int = 500) -> set[Key]:
        """What operations wait for the observer to confirm; a change that changed nothing gives no watch event."""
        waiting = Operation.objects.filter(
            state=OperationState.CONFIRMING,
            not_before__isnull=True,
            kind__in=("app.apply", "volume.apply"),
            namespace__cluster=self.alias,
        )
        found = waiting.values_list("target_noun", "namespace__cluster_name", "target_name")[:limit]
        return {Key(cast(Noun, noun), str(place), target.rpartition("/")[2]) for noun, place, target in found}

    def write(self, sights: Iterable[Sight]) -> set[Key]:
        """Records each sight. Returns the keys to look at again soon, though nothing may change in the cluster."""
        by_key = {sight.key: sight for sight in sights}
        again = set()
        spaces = self._namespaces(by_key)
        for name, namespace in spaces.items():
            sight = by_key.get(Key("namespace", name))
            if sight is not None and self._namespace(namespace, sight):
                again.add(sight.key)
        if self._unchanged:
            outcomes.still_used(self._unchanged)
            self._unchanged.clear()
        for row in self._rows(App, "app", by_key, spaces):
            key = Key("app", row.namespace.cluster_name, row.name)
            if self._app(row, by_key[key]):
                again.add(key)
        for row in self._rows(Volume, "volume", by_key, spaces):
            key = Key("volume", row.namespace.cluster_name, row.name)
            if self._volume(row, by_key[key]):
                again.add(key)
        return again

    def _namespaces(self, by_key: dict[Key, Sight]) -> dict[str, Namespace]:
        wanted = {key.namespace for key in by_key}
        rows = Namespace.objects.filter(cluster=self.alias, cluster_name__in=wanted).select_related("team", "plan")
        return {row.cluster_name: row for row in rows}

    def _rows(self, model: Any, noun: Noun, by_key: dict[Key, Sight], spaces: dict[str, Namespace]) -> Iterable[Any]:
        keys = [key for key in by_key if key.noun == noun and key.namespace in spaces]
        if not keys:
            return
        found = model.objects.filter(
            namespace__in={spaces[key.namespace].pk for key in keys}, name__in={key.name for key in keys}
        )
        by_pk = {namespace.pk: namespace for namespace in spaces.values()}
        related = found.select_related("release", "serving") if model is App else found
        for row in related:
            row.namespace = by_pk[row.namespace_id]
            if Key(noun, row.namespace.cluster_name, row.name) in by_key:
                yield row

    def _namespace(self, row: Namespace, sight: Sight) -> bool:
        itself = sight.one("Namespace", row.cluster_name)
        if row.deleting:
            if itself is None:
                operations.nudge(noun=row.noun, target_id=row.pk)
            return False
        quota = sight.one("ResourceQuota", names.QUOTA)
        if quota is not None:
            self._used(row, quota.get("status", {}).get("used", {}))
        return self._healer.namespace(row, sight)

    def _used(self, row: Namespace, amounts: dict[str, str]) -> None:
        """Kept on the row, and for the samples."""
        now = timezone.now()
        changed = outcomes.used(row, amounts)
        if not changed and row.usage and (row.used_at is None or now - row.used_at > FRESH):
            self._unchanged.add(row.pk)
        sampling.meter.saw(row.pk, row.usage, now)

    def _app(self, row: App, sight: Sight) -> bool:
        if row.deleting or row.namespace.deleting:
            if row.deleting and sight.nothing_left:
                operations.nudge(noun=row.noun, target_id=row.pk)
            return False
        seen = rollout.derive(
            row.name,
            deployment=sight.one("Deployment", row.name),
            replicasets=sight.replicasets,
            pods=sight.pods,
            events=sight.events,
            claims=sight.claims,
            endpoints=sight.endpoints,
            now=timezone.now(),
        )
        outcomes.rolled(row, seen)
        if not seen.finished and (seen.failed or seen.state in outcomes.STUCK):
            telling.stuck(row, seen.release_new)
        if seen.finished:
            operations.close(_awaiting(row, seen.generation))
        elif seen.failed:
            code = seen.diagnosis.code if seen.diagnosis else "stuck"
            why = f"{seen.sentence}. {seen.diagnosis.remedy}" if seen.diagnosis else seen.sentence
            operations.close(_awaiting(row, seen.generation), code=code, message=why)
        suspect = self._healer.app(row, sight)
        return suspect or not (seen.finished or seen.failed)

    def _volume(self, row: Volume, sight: Sight) -> bool:
        claim = sight.one("PersistentVolumeClaim", row.name)
        if row.deleting or row.namespace.deleting:
            if row.deleting and claim is None:
                operations.nudge(noun=row.noun, target_id=row.pk)
            return False
        if claim is None:
            if row.phase:
                lost = Part("Bound", "False", "Missing", "The claim is not in the cluster any more.")
                outcomes.claimed(row, "", None, lost)
            return self._healer.volume(row, sight)
        phase = claim.get("status", {}).get("phase", "")
        capacity = claim.get("status", {}).get("capacity", {}).get("storage")
        part = _bound(phase, sight)
        outcomes.claimed(row, phase, quantities.parse_size(capacity) if capacity else None, part)
        failing = part.reason == "ProvisioningFailed"
        if part.status == "True" or part.reason == "WaitForFirstConsumer":
            operations.close(_awaiting(row, row.observed_generation))
        elif failing and _age(claim) > PROVISIONING:
            operations.close(_awaiting(row, row.observed_generation), code="provisioning_failed", message=part.message)
        suspect = self._healer.volume(row, sight)
        return suspect or failing


def _awaiting(row: App | Volume, generation: int) -> list[Operation]:
    """Operations on the row that wait for the cluster to hold an intent no younger than `generation`."""
    waiting = Operation.objects.filter(
        target_noun=row.noun,
        target_id=row.pk,
        state=OperationState.CONFIRMING,
        generation__lte=generation,
        kind=f"{row.noun}.apply",
    )
    return list(waiting.select_related("team"))


def _bound(phase: str, sight: Sight) -> Part:
    if phase == "Bound":
        return Part("Bound", "True", "Bound")
    if phase == "Lost":
        return Part("Bound", "False", "Lost", "The volume behind the claim is gone, and its data with it.")
    for event in sorted(sight.events, key=lambda event: event.order, reverse=True):
        if event.reason == "WaitForFirstConsumer":
            return Part("Bound", "Unknown", event.reason, "Made when the first pod mounts it.")
        if event.reason == "ProvisioningFailed":
            return Part("Bound", "False", event.reason, event.message)
    return Part("Bound", "Unknown", phase or "Pending", "The cluster is making the volume.")


def _age(claim: Manifest) -> timedelta:
    created: str = claim["metadata"]["creationTimestamp"]
    return timezone.now() - datetime.fromisoformat(created)
