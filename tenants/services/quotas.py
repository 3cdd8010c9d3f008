"""What remains of a namespace's quota, told before anything is sent. Pure reading; the arithmetic is in rules.quota.

What the others take is the larger of two figures: what the rows of the namespace hold (it comes, even where the
cluster has not counted it yet), and what the cluster says is used, less the part of the app at hand. So what somebody
made with kubectl counts, and so do pods that another app's rollout holds for a while. Usage has no figure per app:
its own part is the most that it may hold now, with its surge while a rollout is under way, so that an app is never
refused for what it has itself. What this lets pass wrongly, the cluster refuses, and the page says so.

The limit is what the cluster holds, but for a raise whose time is over: while more is taken than it goes back to,
the limit in the cluster follows the use down, and nothing new may keep it up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils.formats import date_format

from tenants import mounts, site_day
from tenants.models import App, Grant, Namespace, Release
from tenants.releases import ReleaseSpec, load
from tenants.reservations import apps_in, default_class, own_part, secrets_in, volumes_in
from tenants.rules import shortage
from tenants.rules.quota import Preflight, Row
from tenants.rules.resources import CLASS, say

__all__ = ["Preflight", "Row", "preflight", "secret_preflight", "volume_preflight", "without_room"]


def preflight(
    namespace: Namespace,
    app: App | None = None,
    spec: ReleaseSpec | None = None,
    count: Collection[str] = ("apps", "volumes", "secrets"),
) -> Preflight:
    """What would remain with a release `spec` (of `app`, or of a new one); without one: what remains now.

    `fields` names what does not fit, with numbers that would; `notes` what else to know. `count`: whose rows are asked;
    apps decide whether a release fits, the others make the figures of other resources as fresh.
    """
    now = _now(namespace, count, app)
    if spec is None:
        return shortage.of_wish(now.limits, now.others, {}, now.remarks)
    old = load(app.release.spec) if app is not None and app.release is not None else None
    return shortage.of_app(now.limits, now.others, mounts.with_demands(namespace, spec), old, now.remarks)


def without_room(app: App, releases: Iterable[Release]) -> dict[int, str]:
    """Those of the app's earlier releases that the quota has no room for now: number → what is short, and what to do.

    The volumes that a release mounts are taken to be as they were.
    """
    specs = {release.number: load(release.spec) for release in releases}
    if not specs or app.release is None:
        return {}
    now, old = _now(app.namespace, ("apps",), app), load(app.release.spec)
    found = {number: shortage.of_app(now.limits, now.others, spec, old, now.remarks) for number, spec in specs.items()}
    return {number: " ".join(one.fields.values()) for number, one in found.items() if not one.fits}


def volume_preflight(namespace: Namespace, size: int, storage_class: str = "") -> Preflight:
    """What would remain with a volume of `size` bytes; of a class that the quota bounds it takes that, too."""
    now = _now(namespace, ("volumes",))
    wish = {"storage": size, "claims": 1} if size else {}
    if any(resource.startswith(CLASS) for resource in now.limits):
        wish[CLASS + (storage_class or default_class(namespace.cluster))] = size
    return shortage.of_wish(now.limits, now.others, wish, now.remarks)


def secret_preflight(namespace: Namespace) -> Preflight:
    """What would remain with one version of a secret more: each is a Secret in the cluster."""
    now = _now(namespace, ("secrets",))
    return shortage.of_wish(now.limits, now.others, {"secrets": 1}, now.remarks)


@dataclass(frozen=True, slots=True)
class _Now:
    """The limits that new work must keep, what all but the app at hand take, and what to know of either."""

    limits: dict[str, int]
    others: dict[str, int]
    remarks: dict[str, str]


def _now(namespace: Namespace, count: Collection[str], app: App | None = None) -> _Now:
    """As the rows are now; those of the nouns that `count` names are asked."""
    limits, remarks = _limits(namespace)
    rows: Counter[str] = Counter()
    if "apps" in count:
        rows += apps_in([namespace], without=app)[namespace.pk]
    if "volumes" in count:
        rows += volumes_in([namespace])[namespace.pk]
    if "secrets" in count:
        rows["secrets"] = secrets_in([namespace])[namespace.pk]
    others: dict[str, int] = dict(rows)
    own = own_part(app) if app is not None else {}
    for resource, used in namespace.usage.items():
        more = used - own.get(resource, 0) - rows[resource]
        if more > 0:
            others[resource] = rows[resource] + more
            words = (
                f"The cluster counts {say(resource, more)} more than the apps here are set to: a rollout on its way, "
                "pods that are ending, or something that others made."
            )
            remarks[resource] = f"{remarks.get(resource, '')} {words}".strip()
    return _Now(limits, others, remarks)


def _limits(namespace: Namespace) -> tuple[dict[str, int], dict[str, str]]:
    """The limits, those of raises whose time is over as they go back, and a sentence by resource on these."""
    today = site_day.today()
    limits, ended = dict(namespace.limits), {}
    for grant in Grant.objects.running().filter(namespace=namespace, until__lt=today, back_to__isnull=False).order_by():
        resource, most = grant.resource, int(grant.back_to or 0)
        if grant.until is not None and most < limits.get(resource, 0):
            limits[resource] = most
            day = date_format(grant.until, "j F")
            ended[resource] = f"A raise ended on {day}: the limit goes back to {say(resource, most)}."
    return limits, ended
