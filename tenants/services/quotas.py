"""What remains of a namespace's quota, told before anything is sent. Pure reading; the arithmetic is in rules.quota."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from tenants.models import App, Namespace, Plan, Release, Secret, Volume
from tenants.releases import ReleaseSpec, load, pinned_versions
from tenants.rules import quota
from tenants.rules.quota import Preflight, Row

__all__ = ["Preflight", "Row", "preflight", "reserved", "reserved_in", "secret_preflight"]


def preflight(
    namespace: Namespace, app: App | None = None, spec: ReleaseSpec | None = None, volume_size: int = 0
) -> Preflight:
    """What would remain with a release `spec` (of `app`, or of a new one), or with a volume of `volume_size` bytes.

    Neither: what remains now. `fields` names what does not fit, with numbers that would.
    """
    limits = limits_of(namespace.plan)
    others = reserved(namespace, without=app)
    if spec is not None:
        old = load(app.release.spec) if app is not None and app.release is not None else None
        return quota.app_rows(limits, others, spec, old)
    extra = {"storage": volume_size, "claims": 1} if volume_size else {}
    return quota.extra_rows(limits, others, extra)


def secret_preflight(namespace: Namespace) -> Preflight:
    """What would remain with one version of a secret more: each is a Secret in the cluster."""
    return quota.extra_rows(limits_of(namespace.plan), reserved(namespace), {"secrets": 1})


def limits_of(plan: Plan) -> dict[str, int]:
    """The plan's hard limits by resource."""
    return {resource: getattr(plan, resource) for resource in quota.RESOURCES}


def reserved(namespace: Namespace, without: App | None = None) -> dict[str, int]:
    """What the rows of a namespace reserve by resource, `without` one app. What is being deleted counts until gone."""
    return reserved_in([namespace], without)[namespace.pk]


def reserved_in(namespaces: Iterable[Namespace], without: App | None = None) -> dict[int, dict[str, int]]:
    """`reserved` of many, by primary key: the same four queries for one and for a thousand."""
    totals: dict[int, Counter[str]] = {namespace.pk: Counter() for namespace in namespaces}
    rows = App.objects.filter(namespace__in=totals).order_by()
    for pk, place, *specs in rows.values_list("pk", "namespace_id", "release__spec", "serving__spec"):
        if without is None or pk != without.pk:
            totals[place].update(quota.held(*(load(spec) for spec in specs if spec is not None)))
    for pk, size in Volume.objects.filter(namespace__in=totals).values_list("namespace", "size"):
        totals[pk].update({"storage": size, "claims": 1})
    for pk, count in _secret_objects(totals).items():
        totals[pk]["secrets"] = count
    return {pk: {resource: total[resource] for resource in quota.RESOURCES} for pk, total in totals.items()}


def _secret_objects(namespaces: Iterable[int]) -> Counter[int]:
    """How many Secrets stand in the cluster: the versions in use, and those that a rollback may need."""
    secrets = list(Secret.objects.filter(namespace__in=namespaces))
    usable = Release.objects.usable().filter(app__namespace__in=namespaces)
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
