"""Quota that nobody needs: namespaces that used less than a quarter of it for a month, and what would do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain

from django.db.models import BigIntegerField, Max, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast
from django.utils import timezone

from cluster.amounts import GIB, MIB
from tenants import access
from tenants.models import Cause, Grant, Namespace, QuotaWant, Sample, User
from tenants.reservations import reserved_in
from tenants.rules.resources import figure, heading, in_order, is_storage, moved

SHARE = 0.25
DAYS = 30
ENOUGH = 0.8
"""The share of those days that must have been measured."""
LOOKED_AT = 100
"""Namespaces whose samples are read at once: those with the most memory to give back."""
COUNTS = frozenset({"pods", "claims", "services", "secrets"})
"""What costs nobody anything."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One resource that could be lowered from `limit` to `most`; `peak` is the most used in DAYS. In its own unit."""

    resource: str
    limit: int
    peak: int
    most: int

    @property
    def name(self) -> str:
        return heading(self.resource)

    @property
    def words(self) -> str:
        """`24 → 4 GiB`."""
        return moved(self.resource, self.limit, self.most)

    @property
    def used(self) -> str:
        return figure(self.resource, self.peak)


@dataclass(frozen=True, slots=True)
class Unused:
    """A namespace and what it could give back; `mine`: whether the viewer may do it."""

    namespace: Namespace
    offers: tuple[Offer, ...]
    mine: bool

    @property
    def wants(self) -> str:
        """The offer as a form carries it: `cpu=500 memory=1073741824`."""
        return " ".join(f"{offer.resource}={offer.most}" for offer in self.offers)


def unused(user: User) -> list[Unused]:
    """Of the teams whose quota the viewer looks after, for staff of all; those with the most to give first."""
    rows = Namespace.objects.filter(deleting_since=None).select_related("team", "plan")
    if not access.can_site(user, "teams.read"):
        teams = [team for team, role in access.roles_of(user).items() if role in access.RIGHTS["quota.request"]]
        rows = rows.filter(team__in=teams)
    found = offers(_idle(rows))
    return [Unused(place, given, access.can(user, "quota.request", place)) for place, given in found]


def offers(places: Sequence[Namespace]) -> list[tuple[Namespace, tuple[Offer, ...]]]:
    """What each of them could give back, without those that could not. Six queries however many there are."""
    reserved = reserved_in(places)
    peaks = _peaks(places)
    not_judged = _changed(places)
    found = []
    for place in places:
        given = []
        for resource in in_order(place.limits):
            limit = place.limits[resource]
            peak = peaks.get(place.pk, {}).get(resource)
            if peak is None or resource in COUNTS or resource in not_judged[place.pk] or peak >= SHARE * limit:
                continue
            least = max(reserved[place.pk][resource], place.plan.least(resource))
            most = _sensible(resource, max(2 * peak, least))
            if most < limit:
                given.append(Offer(resource, limit, peak, most))
        if given:
            found.append((place, tuple(given)))
    return found


def _idle(rows: QuerySet[Namespace]) -> list[Namespace]:
    """Those that use so little now: the others did not use less for a month."""
    idle = [
        place
        for place in rows
        if any(
            limit and place.usage.get(resource, 0) < SHARE * limit
            for resource, limit in place.limits.items()
            if resource not in COUNTS
        )
    ]
    return sorted(idle, key=lambda place: place.usage.get("memory", 0) - place.limits.get("memory", 0))[:LOOKED_AT]


def _peaks(places: Sequence[Namespace]) -> dict[int, dict[str, int]]:
    """The most used of each resource in DAYS, of those namespaces that were measured for long enough."""
    resources = sorted({name for place in places for name in place.limits} - COUNTS)
    most = {
        f"r{at}": Max(Cast(KeyTextTransform(1, KeyTransform(name, "values")), BigIntegerField()))
        for at, name in enumerate(resources)
    }
    since = timezone.now() - timedelta(days=DAYS)
    rows = Sample.objects.filter(namespace__in=places, at__gte=since).order_by().values("namespace")
    enough = rows.annotate(measured=Sum("seconds"), **most).filter(measured__gte=ENOUGH * DAYS * 86400)
    return {
        place: {name: amount for name, amount in zip(resources, amounts, strict=True) if amount is not None}
        for place, *amounts in enough.values_list("namespace", *most)
    }


def _changed(places: Iterable[Namespace]) -> dict[int, set[str]]:
    """Namespace → resources not judged yet: changed in DAYS, raised for a time, or asked for just now."""
    since = timezone.now() - timedelta(days=DAYS)
    lately = Grant.objects.filter(namespace__in=places, at__gte=since).exclude(cause=Cause.PLAN)
    rows = lately | Grant.objects.running().filter(namespace__in=places)
    asked = QuotaWant.objects.filter(namespace__in=places, open=True)
    found: dict[int, set[str]] = defaultdict(set)
    for place, resource in chain(
        *(some.values_list("namespace", "resource") for some in (rows.order_by(), asked.order_by()))
    ):
        found[place].add(resource)
    return found


def _sensible(resource: str, amount: int) -> int:
    """Rounded up to what a person would write."""
    if resource == "cpu":
        grain = 500 if amount > 1000 else 100
    elif resource == "memory" or is_storage(resource):
        grain = GIB if amount > GIB or is_storage(resource) else 128 * MIB
    else:
        grain = 1
    return -(-amount // grain) * grain or grain
