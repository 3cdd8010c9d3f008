"""Namespaces: a team's places on a cluster."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction

from tenants import access, rules
from tenants.errors import Conflict, Gone, Invalid
from tenants.models import Namespace, Operation, Plan, Team, User
from tenants.services.wishes import carry_out, clean, confirmed, lock_namespace, lock_team, mark_deleting

CLUSTER = "default"


def create_namespace(*, actor: User, team: Team, name: str, plan: Plan) -> tuple[Namespace, Operation]:
    """A namespace with the sizes of `plan`. Raises Invalid at name or plan, Conflict where the name is taken."""
    access.require(actor, "namespaces.create", team)
    name = clean("name", lambda: rules.namespace_name(name))
    cluster_name = clean("name", lambda: rules.cluster_name(settings.NAMESPACE_PREFIX, team.slug, name))
    if not plan.active:
        raise Invalid.at("plan", f"“{plan.title}” is not offered any more: choose another plan.")
    with transaction.atomic():
        team = lock_team(team)
        try:
            with transaction.atomic():
                namespace = Namespace.objects.create(
                    team=team, name=name, cluster=CLUSTER, cluster_name=cluster_name, plan=plan
                )
        except IntegrityError as error:
            raise _taken(team, name, cluster_name) from error
        operation = carry_out(
            actor=actor, row=namespace, kind="namespace.apply", action="namespace.create", detail=f"plan {plan.name}"
        )
    return namespace, operation


def delete_namespace(*, actor: User, namespace: Namespace, confirm: str) -> Operation:
    """Deletes it with all that is in it. `confirm` is its name in the cluster or in the team.

    Raises Invalid at confirm, Gone when it is under way already.
    """
    access.require(actor, "namespaces.delete", namespace)
    if confirm.strip() != namespace.name:
        confirmed(namespace.cluster_name, confirm)
    with transaction.atomic():
        return begin_deletion(actor=actor, namespace=lock_namespace(namespace))


def begin_deletion(*, actor: User, namespace: Namespace) -> Operation:
    """The deletion of a locked namespace; its rights were asked for by the caller."""
    mark_deleting(namespace)
    return carry_out(actor=actor, row=namespace, kind="namespace.delete", action="namespace.delete")


def _taken(team: Team, name: str, cluster_name: str) -> Conflict:
    mine = team.namespaces.filter(name=name).first()
    if mine is not None and mine.deleting:
        message = f"{mine} is still being deleted: the name is free when all of it is gone."
        return Gone(message, fields={"name": message})
    whose = f"{team.name} has a namespace “{name}” already" if mine else f"“{cluster_name}” is taken in the cluster"
    message = f"{whose}: choose another name."
    return Conflict(message, code="taken", fields={"name": message})
