"""Whether a wish fits into a namespace's quota, before it is sent: pure arithmetic on what the rows reserve.

The surge of a rollout is counted: Berth's Deployments bring one pod more before they take an old one away
(maxSurge 1, maxUnavailable 0), and a ResourceQuota that has no room for it leaves a rollout stuck. A release that must
stay on one node has none: its old pods end before the new ones start (Recreate).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cluster.amounts import decimal
from cluster.specs import STANDARD
from tenants.releases import ReleaseSpec, same_pods
from tenants.rules.quantities import GIB, MIB, say_cpu
from tenants.rules.resources import say, title

# Where a form or an API call shows the error.
FIELDS = {
    "cpu": "cpu",
    "memory": "memory",
    "pods": "replicas",
    "services": "port",
    "storage": "size",
    "claims": "size",
    "secrets": "name",
}
SURGE = 1
STOPS_FIRST = (
    "It mounts a volume for one app at a time (ReadWriteOnce), so all its pods run on one node and stop before the "
    "new ones start: nothing serves for that moment at each release."
)

Amounts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """One resource: CPU in millicores, memory and storage in bytes, the rest counts.

    `others` is what the rest of the namespace reserves, `this` the wish when it stands, `surge` what its rollout
    takes on top for a while; `remains` = limit − others − this − surge, 0 at least; `short` is what is too much
    (the surge alone may be), 0 when it fits.
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
    def free(self) -> int:
        """What the rest of the namespace leaves, 0 at least."""
        return max(0, self.limit - self.others)

    @property
    def remains(self) -> int:
        return max(0, self.limit - self.others - self.this - self.surge)

    @property
    def short(self) -> int:
        return max(0, self.this + self.surge - self.free) if self.this + self.surge else 0

    def say(self, amount: int) -> str:
        """An amount of this resource for people."""
        return say(self.resource, amount)


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


def steady(spec: ReleaseSpec) -> dict[str, int]:
    """What an app reserves when it stands."""
    return {
        "cpu": spec.cpu * spec.replicas,
        "memory": spec.memory * spec.replicas,
        "pods": spec.replicas,
        "services": int(spec.port is not None),
    }


def held(*specs: ReleaseSpec | None) -> dict[str, int]:
    """What an app holds at most while it goes between these releases (wanted, serving): the larger of each."""
    amounts: dict[str, int] = {}
    for spec in specs:
        if spec is not None:
            for resource, amount in steady(spec).items():
                amounts[resource] = max(amounts.get(resource, 0), amount)
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


def app_rows(limits: Amounts, others: Amounts, spec: ReleaseSpec, old: ReleaseSpec | None) -> Preflight:
    """Whether `spec` fits where `old` (None: a new app) runs and `others` is reserved by the rest."""
    sizes = {"cpu": spec.cpu, "memory": spec.memory, "pods": 1}
    before = {"cpu": old.cpu, "memory": old.memory, "pods": 1} if old else dict.fromkeys(sizes, 0)
    running = old.replicas if old else 0
    surge = 0 if spec.one_node else SURGE
    this = steady(spec)
    rows = tuple(
        Row(
            resource,
            limits[resource],
            others.get(resource, 0),
            this.get(resource, 0),
            peak(before[resource], running, sizes[resource], spec.replicas, surge) - this[resource]
            if resource in sizes
            else 0,
        )
        for resource in STANDARD
    )
    smaller = old is not None and same_pods(old, spec) and spec.replicas <= running
    fields: dict[str, str] = {}
    for row in rows:
        kept = old is not None and row.resource == "services" and old.port is not None
        if row.short and row.this and not smaller and not kept:
            before_one = before.get(row.resource, 0)
            fields[FIELDS[row.resource]] = _app_message(row, spec, before_one, running, sizes.get(row.resource, 0))
    return Preflight(rows, fields, (STOPS_FIRST,) if spec.one_node and spec.replicas else ())


def extra_rows(limits: Amounts, others: Amounts, extra: Amounts) -> Preflight:
    """Whether something without a rollout fits: a volume ({"storage", "claims"}), a secret ({"secrets"})."""
    rows = tuple(
        Row(resource, limits[resource], others.get(resource, 0), extra.get(resource, 0), 0) for resource in STANDARD
    )
    fields: dict[str, str] = {}
    for row in rows:
        if row.short and row.this:
            fields.setdefault(FIELDS[row.resource], _extra_message(row))
    return Preflight(rows, fields)


def _extra_message(row: Row) -> str:
    if row.resource == "storage":
        way = f"Set {_down('storage', row.free)} or less" if row.free >= MIB else "Delete a volume"
        short, free = row.say(row.short), row.say(row.free)
        return f"{short} too much: {free} are free. {way}, or ask the platform team for more storage."
    return f"{_full(row)} Delete one that is not needed, or ask the platform team for more."


def _full(row: Row) -> str:
    return f"The namespace allows {row.limit} {row.title}, and {row.others} are taken."


def _app_message(row: Row, spec: ReleaseSpec, before: int, running: int, one: int) -> str:
    if row.resource == "services":
        return f"{_full(row)} Leave the port out, or ask the platform team for more."
    pods = "1 replica" if spec.replicas == 1 else f"{spec.replicas} replicas"
    ways = _ways(row, spec, before, running, one)
    what = row.say(row.short) if row.resource != "pods" else str(row.short)
    more = "" if spec.one_node else f" and {SURGE} more during a rollout"
    takes = "takes" if pods == "1 replica" and not more else "take"
    return (
        f"{what} too much. {pods}{more} {takes} {row.say(row.this + row.surge)}; {row.say(row.free)} are free. {ways}"
    )


def _ways(row: Row, spec: ReleaseSpec, before: int, running: int, one: int) -> str:
    """Numbers that will work, or where to ask for more."""
    ways = []
    if row.resource != "pods":
        size = _down(row.resource, _most(row.free, before if running else 0, spec))
        if size:
            ways.append(f"{size} or less")
    surge = 0 if spec.one_node else SURGE
    fewer = next((n for n in range(spec.replicas - 1, 0, -1) if peak(before, running, one, n, surge) <= row.free), 0)
    if fewer:
        ways.append(f"{fewer} replica{'s' if fewer > 1 else ''}")
    elif running and not ways:
        ways.append("0 replicas first")
    more = f"ask the platform team for more {row.title}"
    return f"Set {', or '.join(ways)}, or {more}." if ways else f"Make room in this namespace, or {more}."


def _most(free: int, old: int, spec: ReleaseSpec) -> int:
    """The largest pod with which the rollout fits: `peak` turned round."""
    wanted = spec.replicas
    if spec.one_node:
        return free // wanted if wanted * old <= free else 0
    return min(free // (wanted + SURGE), free - wanted * old, (free - old) // wanted)


def _down(resource: str, amount: int) -> str:
    """`amount` rounded down to what a person would type; "" when nothing sensible is left."""
    if resource == "cpu":
        step = 50 if amount >= 100 else 10
        return say_cpu(amount // step * step) if amount >= step else ""
    if amount >= GIB:
        return f"{decimal(amount * 100 // GIB / 100)} GiB"
    return f"{amount // MIB} MiB" if amount >= 4 * MIB else ""
