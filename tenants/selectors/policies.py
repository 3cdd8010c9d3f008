"""The site's policy as pages show it: rules in words, walls in tables, versions with what each changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from tenants import weighing
from tenants.errors import NotFound
from tenants.models import Plan, Policy, QuotaRequest, Team
from tenants.rules import policy as rules
from tenants.rules.policy_checks import resources_of
from tenants.rules.policy_words import OUTCOMES, amount, changes, subjects
from tenants.rules.resources import heading, say, title


@dataclass(frozen=True, slots=True)
class RuleRow:
    number: int
    name: str
    about: str
    conditions: list[str]
    approves: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class WallRow:
    """One resource: its ceiling, from where on two approvers must approve, how much of the nodes may be granted."""

    title: str
    ceilings: str
    two_persons: str
    over_commit: str


@dataclass(frozen=True, slots=True)
class Version:
    """`state` is "holds", "draft" or "past"."""

    row: Policy
    state: str


def versions() -> list[Version]:
    """All versions, newest first."""
    held, _ = weighing.current()
    return [
        Version(row, "holds" if held == row else "draft" if row.live_at is None else "past")
        for row in Policy.objects.select_related("created_by", "live_by", "based_on")
    ]


def version(number: int) -> Version:
    """Raises NotFound."""
    found = next((version for version in versions() if version.row.pk == number), None)
    if found is None:
        raise NotFound("There is no such version of the policy.")
    return found


def newest() -> int | None:
    """The number of the newest version, whether it holds or not."""
    return Policy.objects.order_by("-pk").values_list("pk", flat=True).first()


def described(policy: rules.Policy) -> dict[str, Any]:
    """The policy in words: `rules`, `walls`, `namespaces_max`, `extra`."""
    return {
        "rules": [
            RuleRow(
                number, rule.name, subjects(rule), rules.conditions(rule), rule.then == "approve", OUTCOMES[rule.then]
            )
            for number, rule in enumerate(policy.rules, 1)
        ],
        "walls": [row for row in (_wall(policy, resource) for resource in resources_of(policy)) if row is not None],
        "namespaces_max": policy.namespaces_max,
        "extra": [title(resource) for resource in policy.extra],
    }


def changed(row: Policy) -> list[dict[str, Any]]:
    """What a version changes: a draft of what holds, another of what it was based on."""
    held, current = weighing.current()
    if row.live_at is None and held is not None:
        return changes(current, rules.load(row.body))
    base = row.based_on
    return changes(rules.load(base.body) if base is not None else rules.Policy(), rules.load(row.body))


def decided_by(row: Policy) -> int:
    """How many requests rules of this version approved."""
    return QuotaRequest.objects.filter(policy=row).exclude(rule="").count()


@dataclass(frozen=True, slots=True)
class TeamWall:
    """One resource of a team: what its namespaces are granted, the ceiling that holds, and whose it is."""

    resource: str
    title: str
    granted: str
    ceiling: str
    own: bool
    over: bool


def team_walls(team: Team) -> list[TeamWall]:
    """What the team is granted against its ceilings, resource by resource."""
    _, policy = weighing.current()
    sums = weighing.sums_of(team)
    rows = []
    for resource in resources_of(policy):
        most, granted = weighing.ceiling(team, policy, resource), sums.get(resource, 0)
        ceiling = say(resource, most) if most is not None else ""
        over = most is not None and granted > most
        rows.append(
            TeamWall(resource, heading(resource), say(resource, granted), ceiling, resource in team.ceilings, over)
        )
    return rows


def plans() -> list[Plan]:
    """All plans in the order in which they are offered, each with `used`: how many namespaces have it."""
    return list(Plan.objects.annotate(used=Count("namespaces")).order_by("position", "name"))


def plan(name: str) -> Plan:
    """Raises NotFound."""
    found = Plan.objects.filter(name=name).first()
    if found is None:
        raise NotFound("There is no such plan.")
    return found


def _wall(policy: rules.Policy, resource: str) -> WallRow | None:
    tables: Mapping[str, Mapping[str, float]] = {
        "ceilings": policy.ceilings,
        "two_persons": policy.two_persons,
        "over_commit": policy.over_commit,
    }
    if not any(resource in table for table in tables.values()):
        return None
    cells = {
        name: amount(name, resource, table[resource]) if resource in table else "" for name, table in tables.items()
    }
    return WallRow(heading(resource), **cells)
