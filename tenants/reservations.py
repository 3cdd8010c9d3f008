"""What rows reserve of their namespaces' quotas: for a form's preflight and for the bars of pages alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from cluster.specs import STANDARD
from tenants.models import App, Namespace, Release, Secret, Volume
from tenants.releases import load, pinned_versions
from tenants.rules import quota


def reserved_in(namespaces: Iterable[Namespace], without: App | None = None) -> dict[int, dict[str, int]]:
    """What apps and volumes reserve, by primary key, `without` one app; what is being deleted counts until gone.

    Two queries however many namespaces there are. Secrets are not in it: `secrets_in` counts them.
    """
    totals: dict[int, Counter[str]] = {namespace.pk: Counter() for namespace in namespaces}
    rows = App.objects.filter(namespace__in=totals).order_by()
    for pk, place, *specs in rows.values_list("pk", "namespace_id", "release__spec", "serving__spec"):
        if without is None or pk != without.pk:
            totals[place].update(quota.held(*(load(spec) for spec in specs if spec is not None)))
    for pk, size in Volume.objects.filter(namespace__in=totals).values_list("namespace", "size"):
        totals[pk].update({"storage": size, "claims": 1})
    return {pk: {resource: total[resource] for resource in STANDARD} for pk, total in totals.items()}


def secrets_in(namespaces: Iterable[Namespace]) -> Counter[int]:
    """How many Secrets stand in the cluster: the versions in use, and those that a rollback may need."""
    places = [namespace.pk for namespace in namespaces]
    secrets = list(Secret.objects.filter(namespace__in=places))
    usable = Release.objects.usable().filter(app__namespace__in=places)
    pinned: dict[int, list[Release]] = defaultdict(list)
    if secrets:
        for release in usable.select_related("app"):
            pinned[release.app.namespace_id].append(release)
    kept = {namespace: pinned_versions(releases) for namespace, releases in pinned.items()}
    count: Counter[int] = Counter()
    for secret in secrets:
        versions = kept.get(secret.namespace_id, {}).get(secret.name, set())
        count[secret.namespace_id] += len({*secret.keys.values(), *versions})
    return count
