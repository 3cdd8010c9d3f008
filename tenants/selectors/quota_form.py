"""Beside the form that asks for quota: what there is of each resource, and what the policy says while one types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tenants import site_day, weighing
from tenants.models import Namespace, QuotaRequest, QuotaWant
from tenants.reservations import reserved
from tenants.rules import wanted
from tenants.rules.broken import Broken
from tenants.rules.policy import Verdict
from tenants.rules.resources import figure, heading, number
from tenants.selectors import quota
from tenants.selectors.quota import Line
from tenants.selectors.threads import named_rule

MAIN = 4
"""So many resources stand before the others, which a form folds."""
WITHOUT = ("reason", "confirm", "__all__")
"""Fields that the hints are not about."""


@dataclass(frozen=True, slots=True)
class Row:
    """One resource of the form: the bars' figures, the two weeks' peak, and its field."""

    line: Line
    peak: str
    field: Any


@dataclass(frozen=True, slots=True)
class Hint:
    """What is said of one resource: `kind` as for the template tag `state`."""

    kind: str
    words: str
    rest: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What will come of it, and why: one line for all, one for each resource."""

    kind: str
    words: str
    rest: str
    hints: tuple[Hint, ...]


def rows(namespace: Namespace, fields: Mapping[str, Any]) -> list[Row]:
    """`fields` are the form's, by resource."""
    peaks = weighing.peaks_of(namespace)
    lines = quota.lines(namespace, reserved(namespace), list(fields))
    return [Row(line, number(line.resource, peaks.get(line.resource, 0)), fields[line.resource]) for line in lines]


def outlook(
    namespace: Namespace,
    wants: Mapping[str, int],
    until: date | None,
    *,
    asked_as: QuotaRequest | None = None,
    errors: Mapping[str, Iterable[str]] | None = None,
) -> Outlook:
    """What the policy that holds says to these limits now.

    `asked_as` is the request that is being changed; `errors` what is wrong with what was typed, by field.
    """
    standing, asked = weighing.standing(namespace), dict[str, int]()
    hints = unread(errors or {}) + _in_the_way(namespace, wants, until, asked_as)
    blocked = bool(hints)
    for resource, most in wants.items():
        try:
            has = namespace.limits.get(resource, 0)
            asked[resource] = wanted.wanted(resource, most, limit=has, standing=standing.get(resource, 0))
        except Broken as broken:
            hints.append(Hint("bad", f"{heading(resource)}:", broken.message))
    weighed = weighing.weigh(namespace, asked, until)
    walls = [verdict for verdict in weighed.verdicts if verdict.wall]
    hints += [_hint(verdict) for verdict in weighed.verdicts]
    if not wants and not blocked:
        return Outlook("next", "Nothing is asked for yet:", "write a new limit beside what is not enough", ())
    if walls or blocked or len(asked) < len(wants):
        return Outlook("bad", "It cannot be sent like this", "", tuple(hints))
    if weighed.approves:
        how = "for a time" if until else "for good"
        return Outlook("ok", "Approved at once,", f"{how}, when you send it", tuple(hints))
    return Outlook("waiting", "An approver decides;", "you hear of it here and by mail", tuple(hints))


def lowered(
    namespace: Namespace, wants: Mapping[str, int], wrong: Mapping[str, str], tight: Mapping[str, str]
) -> list[Hint]:
    """What these lower limits leave free; by resource what is `wrong` with one, and where a rollout gets `tight`."""
    held, hints = reserved(namespace), []
    for resource, most in wants.items():
        name = f"{heading(resource)}:"
        if resource in wrong:
            hints.append(Hint("bad", name, wrong[resource]))
        elif resource in tight:
            hints.append(Hint("warn", f"{name} tight for a rollout.", tight[resource]))
        else:
            hints.append(Hint("ok", name, f"{figure(resource, most - held.get(resource, 0))} would be free"))
    return hints


def unread(errors: Mapping[str, Iterable[str]]) -> list[Hint]:
    """What nobody can read of limits and last day, in words."""
    return [Hint("bad", f"{_heading(name)}:", " ".join(words)) for name, words in errors.items() if name not in WITHOUT]


def _heading(field: str) -> str:
    return "Until" if field == "until" else heading(field)


def _in_the_way(
    namespace: Namespace, wants: Mapping[str, int], until: date | None, asked_as: QuotaRequest | None
) -> list[Hint]:
    """What sending would refuse, whatever the policy says: a day that is over, a resource that is asked for already."""
    hints = []
    try:
        wanted.until(until, site_day.today())
    except Broken as broken:
        hints.append(Hint("bad", "Until:", broken.message))
    open_ones = QuotaWant.objects.filter(namespace=namespace, resource__in=wants, open=True)
    for want in open_ones.exclude(request=asked_as) if asked_as is not None else open_ones:
        words = f"request {want.request_id} for it is open: withdraw or change that one"
        hints.append(Hint("bad", f"{heading(want.resource)}:", words))
    return hints


def _hint(verdict: Verdict) -> Hint:
    """What the policy says to one resource, in words."""
    name = heading(verdict.resource)
    by = f"{named_rule(verdict)}: " if verdict.rule else ""
    if verdict.wall:
        return Hint("bad", f"{name}: over the team’s ceiling,", verdict.why)
    if verdict.approves:
        return Hint("ok", f"{name}: approved at once,", f"{by}{verdict.why}")
    return Hint("warn", f"{name}: waits for an approver,", f"{by}{verdict.why}")
