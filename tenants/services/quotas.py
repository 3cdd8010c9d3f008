"""What remains of a namespace's quota, told before anything is sent. Pure reading; the arithmetic is in rules.quota."""

from __future__ import annotations

from tenants import mounts
from tenants.models import App, Namespace
from tenants.releases import ReleaseSpec, load
from tenants.reservations import reserved_in, secrets_in
from tenants.rules import quota
from tenants.rules.quota import Preflight, Row

__all__ = ["Preflight", "Row", "preflight", "reserved", "secret_preflight"]


def preflight(
    namespace: Namespace, app: App | None = None, spec: ReleaseSpec | None = None, volume_size: int = 0
) -> Preflight:
    """What would remain with a release `spec` (of `app`, or of a new one), or with a volume of `volume_size` bytes.

    Neither: what remains now. `fields` names what does not fit, with numbers that would; `notes` what else to know.
    """
    limits = namespace.limits
    others = reserved(namespace, without=app)
    if spec is not None:
        old = load(app.release.spec) if app is not None and app.release is not None else None
        return quota.app_rows(limits, others, mounts.with_demands(namespace, spec), old)
    extra = {"storage": volume_size, "claims": 1} if volume_size else {}
    return quota.extra_rows(limits, others, extra)


def secret_preflight(namespace: Namespace) -> Preflight:
    """What would remain with one version of a secret more: each is a Secret in the cluster."""
    return quota.extra_rows(namespace.limits, reserved(namespace), {"secrets": 1})


def reserved(namespace: Namespace, without: App | None = None) -> dict[str, int]:
    """What the rows of a namespace reserve by resource, `without` one app."""
    secrets = secrets_in([namespace])[namespace.pk]
    return {**reserved_in([namespace], without)[namespace.pk], "secrets": secrets}
