"""What to change where a quota has no room, in words and with numbers that will work. Pure, as `rules.quota`."""

from __future__ import annotations

from collections.abc import Mapping

from cluster.amounts import GIB, MIB, decimal, say_cpu
from tenants.releases import ReleaseSpec
from tenants.rules.quota import (
    SURGE,
    Amounts,
    Preflight,
    Row,
    Size,
    needs_no_room,
    peak,
    rows_of,
    rows_of_app,
    size_of,
)
from tenants.rules.resources import is_storage

# Where a form or an API call shows the error.
FIELDS = {
    "cpu": "cpu",
    "memory": "memory",
    "pods": "replicas",
    "services": "port",
    "claims": "size",
    "secrets": "name",
}
STOPS_FIRST = (
    "It mounts a volume for one app at a time (ReadWriteOnce), so all its pods run on one node and stop before the "
    "new ones start: nothing serves for that moment at each release."
)


def of_app(
    limits: Amounts,
    others: Amounts,
    spec: ReleaseSpec,
    old: ReleaseSpec | None,
    remarks: Mapping[str, str] | None = None,
) -> Preflight:
    """Whether `spec` fits where `old` (None: a new app) runs and the rest takes `others`.

    `remarks`: by resource, what else to know of its figures, put before what is short of it.
    """
    rows = rows_of_app(limits, others, spec, old)
    before = size_of(old) if old else None
    fields: dict[str, str] = {}
    for row in rows:
        if row.short and row.this and not needs_no_room(row, spec, old):
            message = _app_message(row, spec, before)
            fields[_field(row)] = _after(remarks, row, message)
    return Preflight(rows, fields, (STOPS_FIRST,) if spec.one_node and spec.replicas else ())


def of_wish(limits: Amounts, others: Amounts, wish: Amounts, remarks: Mapping[str, str] | None = None) -> Preflight:
    """Whether something without a rollout fits: a volume, a secret. `remarks` as in `of_app`."""
    rows = rows_of(limits, others, wish)
    fields: dict[str, str] = {}
    for row in rows:
        if row.short:
            fields.setdefault(_field(row), _after(remarks, row, _wish_message(row)))
    return Preflight(rows, fields)


def _field(row: Row) -> str:
    return "size" if is_storage(row.resource) else FIELDS.get(row.resource, row.resource)


def _after(remarks: Mapping[str, str] | None, row: Row, message: str) -> str:
    first = (remarks or {}).get(row.resource, "")
    return f"{first} {message}" if first else message


def _wish_message(row: Row) -> str:
    if is_storage(row.resource):
        if row.over:
            return f"{_over(row)} Delete a volume, or have an owner or admin request more {row.title}."
        way = f"Set {_down('storage', row.free)} or less" if row.free >= MIB else "Delete a volume"
        short, free = row.say(row.short), row.say(row.free)
        return f"{short} too much: {free} are free. {way}, or have an owner or admin request more {row.title}."
    return f"{_full(row)} Delete one that is not needed, or have an owner or admin request more."


def _over(row: Row) -> str:
    others, limit = row.say(row.others), row.say(row.limit)
    return f"The namespace is over its limit by {row.say(row.over)}: {others} are taken of {limit}, nothing new fits."


def _full(row: Row) -> str:
    return f"The namespace allows {row.limit} {row.title}, and {row.others} are taken."


def _app_message(row: Row, spec: ReleaseSpec, before: Size | None) -> str:
    if row.resource == "services":
        return f"{_full(row)} Leave the port out, or have an owner or admin request more."
    ways = _ways(row, spec, before)
    if row.over:
        return f"{_over(row)} {ways}"
    pods = "1 replica" if spec.replicas == 1 else f"{spec.replicas} replicas"
    what = row.say(row.short) if row.resource != "pods" else str(row.short)
    more = "" if spec.one_node else f" and {SURGE} more during a rollout"
    takes = "takes" if pods == "1 replica" and not more else "take"
    return f"{what} too much. {pods}{more} {takes} {row.say(row.takes)}; {row.say(row.free)} are free. {ways}"


def _ways(row: Row, spec: ReleaseSpec, before: Size | None) -> str:
    """Numbers that will work, or where to ask for more."""
    running = before.replicas if before else 0
    old = before.of_pod(row.resource) if before and running else 0
    one = size_of(spec).of_pod(row.resource)
    ways = []
    if row.resource != "pods":
        size = _down(row.resource, _most(row.free, old, spec))
        if size:
            ways.append(f"{size} or less")
    surge = 0 if spec.one_node else SURGE
    fewer = next((n for n in range(spec.replicas - 1, 0, -1) if peak(old, running, one, n, surge) <= row.free), 0)
    if fewer:
        ways.append(f"{fewer} replica{'s' if fewer > 1 else ''}")
    elif running and not ways:
        ways.append("0 replicas first")
    more = f"have an owner or admin request more {row.title}"
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
