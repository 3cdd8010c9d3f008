"""What the policy that holds says to wanted limits of a namespace, from the rows as they are now. Reading only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import msgspec
from django.db.models import FloatField, Max
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast
from django.utils import timezone

from cluster.specs import STANDARD
from tenants import capacity, site_day
from tenants.models import Grant, Membership, Namespace, Policy, QuotaRequest, Sample, Team
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


class Asked(NamedTuple):
    """Wanted limits of a namespace, by resource; `until` is the last day of a raise for a time."""

    namespace: Namespace
    wants: Mapping[str, int]
    until: date | None


def weigh(namespace: Namespace, wants: Mapping[str, int], until: date | None) -> Weighed:
    """What the policy says to these limits of the namespace; `until` is the last day of a raise for a time."""
    row, policy = current()
    asked = [Asked(namespace, wants, until)]
    facts = _facts(asked, _peaks_in([namespace], wants))
    return Weighed(row, _judged(asked, facts, row, policy)[0], facts[0])


def judged(asked: Sequence[Asked]) -> list[tuple[rules.Verdict, ...]]:
    """What the policy says to each as if it were sent now, in a number of queries that does not grow.

    Peaks, which take long to find for many namespaces, are looked for where a rule goes by them.
    """
    row, policy = current()
    by_use = any(rule.used_at_least is not None for rule in policy.rules)
    resources = {resource for one in asked for resource in one.wants} if by_use else set[str]()
    return _judged(asked, _facts(asked, _peaks_in([one.namespace for one in asked], resources)), row, policy)


def offered(namespace: Namespace) -> tuple[str, ...]:
    """Resources that may be asked for: those that every quota has, those of the policy, those it has already."""
    _, policy = current()
    return tuple(dict.fromkeys((*STANDARD, *policy.extra, *namespace.limits)))


def _facts(asked: Sequence[Asked], peaks: Mapping[int, Mapping[str, int]]) -> list[tuple[rules.Facts, ...]]:
    teams = {one.namespace.team_id for one in asked}
    stands, recent, sums = _standing([one.namespace for one in asked]), _recent(teams), _sums(teams)
    today = site_day.today()
    return [
        tuple(
            rules.Facts(
                resource=resource,
                granted=stands[place.pk].get(resource, 0),
                wanted=wanted,
                peak=peaks[place.pk].get(resource, 0),
                total=sums[place.team_id].get(resource, 0) - place.limits.get(resource, 0) + wanted,
                ceiling=place.team.ceilings.get(resource),
                labels=place.team.labels,
                recent=recent[place.team_id],
                days=(until - today).days + 1 if until is not None else None,
            )
            for resource, wanted in wants.items()
        )
        for place, wants, until in asked
    ]


def _judged(
    asked: Sequence[Asked], facts: Sequence[tuple[rules.Facts, ...]], row: Policy | None, policy: rules.Policy
) -> list[tuple[rules.Verdict, ...]]:
    found = [tuple(rules.judge(policy, fact) for fact in each) for each in facts]
    ruled = [at for at, verdicts in enumerate(found) if any(verdict.number for verdict in verdicts)]
    for at, why in zip(ruled, _against([asked[at] for at in ruled], row, policy), strict=True):
        if why:
            found[at] = tuple(
                msgspec.structs.replace(verdict, approves=False, why=why)
                if verdict.approves and verdict.number
                else verdict
                for verdict in found[at]
            )
    return found


def _against(asked: Sequence[Asked], row: Policy | None, policy: rules.Policy) -> list[str]:
    """Of each why no rule may approve it, whatever it says; "" where one may.

    Nobody approves for their own team, by a rule of theirs neither; what an approver bounded in time only an approver
    gives for longer; and only an approver grants what a cluster lacks.
    """
    if not asked:
        return []
    places, teams = [one.namespace for one in asked], {one.namespace.team_id for one in asked}
    makers = [pk for pk in (row.created_by_id, row.live_by_id) if pk is not None] if row is not None else []
    theirs = set(Membership.objects.filter(user__in=makers, team__in=teams).values_list("team_id", flat=True))
    theirs |= left_lately(teams, makers)
    given = Grant.objects.running().filter(namespace__in=places, request__rule="")
    bounded = set(given.filter(request__decided_by__isnull=False).values_list("namespace_id", "resource"))
    stands = _standing(places)
    have = {alias: capacity.of(alias, policy) for alias in {place.cluster for place in places}}
    words = []
    for place, wants, _ in asked:
        over = capacity.over(have[place.cluster], place, wants, stands[place.pk])
        if place.team_id in theirs:
            words.append(f"somebody of {place.team} made these rules")
        elif any((place.pk, resource) in bounded for resource in wants):
            words.append("an approver gave what it has now for a time")
        else:
            lacking = ", ".join(title(resource) for resource in over)
            words.append(f"the cluster has too little left of {lacking}" if over else "")
    return words


def standing(namespace: Namespace) -> dict[str, int]:
    """The limits that are left when the raises that run now have ended: what further raises are measured by.

    Else a raise for a time could be asked for again, for good, as something that the namespace has already.
    """
    return _standing([namespace])[namespace.pk]


def _standing(places: Iterable[Namespace]) -> dict[int, dict[str, int]]:
    found = {place.pk: dict(place.limits) for place in places}
    running = Grant.objects.running().filter(namespace__in=found, back_to__isnull=False)
    for place, resource, back_to in running.values_list("namespace_id", "resource", "back_to"):
        if place is not None and back_to is not None:
            found[place][resource] = back_to
    return found


def ceiling(team: Team, policy: rules.Policy, resource: str) -> int | None:
    """The most of a resource that all namespaces of the team may be granted together; None: as much as there is."""
    return team.ceilings.get(resource, policy.ceilings.get(resource))


def sums_of(team: Team) -> dict[str, int]:
    """What all namespaces of the team are granted together, by resource."""
    return _sums([team.pk])[team.pk]


def _sums(teams: Iterable[int]) -> dict[int, dict[str, int]]:
    sums = {team: dict[str, int]() for team in teams}
    for team, limits in Namespace.objects.filter(team__in=sums).values_list("team_id", "limits"):
        for resource, amount in limits.items():
            sums[team][resource] = sums[team].get(resource, 0) + amount
    return sums


def namespaces_max(team: Team, policy: rules.Policy) -> int:
    """How many namespaces the team may have."""
    return policy.namespaces_max if team.namespaces_max is None else team.namespaces_max


def peaks_of(namespace: Namespace, resources: Iterable[str] = ()) -> dict[str, int]:
    """The most that was used or reserved at once in the last two weeks, by resource: of these, or of all of its limits.

    The database looks through the samples: thousands of them are too many to carry here for each key that one types.
    """
    return _peaks_in([namespace], list(resources) or list(namespace.limits))[namespace.pk]


def _peaks_in(places: Sequence[Namespace], resources: Iterable[str]) -> dict[int, dict[str, int]]:
    names = list(resources)
    if not names:
        return {place.pk: {} for place in places}
    most = {
        f"{what}_{number}": Max(Cast(KeyTextTransform(place, KeyTransform(name, "values")), FloatField()))
        for number, name in enumerate(names)
        for what, place in (("used", 1), ("reserved", 2))
    }
    since = timezone.now() - timedelta(days=PEAK_DAYS)
    samples = Sample.objects.filter(namespace__in=places, at__gte=since)
    rows: Iterable[Mapping[str, Any]] = samples.values("namespace").annotate(**most)
    found = {row["namespace"]: row for row in rows}
    return {
        place.pk: {
            name: max(
                place.usage.get(name, 0),
                *(int(found.get(place.pk, {}).get(f"{what}_{number}") or 0) for what in ("used", "reserved")),
            )
            for number, name in enumerate(names)
        }
        for place in places
    }


def _recent(teams: Iterable[int]) -> Counter[int]:
    """By team, how many raises rules approved lately."""
    since = timezone.now() - timedelta(days=rules.RECENT_DAYS)
    approved = QuotaRequest.objects.filter(namespace__team__in=teams, decided_at__gte=since).exclude(rule="")
    return Counter(approved.values_list("namespace__team", flat=True))
