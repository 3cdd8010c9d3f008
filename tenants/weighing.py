"""What the policy that holds says to wanted limits of a namespace, from the rows as they are now. Reading only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec
from django.db.models import FloatField, Max
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast
from django.utils import timezone

from tenants import capacity
from tenants.models import Grant, Namespace, Policy, QuotaRequest, Sample, Team
from tenants.roles import left_lately
from tenants.rules import policy as rules
from tenants.rules.resources import title

PEAK_DAYS = 14
"""The span of the peak that approvers and rules look at."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What `policy` (None before there is one) says to each wanted resource."""

    policy: Policy | None
    verdicts: tuple[rules.Verdict, ...]
    facts: tuple[rules.Facts, ...]

    @property
    def approves(self) -> bool:
        return bool(self.verdicts) and all(verdict.approves for verdict in self.verdicts)

    @property
    def wall(self) -> rules.Verdict | None:
        """The first resource that is over the team's ceiling, if any."""
        return next((verdict for verdict in self.verdicts if verdict.wall), None)

    @property
    def kept(self) -> dict[str, Any]:
        """Columns of the request that is submitted: what the policy said, which version of it, and on what facts."""
        return {
            "policy": self.policy,
            "verdict": {verdict.resource: msgspec.to_builtins(verdict) for verdict in self.verdicts},
            "facts": {facts.resource: msgspec.to_builtins(facts) for facts in self.facts},
        }


def current() -> tuple[Policy | None, rules.Policy]:
    """The policy that holds, and its rules: an empty one before staff made any."""
    row = Policy.objects.filter(live_at__isnull=False).order_by("-live_at", "-pk").first()
    return row, rules.load(row.body) if row is not None else rules.Policy()


def weigh(namespace: Namespace, wants: Mapping[str, int], until: date | None) -> Weighed:
    """What the policy says to these limits of the namespace; `until` is the last day of a raise for a time."""
    row, policy = current()
    peaks, stands = peaks_of(namespace, wants), standing(namespace)
    days = (until - timezone.localdate()).days + 1 if until is not None else None
    recent, sums = _recent(namespace.team), sums_of(namespace.team)
    facts = tuple(
        rules.Facts(
            resource=resource,
            granted=stands.get(resource, 0),
            wanted=wanted,
            peak=peaks.get(resource, 0),
            total=sums.get(resource, 0) - namespace.limits.get(resource, 0) + wanted,
            ceiling=namespace.team.ceilings.get(resource),
            labels=namespace.team.labels,
            recent=recent,
            days=days,
        )
        for resource, wanted in wants.items()
    )
    verdicts = tuple(rules.judge(policy, fact) for fact in facts)
    against = _against(namespace, row, policy, wants) if any(verdict.number for verdict in verdicts) else ""
    if against:
        verdicts = tuple(
            msgspec.structs.replace(verdict, approves=False, why=against)
            if verdict.approves and verdict.number
            else verdict
            for verdict in verdicts
        )
    return Weighed(row, verdicts, facts)


def _against(namespace: Namespace, row: Policy | None, policy: rules.Policy, wants: Mapping[str, int]) -> str:
    """Why no rule may approve this, whatever it says; "" where one may.

    Nobody approves for their own team, by a rule of theirs neither; what an approver bounded in time only an approver
    gives for longer; and only an approver grants what a cluster lacks.
    """
    makers = [pk for pk in (row.created_by_id, row.live_by_id) if pk is not None] if row is not None else []
    if namespace.team.memberships.filter(user__in=makers).exists() or left_lately(namespace.team, makers):
        return f"somebody of {namespace.team} made these rules"
    given = Grant.objects.running().filter(namespace=namespace, resource__in=wants, request__rule="")
    if given.filter(request__decided_by__isnull=False).exists():
        return "an approver gave what it has now for a time"
    over = capacity.beyond(namespace, policy, wants, standing(namespace))
    if over:
        return f"the cluster has too little left of {', '.join(title(resource) for resource in over)}"
    return ""


def standing(namespace: Namespace) -> dict[str, int]:
    """The limits that are left when the raises that run now have ended: what further raises are measured by.

    Else a raise for a time could be asked for again, for good, as something that the namespace has already.
    """
    running = Grant.objects.running().filter(namespace=namespace, back_to__isnull=False)
    return {**namespace.limits, **dict(running.values_list("resource", "back_to"))}


def ceiling(team: Team, policy: rules.Policy, resource: str) -> int | None:
    """The most of a resource that all namespaces of the team may be granted together; None: as much as there is."""
    return team.ceilings.get(resource, policy.ceilings.get(resource))


def sums_of(team: Team) -> dict[str, int]:
    """What all namespaces of the team are granted together, by resource."""
    sums: dict[str, int] = {}
    for limits in team.namespaces.values_list("limits", flat=True):
        for resource, amount in limits.items():
            sums[resource] = sums.get(resource, 0) + amount
    return sums


def namespaces_max(team: Team, policy: rules.Policy) -> int:
    """How many namespaces the team may have."""
    return policy.namespaces_max if team.namespaces_max is None else team.namespaces_max


def peaks_of(namespace: Namespace, resources: Iterable[str] = ()) -> dict[str, int]:
    """The most that was used or reserved at once in the last two weeks, by resource: of these, or of all of its limits.

    The database looks through the samples: thousands of them are too many to carry here for each key that one types.
    """
    names = list(resources) or list(namespace.limits)
    most = {
        f"{what}_{number}": Max(Cast(KeyTextTransform(place, KeyTransform(name, "values")), FloatField()))
        for number, name in enumerate(names)
        for what, place in (("used", 1), ("reserved", 2))
    }
    since = timezone.now() - timedelta(days=PEAK_DAYS)
    found = Sample.objects.filter(namespace=namespace, at__gte=since).aggregate(**most)
    return {
        name: max(
            namespace.usage.get(name, 0), int(found[f"used_{number}"] or 0), int(found[f"reserved_{number}"] or 0)
        )
        for number, name in enumerate(names)
    }


def _recent(team: Team) -> int:
    since = timezone.now() - timedelta(days=rules.RECENT_DAYS)
    return QuotaRequest.objects.filter(namespace__team=team, decided_at__gte=since).exclude(rule="").count()
