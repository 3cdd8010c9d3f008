"""Namespaces: a team's places on a cluster."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import get_random_string

from tenants import access, audit, limits, rules, weighing
from tenants.errors import Conflict, Gone, Invalid
from tenants.live import events
from tenants.models import Namespace, Operation, Plan, Team, User
from tenants.rules.resources import say, title
from tenants.services.wishes import carry_out, clean, confirmed, lock_namespace, lock_team, mark_deleting, under_way

CLUSTER = "default"
# What ends the cluster's name of a namespace whose plain one another team has: letters and digits that spell no word.
MARK_LENGTH, MARK_LETTERS = 5, "bcdfghjklmnpqrstvwxz2456789"


def create_namespace(*, actor: User, team: Team, name: str, plan: Plan) -> tuple[Namespace, Operation]:
    """A namespace with the limits of `plan`. Raises Invalid at name or plan, Conflict where the team has the name.

    Code "too_many" when the team has as many as it may have, "ceiling" when the plan does not fit under its ceilings.
    """
    access.require(actor, "namespaces.create", team)
    name = clean("name", lambda: rules.namespace_name(name))
    if not plan.active:
        raise Invalid.at("plan", f"“{plan.title}” is not offered any more: choose another plan.")
    with transaction.atomic():
        team = lock_team(team)
        namespace = _make(team, name, plan)
        _within_walls(team, namespace)
        limits.begin(namespace, actor)
        operation = carry_out(
            actor=actor, row=namespace, kind="namespace.apply", action="namespace.create", detail=f"plan {plan.name}"
        )
    return namespace, operation


def delete_namespace(*, actor: User, namespace: Namespace, confirm: str) -> Operation:
    """Deletes it with all that is in it. `confirm` is its name in the cluster or in the team.

    Raises Invalid at confirm.
    """
    access.require(actor, "namespaces.delete", namespace)
    if confirm.strip() != namespace.name:
        confirmed(namespace.cluster_name, confirm)
    with transaction.atomic():
        if running := under_way(namespace):
            return running
        return begin_deletion(actor=actor, namespace=lock_namespace(namespace))


def pause_namespace(*, actor: User, namespace: Namespace, reason: str) -> Namespace:
    """From now on, what somebody changes in the cluster is listed and not put right; wishes are carried out as ever.

    Raises Invalid at reason, Gone, Conflict where it is paused already.
    """
    access.require(actor, "namespaces.pause", namespace)
    reason = clean("reason", lambda: rules.reason(reason))
    with transaction.atomic():
        found = lock_namespace(namespace)
        if found.paused:
            raise Conflict(f"{found} is paused already.", code="paused")
        found.paused_at, found.paused_by, found.paused_reason = timezone.now(), actor, reason
        _save_pause(actor, found, "namespace.pause", reason)
    return found


def resume_namespace(*, actor: User, namespace: Namespace) -> Namespace:
    """The observer puts right again what differs. Raises Gone, Conflict where it is not paused."""
    access.require(actor, "namespaces.pause", namespace)
    with transaction.atomic():
        found = lock_namespace(namespace)
        if not found.paused:
            raise Conflict(f"{found} is not paused.", code="not_paused")
        found.paused_at, found.paused_by, found.paused_reason, found.drifted = None, None, "", {}
        _save_pause(actor, found, "namespace.resume", "")
    return found


def begin_deletion(*, actor: User, namespace: Namespace) -> Operation:
    """The deletion of a locked namespace; its rights were asked for by the caller."""
    mark_deleting(namespace)
    return carry_out(actor=actor, row=namespace, kind="namespace.delete", action="namespace.delete")


def _save_pause(actor: User, namespace: Namespace, action: str, reason: str) -> None:
    namespace.save(update_fields=["paused_at", "paused_by", "paused_reason", "drifted", "updated_at"])
    change = {"field": "paused", "old": not namespace.paused, "new": namespace.paused}
    audit.record(actor=actor, action=action, thing=namespace, changes=[change], detail=reason)
    events.announce(
        events.Changed(team=namespace.team_id, noun=namespace.noun, id=str(namespace.pk), what="conditions")
    )


def _make(team: Team, name: str, plan: Plan) -> Namespace:
    """The row. Where another team's namespace has its name in the cluster, it gets a marked one (decision 0007)."""

    def make(mark: str = "") -> Namespace:
        named = clean("name", lambda: rules.cluster_name(settings.NAMESPACE_PREFIX, team.slug, name, mark=mark))
        return Namespace.objects.create(
            team=team, name=name, cluster=CLUSTER, cluster_name=named, plan=plan, limits=plan.limits
        )

    try:
        with transaction.atomic():
            return make()
    except IntegrityError as error:
        mine = team.namespaces.filter(name=name).first()
        if mine is not None:
            raise _taken(mine) from error
    return make(get_random_string(MARK_LENGTH, MARK_LETTERS))


def _taken(mine: Namespace) -> Conflict:
    if mine.deleting:
        message = f"{mine} is still being deleted: the name is free when all of it is gone."
        return Gone(message, fields={"name": message})
    message = f"{mine.team.name} has a namespace “{mine.name}” already: choose another name."
    return Conflict(message, code="taken", fields={"name": message})


def _within_walls(team: Team, namespace: Namespace) -> None:
    """Ceilings and the number of namespaces are about all of the locked team's; the new one is among them."""
    _, policy = weighing.current()
    most = weighing.namespaces_max(team, policy)
    if team.namespaces.count() > most:
        places = "1 namespace" if most == 1 else f"{most} namespaces"
        words = f"{team.name} has {places}, as many as it may: delete one, or ask the platform team for more."
        raise Invalid.at("name", words, code="too_many")
    sums = weighing.sums_of(team)
    for resource, amount in namespace.limits.items():
        ceiling = weighing.ceiling(team, policy, resource)
        if ceiling is not None and amount and sums[resource] > ceiling:
            left = say(resource, max(0, ceiling - sums[resource] + amount))
            words = f"Its {title(resource)} does not fit: {team.name} has {left} left of its {say(resource, ceiling)}."
            raise Invalid.at("plan", f"{words} Choose a smaller plan, or lower a namespace.", code="ceiling")
