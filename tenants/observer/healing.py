"""Drift: what the cluster holds is not what was wanted, and nobody is at work on it → the intent is applied again.

Somebody edited or deleted managed objects behind Berth's back. Each repair leaves a line in the audit log. What is
being deleted is never repaired; in a namespace that is paused, what differs is listed and stays until it is resumed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from django.db import transaction

from cluster.drift import drift
from cluster.specs import Part
from cluster.tenancy import PART_OF_KIND
from tenants import audit, clusters, intents, operations, outcomes
from tenants.models import App, Namespace, Operation, Volume
from tenants.models.operation import OperationState
from tenants.observer import telling
from tenants.observer.sights import Key, Manifest, Sight

log = structlog.get_logger(__name__)

# A watch lags behind the worker's own writes: only what still differs after so many seconds has drifted.
SETTLES = 2.0
# Two controllers that undo each other: the pause between repairs of one thing doubles, from and up to, in seconds.
PAUSE_FIRST, PAUSE_LAST = 3.0, 300.0
CALM = 600.0
# Of each thing in a namespace that is paused: so many differences are listed, so many letters of each.
LISTED, LISTED_LENGTH = 20, 200


@dataclass(slots=True)
class _Suspect:
    since: float
    repaired: float = 0.0
    pause: float = 0.0


class Healer:
    """Remembers since when each thing differs. Each verb returns whether the thing must be looked at again soon."""

    def __init__(self, alias: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.alias = alias
        self._clock = clock  # in seconds
        self._suspects: dict[Key, _Suspect] = {}

    def namespace(self, row: Namespace, sight: Sight) -> bool:
        """Compares the namespace and its parts."""
        if not row.observed_generation or row.observed_generation != row.generation:
            return False
        manifests = clusters.gateway(self.alias).preview(intents.namespace_spec(row))
        found = _differences(manifests, sight)
        itself = sight.one("Namespace", row.cluster_name)
        gone = itself is None or "deletionTimestamp" in itself["metadata"]
        if gone:
            found = {"Namespace": found["Namespace"]}
        if itself is None:
            operations.nudge(noun=row.noun, target_id=row.pk)
        if row.paused:
            return self._listed(row, row.noun, sight.key, found)
        if not self._settled(sight.key, found):
            return bool(found)
        if not self._repair(row, sight.key, found):
            return True
        if gone:
            outcomes.missing(row)
        else:
            parts = [Part(PART_OF_KIND[kind], "False", "Drifted", what[0]) for kind, what in found.items()]
            outcomes.record(row, parts)
        return True

    def app(self, row: App, sight: Sight) -> bool:
        """Compares Deployment and Service."""
        if row.release_id is None or row.observed_generation != row.generation:
            return False
        if not _stands(row.namespace):
            return True
        found = _differences(clusters.gateway(self.alias).preview(intents.app_spec(row)), sight)
        if row.namespace.paused:
            return self._listed(row.namespace, f"app {row.name}", sight.key, found)
        if self._settled(sight.key, found):
            self._repair(row, sight.key, found)
        return bool(found)

    def volume(self, row: Volume, sight: Sight) -> bool:
        """Compares the claim. One that was deleted is made again, empty: its data went with it."""
        if row.observed_generation != row.generation:
            return False
        if not _stands(row.namespace):
            return True
        found = _differences(clusters.gateway(self.alias).preview(intents.volume_spec(row)), sight)
        if row.namespace.paused:
            return self._listed(row.namespace, f"volume {row.name}", sight.key, found)
        if self._settled(sight.key, found):
            self._repair(row, sight.key, found)
        return bool(found)

    def _listed(self, namespace: Namespace, what: str, key: Key, found: dict[str, list[str]]) -> bool:
        """Instead of a repair, while the namespace is paused."""
        if self._settled(key, found) or not found:
            words = [path[:LISTED_LENGTH] for paths in found.values() for path in paths]
            outcomes.drifted(namespace, what, words[:LISTED])
        return bool(found)

    def _settled(self, key: Key, found: dict[str, list[str]]) -> bool:
        """Whether it differs for long enough, and the last repair is long enough ago."""
        now = self._clock()
        suspect = self._suspects.get(key)
        if not found:
            if suspect is not None and now - suspect.repaired > CALM:
                del self._suspects[key]
            elif suspect is not None:
                suspect.since = 0.0
            return False
        if suspect is None:
            suspect = self._suspects[key] = _Suspect(since=now)
        suspect.since = suspect.since or now
        return now - suspect.since >= SETTLES and now - suspect.repaired >= suspect.pause

    def _repair(self, row: Namespace | App | Volume, key: Key, found: dict[str, list[str]]) -> bool:
        """Opens an operation that applies the intent again. False while one is on its way anyway."""
        paths = [path for what in found.values() for path in what]
        with transaction.atomic():
            at_work = (OperationState.PENDING, OperationState.RUNNING, OperationState.WAITING)
            going_on = Operation.objects.open().filter(target_noun=row.noun, target_id=row.pk)
            if isinstance(row, App | Volume):
                going_on = going_on.filter(state__in=at_work)
            if going_on.exists():
                return False
            current = type(row)._default_manager.select_for_update().filter(pk=row.pk, generation=row.generation)
            paused = "paused_at" if isinstance(row, Namespace) else "namespace__paused_at"
            if not current.filter(deleting_since__isnull=True, **{f"{paused}__isnull": True}).exists():
                return False
            operations.open(kind=f"{row.noun}.apply", target=row, actor=None, generation=row.generation)
            audit.record(
                actor=None, action="drift.repaired", thing=row, detail="; ".join(paths)[:400], machine="observer"
            )
            suspect = self._suspects[key]
            if isinstance(row, Namespace) and "ResourceQuota" in found and not suspect.pause:
                telling.quota_repaired(row, "; ".join(found["ResourceQuota"]))  # the first of a series alone
        suspect.repaired = self._clock()
        suspect.since = 0.0
        suspect.pause = min(PAUSE_LAST, suspect.pause * 2 or PAUSE_FIRST)
        log.warning("drift_repaired", target=str(row), differs=paths[:5])
        return True


def _differences(manifests: Iterable[Manifest], sight: Sight) -> dict[str, list[str]]:
    """Kind → what of it differs, in words; {} when the cluster holds all of the intent."""
    found: dict[str, list[str]] = {}
    for manifest in manifests:
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        there = sight.one(kind, name)
        if there is None:
            found.setdefault(kind, []).append(f"{kind} {name} is missing")
        elif there["metadata"].get("deletionTimestamp"):
            found.setdefault(kind, []).append(f"{kind} {name} is being deleted")
        else:
            for path in drift(manifest, there):
                found.setdefault(kind, []).append(f"{kind} {name}: {path}")
    return found


def _stands(namespace: Namespace) -> bool:
    """What stands in a namespace is repaired after the namespace itself."""
    itself = namespace.condition("Namespace")
    return itself is not None and itself["status"] == "True"
