"""What remains of a namespace's quota, told before anything is sent. Pure reading; the arithmetic is in rules.quota."""

from __future__ import annotations

from collections import Counter

from tenants.models import App, Namespace, Plan, Release, Secret, Volume
from tenants.releases import ReleaseSpec, load, pinned_versions
from tenants.rules import quota
from tenants.rules.quota import Preflight, Row

__all__ = ["Preflight", "Row", "preflight", "reserved", "secret_preflight"]


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
    total: Counter[str] = Counter()
    apps = App.objects.filter(namespace=namespace).select_related("release", "serving")
    for app in apps:
        if without is None or app.pk != without.pk:
            total.update(quota.held(*(load(release.spec) for release in (app.release, app.serving) if release)))
    sizes = list(Volume.objects.filter(namespace=namespace).values_list("size", flat=True))
    total.update({"storage": sum(sizes), "claims": len(sizes), "secrets": _secret_objects(namespace)})
    return dict(total)


def _secret_objects(namespace: Namespace) -> int:
    """How many Secrets stand in the cluster: the versions in use, and those that a rollback may need."""
    secrets = list(Secret.objects.filter(namespace=namespace))
    if not secrets:
        return 0
    releases = Release.objects.filter(app__namespace=namespace).only("spec", "worked", "number", "app_id")
    pinned = pinned_versions(releases)
    return sum(len(set(secret.keys.values()) | pinned.get(secret.name, set())) for secret in secrets)
