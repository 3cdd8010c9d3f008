"""Namespaces as pages show them: each part's condition, the quota, what remains of a deletion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenants.models import Namespace
from tenants.reservations import reserved_in
from tenants.selectors import quota

# Part → what it means for the people in it.
PARTS = {
    "Namespace": ("Namespace", "a place of its own in the cluster"),
    "Quota": ("Quota", "the plan's limits hold"),
    "Limits": ("Container limits", "what a container gets that says nothing"),
    "NetworkPolicy": ("Network", "closed to other namespaces; DNS and its own apps are open"),
    "PodSecurity": ("Pod Security", "privileged pods are refused: tried and seen"),
    "Rights": ("Rights", "the team's roles are bound"),
}
KINDS = {"True": "ok", "False": "bad", "Unknown": "waiting"}


@dataclass(frozen=True, slots=True)
class PartRow:
    name: str
    meaning: str
    kind: str
    words: str
    message: str
    since: str


def live_context(namespace: Namespace) -> dict[str, Any]:
    """Context of all live partials of a namespace's page."""
    return {
        **conditions_context(namespace),
        **quota_context(namespace),
        **remaining_context(namespace),
        "drifted": sorted(namespace.drifted.items()),
    }


def conditions_context(namespace: Namespace) -> dict[str, Any]:
    """Context of the partial #conditions; the same for every viewer."""
    rows = [_part(namespace, part) for part in PARTS]
    kind, words, rest = state(namespace)
    return {"namespace": namespace, "parts": rows, "kind": kind, "words": words, "rest": rest}


def quota_context(namespace: Namespace) -> dict[str, Any]:
    """Context of the partial #quota."""
    reserved = reserved_in([namespace], secrets=False)[namespace.pk]
    return {"namespace": namespace, "lines": quota.lines(namespace, reserved)}


def remaining_context(namespace: Namespace) -> dict[str, Any]:
    """Context of the partial #remaining: the progress of a deletion by kind."""
    remaining = namespace.remaining or {}
    kinds = [(kind, count) for kind, count in sorted(remaining.get("kinds", {}).items()) if count]
    return {
        "namespace": namespace,
        "kinds": kinds,
        "finalizers": remaining.get("finalizers", []),
        "retained": remaining.get("retained", []),
        "message": remaining.get("message", ""),
    }


def state(namespace: Namespace) -> tuple[str, str, str]:
    """Icon, word and reason."""
    if namespace.deleting:
        return "stopping", "Being deleted", ""
    if namespace.ready and namespace.paused:
        return "warn", "Paused", "changes in the cluster are not repaired"
    if namespace.ready:
        return "ok", "Ready", ""
    true = sum(condition["status"] == "True" for condition in namespace.conditions)
    broken = next((c for c in namespace.conditions if c["status"] == "False" and c.get("reason") != "Pending"), None)
    if broken is not None and namespace.observed_generation:
        return "bad", "Not as it should be", f"{PARTS.get(broken['type'], (broken['type'],))[0]}: {broken['message']}"
    return "busy", "Being prepared", f"{true} of {len(PARTS)} parts are ready"


def _part(namespace: Namespace, part: str) -> PartRow:
    name, meaning = PARTS[part]
    condition = namespace.condition(part)
    if condition is None:
        return PartRow(name, meaning, "next", "Next", "", "")
    status = condition["status"]
    settled = status == "True" or namespace.observed_generation
    words = {"True": "Holds", "False": "Does not hold", "Unknown": "Not known"}[status] if settled else "In work"
    kind = KINDS[status] if settled else "busy"
    return PartRow(name, meaning, kind, words, "" if status == "True" else condition["message"], condition["since"])
