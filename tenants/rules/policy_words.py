"""A policy in words, for people who decide about it, and what one version changes of another. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

from tenants.rules.policy import Policy, Rule, conditions
from tenants.rules.resources import say, title, unit

OUTCOMES = {"approve": "approved at once", "approver": "goes to an approver"}
TABLES = {
    "ceilings": "ceiling of a team",
    "two_persons": "two approvers above",
    "over_commit": "of what the nodes have",
}


def subjects(rule: Rule) -> str:
    """What the rule is about, with bounds: "CPU up to 8 cores and memory", "up to 40 pods", "all resources"."""
    names = [_bounded(rule, resource) for resource in rule.resources or rule.at_most]
    if not names:
        return "all resources"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _bounded(rule: Rule, resource: str) -> str:
    if resource not in rule.at_most:
        return title(resource)
    most = f"up to {say(resource, rule.at_most[resource])}"
    return most if not unit(resource)[0] else f"{title(resource)} {most}"


def sentence(rule: Rule) -> str:
    """The rule in one line: "CPU and memory: raise up to 50%, fewer than 3 in 30 days → approved at once"."""
    return f"{subjects(rule)}: {', '.join(conditions(rule)) or 'always'} → {OUTCOMES[rule.then]}"


def amount(table: str, resource: str, value: float) -> str:
    """One cell of a table of a policy: “40 cores”, “150%”."""
    return f"{value:.0%}" if table == "over_commit" else say(resource, int(value))


def changes(old: Policy, new: Policy) -> list[dict[str, Any]]:
    """What `new` changes of `old`, as the audit log takes it: [{"field", "old", "new"}] in words."""
    found = list(_rules(old, new))
    for table, words in TABLES.items():
        found += _table(f"{words}: ", getattr(old, table), getattr(new, table), table)
    if old.namespaces_max != new.namespaces_max:
        found.append(_change("namespaces of a team", str(old.namespaces_max), str(new.namespaces_max)))
    if old.extra != new.extra:
        found.append(_change("more resources", ", ".join(old.extra), ", ".join(new.extra)))
    return found


def table_changes(table: str, old: Mapping[str, float], new: Mapping[str, float]) -> list[dict[str, Any]]:
    """What changed of a table of resources alone: a team's ceilings."""
    return _table("ceiling: ", old, new, table)


def _rules(old: Policy, new: Policy) -> Iterator[dict[str, Any]]:
    """Rules are told apart by what they say; one that is put before others moves nothing but itself."""
    before, after = ([f"{rule.name}: {sentence(rule)}" for rule in policy.rules] for policy in (old, new))
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        for step in range(max(b - a, d - c)):
            was = before[a + step] if a + step < b else None
            now = after[c + step] if c + step < d else None
            number = c + step + 1 if now is not None else a + step + 1
            yield _change(f"rule {number}", was, now)


def _table(prefix: str, old: Mapping[str, float], new: Mapping[str, float], table: str) -> list[dict[str, Any]]:
    return [
        _change(
            f"{prefix}{title(resource)}",
            *(amount(table, resource, side[resource]) if resource in side else None for side in (old, new)),
        )
        for resource in {**old, **new}
        if old.get(resource) != new.get(resource)
    ]


def _change(field: str, old: str | None, new: str | None) -> dict[str, Any]:
    return {"field": field, "old": old or None, "new": new or None}
