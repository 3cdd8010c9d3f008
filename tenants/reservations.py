"""What is reserved of namespaces' quotas: one figure for pages, API, charts, samples and whatever sets limits.

Reserved is the larger of what the rows may come to hold (of an app that is rolled out its surge, too) and what the
cluster counts as used, which has what others made and pods that still end. A form's preflight asks for parts of the
rows instead, since it says what one app's wish takes beside them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models.fields.json import KeyTransform

from cluster.specs import STANDARD
from tenants import clusters
from tenants.models import App, Namespace, Release, Secret, Volume
from tenants.models.app import UNDER_WAY
from tenants.releases import PINNED
from tenants.rules import quota
from tenants.rules.quota import Size
from tenants.rules.resources import CLASS

# What of a release a quota counts: the rest of its document stays in the database.
_COUNTED = ("cpu", "memory", "replicas", "port", "one_node")


def reserved(namespace: Namespace) -> dict[str, int]:
    """What is reserved of one namespace's quota, by resource: see `reserved_in`."""
    return reserved_in([namespace])[namespace.pk]


def reserved_in(namespaces: Iterable[Namespace], *, secrets: bool = True) -> dict[int, dict[str, int]]:
    """What is reserved of all that quotas bound, by primary key; what is being deleted counts until gone.

    Four queries however many namespaces there are, two without `secrets` (then these are not in it), one more where a
    quota bounds a storage class.
    """
    places = list(namespaces)
    apps, volumes = _apps_at_most(places), volumes_in(places)
    kept = secrets_in(places) if secrets else Counter()
    found = {}
    for place in places:
        rows = apps[place.pk] + volumes[place.pk] + Counter(secrets=kept[place.pk])
        bounded = {*STANDARD, *place.limits} - (set() if secrets else {"secrets"})
        found[place.pk] = {name: max(rows[name], place.usage.get(name, 0)) for name in bounded}
    return found


def apps_in(namespaces: Iterable[Namespace], without: App | None = None) -> dict[int, Counter[str]]:
    """What apps hold at least, by primary key of the namespace, `without` one of them. One query."""
    totals: dict[int, Counter[str]] = {namespace.pk: Counter() for namespace in namespaces}
    for app in _apps(totals):
        if without is None or app.pk != without.pk:
            totals[app.place].update(quota.held(app.wanted, app.serving))
    return totals


def volumes_in(namespaces: Iterable[Namespace]) -> dict[int, Counter[str]]:
    """What volumes hold, in all and by class, by primary key of the namespace. One query, or two (`reserved_in`)."""
    places = {namespace.pk: namespace for namespace in namespaces}
    totals: dict[int, Counter[str]] = {pk: Counter() for pk in places}
    by_class = any(resource.startswith(CLASS) for place in places.values() for resource in place.limits)
    defaults = _default_classes(places.values()) if by_class else {}
    volumes = Volume.objects.filter(namespace__in=totals).order_by()
    for pk, size, name in volumes.values_list("namespace", "size", "storage_class"):
        totals[pk].update({"storage": size, "claims": 1})
        if by_class:
            totals[pk][CLASS + (name or defaults[places[pk].cluster])] += size
    return totals


def own_part(app: App) -> dict[str, int]:
    """What the cluster may count of one app at most, its rollout's surge included."""
    return next((found.at_most for found in _apps([], app)), {})


def is_rolled_out(number: int | None, outcome: str | None, replaces: bool) -> bool:
    """Whether an app's wanted release, of this number and outcome, takes the place of another one now.

    `replaces`: another one serves. Where none does, those before it may have pods all the same. A release that the
    cluster did not take is not rolled out.
    """
    return outcome in UNDER_WAY and (replaces or (number or 0) > 1)


def secrets_in(namespaces: Iterable[Namespace]) -> Counter[int]:
    """How many Secrets stand in the cluster: the versions in use, and those that a rollback may need."""
    places = [namespace.pk for namespace in namespaces]
    secrets = list(Secret.objects.filter(namespace__in=places).values_list("namespace", "name", "keys"))
    kept: dict[tuple[int, str], set[int]] = defaultdict(set)
    if secrets:
        usable = Release.objects.usable().filter(app__namespace__in=places).exclude(**{f"spec__{PINNED}": {}})
        pinned = usable.order_by().values_list("app__namespace", KeyTransform(PINNED, "spec")).distinct()
        for namespace, versions in pinned:
            for secret, keys in (versions or {}).items():
                kept[namespace, secret].update(keys.values())
    count: Counter[int] = Counter()
    for namespace, name, keys in secrets:
        count[namespace] += len({*keys.values(), *kept[namespace, name]})
    return count


def default_class(alias: str) -> str:
    """The storage class that the cluster gives to a claim which names none; "" while it is not known."""
    return next((str(found["name"]) for found in clusters.storage_classes(alias) if found.get("default")), "")


@dataclass(frozen=True, slots=True)
class _App:
    """An app as a quota counts it: the sizes of its wanted release and of the serving one."""

    pk: int
    place: int
    wanted: Size | None
    serving: Size | None
    rolled_out: bool

    @property
    def at_most(self) -> dict[str, int]:
        how = quota.held_at_most if self.rolled_out else quota.held
        return how(self.wanted, self.serving)


def _apps_at_most(namespaces: Iterable[Namespace]) -> dict[int, Counter[str]]:
    totals: dict[int, Counter[str]] = {namespace.pk: Counter() for namespace in namespaces}
    for app in _apps(totals):
        totals[app.place].update(app.at_most)
    return totals


def _apps(places: Iterable[int], app: App | None = None) -> Iterable[_App]:
    """Those in `places`, or `app` alone. One query."""
    rows = App.objects.filter(pk=app.pk) if app is not None else App.objects.filter(namespace__in=places)
    parts = [KeyTransform(key, f"{which}__spec") for which in ("release", "serving") for key in _COUNTED]
    state = ("pk", "namespace_id", "release_id", "serving_id", "release__number", "release__outcome")
    for pk, place, release, serving, number, outcome, *values in rows.order_by().values_list(*state, *parts):
        rolled_out = is_rolled_out(number, outcome, replaces=serving not in (None, release))
        yield _App(pk, place, _size(values[: len(_COUNTED)]), _size(values[len(_COUNTED) :]), rolled_out)


def _size(values: list[Any]) -> Size | None:
    cpu, memory, replicas, port, one_node = values
    return None if cpu is None else Size(cpu, memory, replicas, service=port is not None, one_node=bool(one_node))


def _default_classes(namespaces: Iterable[Namespace]) -> dict[str, str]:
    return {alias: default_class(alias) for alias in {namespace.cluster for namespace in namespaces}}
