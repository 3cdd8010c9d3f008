"""Giving quota back: at once and without a request, where it is not below what is taken."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from tenants import access, audit, limits
from tenants.errors import Forbidden, Invalid
from tenants.models import App, Cause, Namespace, Operation, User
from tenants.releases import load
from tenants.reservations import is_rolled_out, reserved
from tenants.rules import quota
from tenants.rules.broken import Broken
from tenants.rules.resources import check_amount, exact, named, say, title
from tenants.services.wishes import lock_namespace


def lower(
    *,
    actor: User,
    namespace: Namespace,
    wants: Mapping[str, int],
    confirmed: bool = False,
    cause: Cause = Cause.LOWERED,
) -> tuple[Namespace, Operation]:
    """Lowers limits to `wants`, by resource. `confirmed`: also where an app's next rollout will not fit.

    A raise for a time ends where nothing of it is left. Raises Invalid at a resource (not lower than now, below what
    is taken), and at `confirm` (code "unconfirmed") with what will not fit.
    """
    access.require(actor, "quota.request", namespace)
    with transaction.atomic():
        namespace = lock_namespace(namespace)
        access.forget_roles(actor)
        if not access.can(actor, "quota.request", namespace):
            raise Forbidden("Your role in the team changed meanwhile: it does not allow this any more.")
        if errors := faults(namespace, wants):
            raise Invalid(next(iter(errors.values())), fields=errors)
        if not confirmed and (tight := too_tight(namespace, wants)):
            raise Invalid.at("confirm", " ".join(tight.values()), code="unconfirmed")
        before = dict(namespace.limits)
        changes = [{"field": resource, "old": before[resource], "new": most} for resource, most in wants.items()]
        words = ", ".join(f"{title(name)} to {say(name, most)}" for name, most in wants.items())
        audit.record(actor=actor, action=f"quota.{_ACTIONS[cause]}", thing=namespace, changes=changes, detail=words)
        operation = limits.change(namespace, wants, cause=cause, actor=actor)
    return namespace, operation


def taken(namespace: Namespace) -> dict[str, int]:
    """The least that each limit may be: what is reserved, and what the plan gives to a container."""
    held = reserved(namespace)
    return {name: max(held[name], namespace.plan.least(name)) for name in namespace.limits}


def too_tight(namespace: Namespace, wants: Mapping[str, int]) -> dict[str, str]:
    """What would not fit any more though all that stands does: the rollouts of apps, by resource a sentence."""
    held = reserved(namespace)
    rows = App.objects.filter(namespace=namespace, deleting_since=None, release__isnull=False).select_related("release")
    sentences = {}
    for resource, most in wants.items():
        free = max(0, most - held.get(resource, 0))
        stuck = [app.name for app in rows if _surge(app, resource) > free]
        if stuck:
            shown = [*stuck[:3], *([f"{len(stuck) - 3} more"] if len(stuck) > 3 else [])]
            names = " or ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
            takes = max(_surge(app, resource) for app in rows)
            sentences[resource] = (
                f"With {named(resource, most)} the next rollout of {names} will not fit: "
                f"it takes {say(resource, takes)} more for a while, and {say(resource, free)} would be free."
            )
    return sentences


_ACTIONS = {Cause.LOWERED: "lower", Cause.RECLAIMED: "reclaim"}


def _surge(app: App, resource: str) -> int:
    """What a rollout of the app as it is takes on top of what is reserved: nothing where one is on its way."""
    if app.release is None:
        return 0
    replaces = app.serving_id not in (None, app.release_id)
    if is_rolled_out(app.release.number, app.release.outcome, replaces):
        return 0
    spec = load(app.release.spec)
    one = quota.size_of(spec).of_pod(resource)
    if not one or spec.one_node or not spec.replicas:
        return 0
    return quota.peak(one, spec.replicas, one, spec.replicas) - one * spec.replicas


def faults(namespace: Namespace, wants: Mapping[str, int]) -> dict[str, str]:
    """Resource → what stands against its new limit; at "wants" where there is none."""
    least, errors = taken(namespace), {}
    for resource, most in wants.items():
        has = namespace.limits.get(resource)
        try:
            check_amount(resource, most)
        except Broken as broken:
            errors[resource] = broken.message
            continue
        if has is None:
            errors[resource] = f"This namespace’s quota has no {resource[:60]}."
        elif most >= has:
            errors[resource] = f"It has {say(resource, has)}: write less, or request more."
        elif most < least[resource]:
            errors[resource] = _below(namespace, resource, least[resource])
    if not wants:
        errors["wants"] = "Write a lower value beside what is not needed."
    return errors


def _below(namespace: Namespace, resource: str, least: int) -> str:
    used, held = namespace.usage.get(resource, 0), reserved(namespace).get(resource, 0)
    if held < least:
        return f"At least {exact(resource, least)}: a container that names no size gets as much by this plan."
    verb = "used" if used >= held else "reserved by what runs here"
    return f"{exact(resource, least)} {'is' if least == 1 else 'are'} {verb}: not below that."
