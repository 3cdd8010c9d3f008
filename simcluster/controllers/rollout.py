"""The arithmetic of a rolling update, without any cluster: how many pods may be added and taken away.

Source: k8s.io/kubernetes/pkg/controller/deployment/util and .../sync.go (proportional scaling).
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """surge: pods above `replicas` that may exist; unavailable: pods that may be missing."""

    surge: int
    unavailable: int


def bounds(deployment_spec: dict) -> Bounds:
    """Absolute maxSurge and maxUnavailable: surge is rounded up, unavailable down, and never both zero."""
    replicas = deployment_spec.get("replicas", 1)
    strategy = deployment_spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return Bounds(0, 0)
    rolling = strategy.get("rollingUpdate") or {}
    surge = scaled(rolling.get("maxSurge", "25%"), replicas, up=True)
    unavailable = scaled(rolling.get("maxUnavailable", "25%"), replicas, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Bounds(surge, min(unavailable, replicas) if replicas else unavailable)


def scaled(value: int | str, total: int, *, up: bool) -> int:
    """An int-or-percent against a total."""
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * total / 100
        return math.ceil(share) if up else math.floor(share)
    return int(value)


def new_size(deployment_spec: dict, new: int, total: int) -> int:
    """To what size the new ReplicaSet may go now; `total` counts the pods of all ReplicaSets."""
    replicas = deployment_spec.get("replicas", 1)
    if (deployment_spec.get("strategy") or {}).get("type") == "Recreate":
        return replicas
    room = replicas + bounds(deployment_spec).surge - total
    if room <= 0:
        return new
    return new + min(room, replicas - new)


@dataclass(frozen=True)
class Old:
    """An old ReplicaSet, oldest first in a list of them."""

    name: str
    wanted: int
    available: int


def old_sizes(deployment_spec: dict, old: list[Old], new_wanted: int, new_available: int) -> dict[str, int]:
    """New sizes of old ReplicaSets that may shrink now: unhealthy pods first, then as availability allows."""
    sizes = {one.name: one.wanted for one in old}
    least = deployment_spec.get("replicas", 1) - bounds(deployment_spec).unavailable
    removable = sum(sizes.values()) + new_wanted - least - (new_wanted - new_available)
    if removable <= 0 or not any(sizes.values()):
        return {}
    cleaned = 0
    for one in old:
        unhealthy = min(removable - cleaned, sizes[one.name] - one.available)
        if unhealthy > 0:
            sizes[one.name] -= unhealthy
            cleaned += unhealthy
    spare = new_available + sum(one.available for one in old) - least
    for one in old:
        if spare <= 0:
            break
        fewer = min(sizes[one.name], spare)
        sizes[one.name] -= fewer
        spare -= fewer
    return {one.name: sizes[one.name] for one in old if sizes[one.name] != one.wanted}


@dataclass(frozen=True)
class Share:
    """An active ReplicaSet in a proportional scaling; most: its annotation max-replicas (0: none)."""

    name: str
    wanted: int
    created: str
    most: int


def proportional(deployment_spec: dict, sets: list[Share]) -> dict[str, int]:
    """Sizes after a change of `replicas` in the middle of a rollout, spread by the sizes that the sets have."""
    replicas = deployment_spec.get("replicas", 1)
    allowed = replicas + bounds(deployment_spec).surge if replicas > 0 else 0
    to_add = allowed - sum(one.wanted for one in sets)
    newest_first = sorted(sets, key=lambda one: one.created, reverse=to_add > 0)
    ordered = sorted(newest_first, key=lambda one: -one.wanted)
    sizes, added = {}, 0
    for one in ordered:
        part = _part(one, replicas, allowed, to_add, added)
        sizes[one.name] = one.wanted + part
        added += part
    if ordered and to_add != 0:
        largest = ordered[0].name
        sizes[largest] = max(0, sizes[largest] + to_add - added)
    return sizes


def _part(one: Share, replicas: int, allowed: int, to_add: int, added: int) -> int:
    if not one.wanted or to_add in (0, added):
        return 0
    if replicas == 0:
        fraction = -one.wanted
    else:
        before = one.most or replicas
        fraction = math.floor(one.wanted * allowed / before + 0.5) - one.wanted
    left = to_add - added
    return min(fraction, left) if to_add > 0 else max(fraction, left)
