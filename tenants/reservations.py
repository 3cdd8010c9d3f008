"""What rows reserve of their namespaces' quotas: for a form's preflight and for the bars of pages alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models.fields.json import KeyTransform

from cluster.specs import STANDARD
from tenants import clusters
from tenants.models import App, Namespace, Release, Secret, Volume
from tenants.releases import PINNED
from tenants.rules import quota
from tenants.rules.quota import Size
from tenants.rules.resources import CLASS

# What of a release a quota counts: the rest of its document stays in the database.
_COUNTED = ("cpu", "memory", "replicas", "port")


def reserved_in(namespaces: Iterable[Namespace]) -> dict[int, dict[str, int]]:
    """What apps and volumes reserve, by primary key; what is being deleted counts until gone.

    Two queries however many namespaces there are, one more where a quota bounds a storage class. Secrets are not in
    it: `secrets_in` counts them.
    """
    places = list(namespaces)
    apps, volumes = apps_in(places), volumes_in(places)
    return {
        place.pk: {resource: apps[place.pk][resource] + volumes[place.pk][resource] for resource in _bounded(place)}
        for place in places
    }


def apps_in(namespaces: Iterable[Namespace], without: App | None = None) -> dict[int, Counter[str]]:
    """What apps reserve, by primary key of the namespace, `without` one of them. One query."""
    totals: dict[int, Counter[str]] = {namespace.pk: Counter() for namespace in namespaces}
    for pk, place, wanted, serving in _apps(totals):
        if without is None or pk != without.pk:
            totals[place].update(quota.held(wanted, serving))
    return totals


def volumes_in(namespaces: Iterable[Namespace]) -> dict[int, Counter[str]]:
    """What volumes reserve, in all and by class, by primary key of the namespace. One query, or two (`reserved_in`)."""
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
    return next((quota.held_at_most(wanted, serving) for _, _, wanted, serving in _apps([], app)), {})


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


def _apps(places: Iterable[int], app: App | None = None) -> Iterable[tuple[int, int, Size | None, Size | None]]:
    """(app, namespace, size of the wanted release, of the serving one) of those in `places`, or of `app` alone."""
    rows = App.objects.filter(pk=app.pk) if app is not None else App.objects.filter(namespace__in=places)
    parts = [KeyTransform(key, f"{which}__spec") for which in ("release", "serving") for key in _COUNTED]
    for pk, place, *values in rows.order_by().values_list("pk", "namespace_id", *parts):
        yield pk, place, _size(values[: len(_COUNTED)]), _size(values[len(_COUNTED) :])


def _size(values: list[Any]) -> Size | None:
    cpu, memory, replicas, port = values
    return None if cpu is None else Size(cpu, memory, replicas, service=port is not None)


def _bounded(namespace: Namespace) -> set[str]:
    return {*STANDARD, *namespace.limits}


def _default_classes(namespaces: Iterable[Namespace]) -> dict[str, str]:
    return {alias: default_class(alias) for alias in {namespace.cluster for namespace in namespaces}}
