"""What a namespace's quota looks like on a page: numbers above, bar below, for one namespace or for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tenants.models import Namespace
from tenants.rules.resources import number, unit

# From this share on a resource is called nearly full.
NEARLY_FULL = 0.85
SHOWN = ("cpu", "memory", "storage", "pods")
NAMES = {"cpu": "CPU", "memory": "Memory", "storage": "Storage", "pods": "Pods", "claims": "Volumes"}


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of a quota as a page writes it; `parts` are the rects of its bar."""

    resource: str
    name: str
    unit: str
    used: str
    reserved: str
    free: str
    limit: str
    share: float
    parts: tuple[dict[str, Any], ...]

    @property
    def tight(self) -> bool:
        return self.share >= NEARLY_FULL


def lines(namespace: Namespace, reserved: Mapping[str, int]) -> tuple[Line, ...]:
    """The four resources of a namespace: used in the cluster, reserved by what is wanted, free."""
    return tuple(_line(namespace, resource, reserved.get(resource, 0)) for resource in SHOWN)


def tightest(
    namespaces: Iterable[Namespace], reserved: Mapping[int, Mapping[str, int]]
) -> tuple[Namespace, Line] | None:
    """The fullest resource of a team's namespaces."""
    found = [(namespace, line) for namespace in namespaces for line in lines(namespace, reserved[namespace.pk])]
    return max(found, key=lambda pair: pair[1].share, default=None)


def _line(namespace: Namespace, resource: str, reserved: int) -> Line:
    limit = namespace.limits.get(resource, 0)
    used = namespace.usage.get(resource, 0)
    taken = max(used, reserved)
    free = max(0, limit - taken)
    return Line(
        resource=resource,
        name=NAMES[resource],
        unit=unit(resource)[0],
        used=number(resource, used),
        reserved=number(resource, reserved),
        free=number(resource, free),
        limit=number(resource, limit),
        share=taken / limit if limit else 0,
        parts=_parts(used, taken, limit),
    )


def _parts(used: int, taken: int, limit: int) -> tuple[dict[str, Any], ...]:
    """Used inside of what is taken; a bar that is nearly full shows it in its colour."""
    scale = 100 / max(limit, taken, 1)
    tight = taken >= NEARLY_FULL * limit
    parts = [{"kind": "warn" if tight else "reserved", "x": 0, "width": taken * scale}]
    if not tight or used < NEARLY_FULL * taken:
        parts.append({"kind": "used", "x": 0, "width": used * scale})
    return tuple(parts)
