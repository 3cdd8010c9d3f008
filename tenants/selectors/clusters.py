"""The clusters as staff see them: what they have, what of it is granted and used, and whether they answer."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from tenants import capacity, weighing
from tenants.capacity import Capacity
from tenants.clusters import title
from tenants.models import ClusterState, Namespace
from tenants.rules.resources import number, unit
from tenants.rules.resources import title as resource_title


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of a cluster, its amounts in `unit`; `left` says by how much it is over."""

    capacity: Capacity
    name: str
    unit: str
    allocatable: str
    grantable: str
    granted: str
    left: str
    used: str

    @property
    def over(self) -> bool:
        return self.capacity.left < 0


@dataclass(frozen=True, slots=True)
class Cluster:
    """`state` is None before the cluster was seen."""

    alias: str
    title: str
    state: ClusterState | None
    namespaces: int
    lines: tuple[Line, ...]

    @property
    def strays(self) -> list[dict[str, str]]:
        """Objects that are marked as Berth's and that no row knows: kind, namespace ("" for a Namespace), name."""
        found = self.state.info.get("strays", []) if self.state else []
        return [dict(zip(("kind", "namespace", "name"), one, strict=True)) for one in found]


def clusters() -> list[Cluster]:
    """All clusters of the settings, in their order; no cluster is asked."""
    _, policy = weighing.current()
    states = {state.alias: state for state in ClusterState.objects.filter(alias__in=settings.CLUSTERS)}
    found = []
    for alias in settings.CLUSTERS:
        state, here = states.get(alias), Namespace.objects.filter(cluster=alias)
        have = capacity.capacities(state, here, policy) if state else {}
        lines = tuple(_line(one) for one in have.values())
        found.append(Cluster(alias, title(alias), state, here.count(), lines))
    return found


def _line(one: Capacity) -> Line:
    words = resource_title(one.resource)
    say = {
        key: number(one.resource, getattr(one, key)) for key in ("allocatable", "grantable", "granted", "left", "used")
    }
    if one.left < 0:
        say["left"] = f"{number(one.resource, -one.left)} over"
    return Line(capacity=one, name=words[:1].upper() + words[1:], unit=unit(one.resource)[0], **say)
