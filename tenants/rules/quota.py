"""Whether a wish fits into a namespace's quota, before it is sent: pure arithmetic on what is taken already.

The surge of a rollout is counted: Berth's Deployments bring one pod more before they take an old one away
(maxSurge 1, maxUnavailable 0), and a ResourceQuota that has no room for it leaves a rollout stuck. A release that must
stay on one node has none: its old pods end before the new ones start (Recreate).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenants.errors import QuotaExceeded
from tenants.releases import ReleaseSpec, same_pods
from tenants.rules.resources import base_unit, in_order, say, title

SURGE = 1
FIGURES = ("limit", "others", "this", "surge", "free", "short")

Amounts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Size:
    """What of a release a quota counts: CPU of a pod in millicores, its memory in bytes, whether it has a Service.

    Where it must stay on `one_node` its rollout has no surge.
    """

    cpu: int
    memory: int
    replicas: int
    service: bool
    one_node: bool = False

    def of_pod(self, resource: str) -> int:
        """What one pod takes of a resource."""
        return {"cpu": self.cpu, "memory": self.memory, "pods": 1}.get(resource, 0)

    @property
    def steady(self) -> dict[str, int]:
        """What it takes when it stands."""
        pods = {resource: self.of_pod(resource) * self.replicas for resource in ("cpu", "memory", "pods")}
        return {**pods, "services": int(self.service)}

    @property
    def surge(self) -> int:
        """How many pods more a rollout to it brings before it takes an old one away."""
        return 0 if self.one_node else SURGE


@dataclass(frozen=True, slots=True)
class Row:
    """One resource: CPU in millicores, memory and storage in bytes, the rest counts.

    `others` is what the rest of the namespace takes, `this` the wish when it stands, `surge` what its rollout
    takes on top for a while; `remains` = limit − others − this − surge, 0 at least; `short` is what is too much
    (the surge alone may be), 0 when it fits. `over` is how far the rest alone is beyond the limit.
    """

    resource: str
    limit: int
    others: int
    this: int
    surge: int

    @property
    def title(self) -> str:
        return title(self.resource)

    @property
    def takes(self) -> int:
        return self.this + self.surge

    @property
    def free(self) -> int:
        """What the rest of the namespace leaves, 0 at least."""
        return max(0, self.limit - self.others)

    @property
    def over(self) -> int:
        return max(0, self.others - self.limit)

    @property
    def remains(self) -> int:
        return max(0, self.limit - self.others - self.takes)

    @property
    def short(self) -> int:
        return max(0, self.takes - self.free) if self.takes else 0

    def say(self, amount: int) -> str:
        """An amount of this resource for people."""
        return say(self.resource, amount)

    def figures(self) -> dict[str, Any]:
        """For scripts: the amounts in the base unit ("millicores", "bytes", "" for counts), and in words."""
        amounts = {name: getattr(self, name) for name in FIGURES}
        words = {name: self.say(amount) for name, amount in amounts.items()}
        return {"resource": self.resource, "unit": base_unit(self.resource), **amounts, "words": words}


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a form shows beside its fields. `fields` is empty when the wish fits: form field → message.

    `notes` are sentences about what is allowed and may surprise.
    """

    rows: tuple[Row, ...]
    fields: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        return not self.fields

    def row(self, resource: str) -> Row:
        return next(row for row in self.rows if row.resource == resource)

    def require(self) -> None:
        """Raises QuotaExceeded with the figures of what the wish takes, unless it fits."""
        if self.fields:
            taken = [row.figures() for row in self.rows if row.takes]
            raise QuotaExceeded(" ".join(self.fields.values()), fields=self.fields, figures=taken)


def size_of(spec: ReleaseSpec) -> Size:
    return Size(spec.cpu, spec.memory, spec.replicas, service=spec.port is not None, one_node=spec.one_node)


def held(*sizes: Size | None) -> dict[str, int]:
    """What an app holds at least while it goes between these releases (wanted, serving): the larger of each."""
    amounts: dict[str, int] = {}
    for size in sizes:
        if size is not None:
            for resource, amount in size.steady.items():
                amounts[resource] = max(amounts.get(resource, 0), amount)
    return amounts


def held_at_most(wanted: Size | None, serving: Size | None) -> dict[str, int]:
    """What the cluster may count of an app while it is rolled out: with the surge, though both be of one size.

    Where nothing has served yet the wanted release takes the place of one that never worked, of a size like its own.
    """
    amounts = held(wanted, serving)
    if wanted is not None:
        old = serving or wanted
        for resource in ("cpu", "memory", "pods"):
            was, one = old.of_pod(resource), wanted.of_pod(resource)
            amounts[resource] = max(amounts[resource], peak(was, old.replicas, one, wanted.replicas, wanted.surge))
    return amounts


def peak(old: int, running: int, new: int, wanted: int, surge: int = SURGE) -> int:
    """The most that a rollout holds of one resource: `running` pods of `old` each become `wanted` of `new`.

    The Deployment controller first scales the old pods to the wanted number, then keeps at most `wanted` + `surge` of
    both; the sum is linear in the new ones, so its maximum is at the first of them or at the last. Room for `surge`
    more pods of the new size is kept for restarts. Without surge (Recreate) never both are held.
    """
    if not wanted:
        return 0
    old = old if running else 0
    if not surge:
        return wanted * max(old, new)
    return max((wanted + surge) * new, wanted * old + surge * new, surge * old + wanted * new)


def rows_of_app(limits: Amounts, others: Amounts, spec: ReleaseSpec, old: ReleaseSpec | None) -> tuple[Row, ...]:
    """What a rollout of `spec` takes where `old` (None: a new app) runs and the rest takes `others`."""
    new, before = size_of(spec), size_of(old) if old else None
    this = new.steady
    rows = []
    for resource in in_order(limits):
        more = 0
        if one := new.of_pod(resource):
            was = before.of_pod(resource) if before else 0
            more = peak(was, before.replicas if before else 0, one, new.replicas, new.surge) - this[resource]
        rows.append(Row(resource, limits[resource], others.get(resource, 0), this.get(resource, 0), more))
    return tuple(rows)


def rows_of(limits: Amounts, others: Amounts, wish: Amounts) -> tuple[Row, ...]:
    """What something without a rollout takes: a volume ({"storage", "claims"}), a secret ({"secrets"}); nothing: {}."""
    return tuple(
        Row(resource, limits[resource], others.get(resource, 0), wish.get(resource, 0), 0)
        for resource in in_order(limits)
    )


def needs_no_room(row: Row, spec: ReleaseSpec, old: ReleaseSpec | None) -> bool:
    """Whether the app has it already and asks for nothing new of it, whatever the limit is now."""
    if old is None:
        return False
    kept = row.resource == "services" and old.port is not None
    return kept or (same_pods(old, spec) and spec.replicas <= old.replicas)
