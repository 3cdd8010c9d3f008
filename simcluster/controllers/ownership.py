"""Who owns whom: controller references, label selectors and the ages that minReadySeconds and deadlines need."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from simcluster.clock import Clock

SAFE_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""Letters of generated names: no vowels and nothing that is mistaken (k8s.io/apimachinery/pkg/util/rand)."""


def controller_reference(owner: dict) -> dict[str, Any]:
    metadata = owner["metadata"]
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controller_of(obj: dict) -> dict[str, Any] | None:
    """The owner reference that is marked as controller."""
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return owner
    return None


def safe_hash(text: str, length: int = 10) -> str:
    """A short stable name of a text, in SAFE_LETTERS."""
    digest = hashlib.blake2s(text.encode()).digest()
    return "".join(SAFE_LETTERS[byte % len(SAFE_LETTERS)] for byte in digest[:length])


def selects(selector: dict | None, labels: dict | None) -> bool:
    """Whether a metav1.LabelSelector matches; an absent one matches nothing, an empty one everything."""
    if selector is None:
        return False
    labels = labels or {}
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    return all(_holds(rule, labels) for rule in selector.get("matchExpressions") or ())


def _holds(rule: dict, labels: dict) -> bool:
    has = labels.get(rule["key"])
    match rule["operator"]:
        case "In":
            return has in rule.get("values", ())
        case "NotIn":
            return has not in rule.get("values", ())
        case "Exists":
            return has is not None
        case "DoesNotExist":
            return has is None
    return False


def condition(status: dict, kind: str) -> dict[str, Any] | None:
    """The condition of a type in a status."""
    for found in status.get("conditions") or ():
        if found["type"] == kind:
            return found
    return None


def is_ready(pod: dict) -> bool:
    found = condition(pod.get("status") or {}, "Ready")
    return found is not None and found["status"] == "True"


def is_active(pod: dict) -> bool:
    """Neither ended nor being deleted: what a ReplicaSet counts."""
    phase = (pod.get("status") or {}).get("phase")
    return phase not in ("Succeeded", "Failed") and not pod["metadata"].get("deletionTimestamp")


class Ages:
    """Simulated seconds since a stamp was first seen.

    Stamps have whole seconds; with `speed` 100 one of them is 100 simulated seconds, so what was seen to change is
    measured by the monotonic clock instead.
    """

    def __init__(self, clock: Clock):
        self._clock = clock
        self._seen: dict[Any, tuple[str, float]] = {}

    def age(self, key: Any, stamp: str) -> float:
        seen = self._seen.get(key)
        if seen is None or seen[0] != stamp:
            wall = (self._clock.now() - datetime.fromisoformat(stamp).astimezone(UTC)).total_seconds()
            before = wall * self._clock.speed if wall > 2 else 0.0
            seen = self._seen[key] = (stamp, self._clock.elapsed() - before)
        return self._clock.elapsed() - seen[1]

    def forget(self, key: Any) -> None:
        self._seen.pop(key, None)
