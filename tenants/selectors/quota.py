"""What a namespace's quota looks like on a page: numbers above, bar below, for one namespace or for many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tenants import clusters, site_day
from tenants.models import Grant, Namespace, QuotaRequest, Team
from tenants.models.granting import Cause
from tenants.reservations import reserved, reserved_in
from tenants.rules.resources import figure, heading, in_order, moved, number, say, unit
from tenants.selectors import threads
from tenants.weighing import ceiling, current

# From this share on a resource is called nearly full.
NEARLY_FULL = 0.85
SHOWN = ("cpu", "memory", "storage", "pods")
CHANGES_SHOWN = 10

Amounts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Line:
    """One resource of a quota as a page writes it; `parts` are the rects of its bar.

    `over` is what is taken beyond the limit, "" where nothing is. `note` says until when the limit is what it is.
    """

    resource: str
    name: str
    unit: str
    used: str
    reserved: str
    free: str
    limit: str
    share: float
    parts: tuple[dict[str, Any], ...]
    over: str = ""
    note: str = ""

    @property
    def tight(self) -> bool:
        return self.share >= NEARLY_FULL


@dataclass(frozen=True, slots=True)
class Figures:
    """One resource of a quota in whole numbers; `until` and `back_to` of a raise that runs."""

    resource: str
    limit: int
    used: int
    reserved: int
    until: date | None = None
    back_to: int | None = None

    @property
    def free(self) -> int:
        return max(0, self.limit - self.reserved)

    @property
    def over(self) -> int:
        return max(0, self.reserved - self.limit)


@dataclass(frozen=True, slots=True)
class Asked:
    """An open request in one line."""

    number: int
    words: str
    kind: str
    state: str
    author: str
    at: Any


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the ledger: `request` is its number, None where something else changed the limit."""

    words: str
    why: str
    request: int | None
    at: Any


def lines(
    namespace: Namespace,
    held: Amounts,
    resources: Sequence[str] = SHOWN,
    notes: Mapping[str, str] | None = None,
) -> tuple[Line, ...]:
    """Resources of a namespace, four unless told: used in the cluster, reserved (`held`), free."""
    limits, usage = namespace.limits, namespace.usage
    return tuple(
        _line(name, limits.get(name, 0), usage.get(name, 0), held.get(name, 0), (notes or {}).get(name, ""))
        for name in resources
    )


def tightest(namespaces: Iterable[Namespace], held: Mapping[int, Amounts]) -> tuple[Namespace, Line] | None:
    """The fullest resource of a team's namespaces."""
    found = [(namespace, line) for namespace in namespaces for line in lines(namespace, held[namespace.pk])]
    return max(found, key=lambda pair: pair[1].share, default=None)


def page_context(namespace: Namespace) -> dict[str, Any]:
    """Context of a namespace's quota page, and of its live partials: the same for every viewer."""
    notes = _raises([namespace]).get(namespace.pk, {})
    return {
        "namespace": namespace,
        "lines": lines(namespace, reserved(namespace), in_order(namespace.limits), notes),
        "asked": [_asked(request) for request in _open([namespace])],
        "changes": _changes(namespace),
        "silent_since": clusters.silent_since(namespace.cluster),
    }


def figures_context(namespace: Namespace) -> dict[str, Any]:
    """The same for scripts."""
    held = reserved(namespace)
    running = {grant.resource: grant for grant in Grant.objects.running().filter(namespace=namespace)}
    rows = []
    for name in in_order(namespace.limits):
        amounts = namespace.limits[name], namespace.usage.get(name, 0), held[name]
        raised = running.get(name)
        rows.append(Figures(name, *amounts, *((raised.until, raised.back_to) if raised else ())))
    return {
        "topic": f"quota:{namespace.pk}",
        "at": namespace.used_at,
        "silent_since": clusters.silent_since(namespace.cluster),
        "rows": rows,
    }


def team_context(team: Team) -> dict[str, Any]:
    """Context of a team's quota page and of its live partials, in a number of queries that does not grow."""
    places = list(team.namespaces.select_related("plan", "team"))
    held, notes = reserved_in(places), _raises(places)
    asked: Counter[int] = Counter(request.namespace_id for request in _open(places))
    _, policy = current()
    resources = in_order({name for place in places for name in place.limits})
    shown = [name for name in resources if name in SHOWN or "/" in name or ":" in name]
    seen = [place.used_at for place in places if place.used_at]
    silent = [since for alias in sorted({place.cluster for place in places}) if (since := clusters.silent_since(alias))]
    return {
        "team": team,
        "cards": [
            (
                place,
                lines(place, held[place.pk], [name for name in shown if name in place.limits], notes.get(place.pk)),
                asked[place.pk],
            )
            for place in places
        ],
        "totals": [
            _line(
                name,
                sum(place.limits.get(name, 0) for place in places),
                sum(place.usage.get(name, 0) for place in places),
                sum(held[place.pk].get(name, 0) for place in places),
                f"at most {say(name, most)} in all" if (most := ceiling(team, policy, name)) is not None else "",
            )
            for name in shown
        ],
        "seen_at": min(seen, default=None),
        "silent_since": min(silent, default=None),
    }


def _line(resource: str, limit: int, used: int, taken: int, note: str = "") -> Line:
    return Line(
        resource=resource,
        name=heading(resource),
        unit=unit(resource)[0],
        used=number(resource, used),
        reserved=number(resource, taken),
        free=number(resource, max(0, limit - taken)),
        limit=number(resource, limit),
        share=taken / limit if limit else float(taken > 0),
        parts=_parts(used, taken, limit),
        over=number(resource, taken - limit) if taken > limit else "",
        note=note,
    )


def _parts(used: int, taken: int, limit: int) -> tuple[dict[str, Any], ...]:
    """Used inside of what is taken; a bar that is nearly full shows it in its colour."""
    scale = 100 / max(limit, taken, 1)
    tight = taken > 0 and taken >= NEARLY_FULL * limit
    parts = [{"kind": "warn" if tight else "reserved", "x": 0, "width": taken * scale}]
    if not tight or used < NEARLY_FULL * taken:
        parts.append({"kind": "used", "x": 0, "width": used * scale})
    return tuple(parts)


def _raises(places: Sequence[Namespace]) -> dict[int, dict[str, str]]:
    """Namespace → resource → until when its limit is raised, or by how much it is over since the raise ended."""
    today = site_day.today()
    found: dict[int, dict[str, str]] = {}
    limits = {place.pk: place.limits for place in places}
    for grant in Grant.objects.running().filter(namespace__in=places):
        if grant.namespace_id is not None and grant.until is not None and grant.back_to is not None:
            limit = limits[grant.namespace_id].get(grant.resource, 0)
            words = _raised(grant.resource, grant.until, grant.back_to, limit, today)
            found.setdefault(grant.namespace_id, {})[grant.resource] = words
    return found


def _raised(resource: str, until: date, back_to: int, limit: int, today: date) -> str:
    day = _day(until, today)
    if until >= today:
        return f"until {day}, then {say(resource, back_to)}"
    return (
        f"over by {say(resource, limit - back_to)}: the raise ended on {day}, and the limit follows the use down to "
        f"{say(resource, back_to)}"
    )


def _day(day: date, today: date) -> str:
    return f"{day.day} {day:%b}" + (f" {day.year}" if day.year != today.year else "")


def _open(places: Sequence[Namespace]) -> list[QuotaRequest]:
    rows = QuotaRequest.objects.open().filter(namespace__in=places)
    return list(rows.select_related("author", "decided_by").prefetch_related("wants"))


def _asked(request: QuotaRequest) -> Asked:
    wants = [
        f"{heading(want.resource)} {moved(want.resource, want.before, want.wanted)}" for want in request.wants.all()
    ]
    stands = threads.state_of(request)
    return Asked(
        number=request.number,
        words=", ".join(wants),
        kind=stands.kind,
        state=stands.words,
        author=request.author.username if request.author else "",
        at=request.submitted_at or request.created_at,
    )


def _changes(namespace: Namespace) -> list[Change]:
    """The ledger's newest, without what the plan gave."""
    rows = Grant.objects.filter(namespace=namespace).exclude(cause=Cause.PLAN)
    people = ("actor", "request__author", "request__decided_by")
    found = []
    for grant in rows.select_related(*people)[:CHANGES_SHOWN]:
        asked = grant.request if grant.cause == Cause.REQUEST else None  # what is lowered may run on for an earlier one
        found.append(
            Change(
                words=_changed(grant),
                why=_given(asked) if asked is not None else _caused(grant),
                request=asked.number if asked is not None else None,
                at=grant.at,
            )
        )
    return found


def _changed(grant: Grant) -> str:
    """Which limit became what: of a raise that goes on, its last day alone."""
    name, most = heading(grant.resource), figure(grant.resource, grant.new)
    if grant.old != grant.new:
        return f"{name} {moved(grant.resource, grant.old, grant.new)}"
    if grant.until is None:
        return f"{name} {most} for good"
    return f"{name} {most} until {_day(grant.until, site_day.today())}, extended"


def _given(request: QuotaRequest) -> str:
    """Who asked, and who or which rule approved."""
    decided = request.decided_by or (threads.ruled(request.rule) if request.rule else threads.NOBODY)
    return f"by {request.author or threads.NOBODY}, approved by {decided}"


def _caused(grant: Grant) -> str:
    cause = Cause(grant.cause).label
    return f"{cause} by {grant.actor}" if grant.actor else cause
