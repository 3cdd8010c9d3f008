"""How a wish becomes rows, an audit line and an operation: the part that all verbs share.

Locks are taken in one order (docs/architecture.md, Locks), so that two wishes at once wait for each other and never for
ever; they are FOR NO KEY UPDATE, since every row that names a team or namespace locks its key.
Call everything here inside `transaction.atomic()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from django.utils import timezone

from tenants import access, audit, operations, rules
from tenants.errors import Gone, Invalid, NotFound, Suspended
from tenants.live import events
from tenants.models import Namespace, Operation, Team, User
from tenants.models.intent import Intent
from tenants.models.namespace import InNamespace

T = TypeVar("T")
R = TypeVar("R", bound=InNamespace)


def lock_team(team: Team, *, even_suspended: bool = False) -> Team:
    """The team's row, locked and read again. Raises NotFound, Gone, and Suspended unless `even_suspended`."""
    found = Team.objects.select_for_update(no_key=True).filter(pk=team.pk).first()
    if found is None:
        raise NotFound("This team is gone.")
    if found.deleting:
        raise Gone(f"{found.name} is being deleted: nothing more is changed in it.")
    if found.suspended and not even_suspended:
        raise Suspended(access.why_suspended(found))
    return found


def lock_namespace(namespace: Namespace) -> Namespace:
    """The namespace's row with team and plan, locked and read again. Raises NotFound, Gone, Suspended."""
    rows = Namespace.objects.select_for_update(of=("self",), no_key=True).select_related("team", "plan")
    found = rows.filter(pk=namespace.pk).first()
    if found is None:
        raise NotFound("This namespace is gone.")
    if found.deleting or found.team.deleting:
        raise Gone(f"{found} is being deleted: nothing more is changed in it.")
    if found.team.suspended:
        raise Suspended(access.why_suspended(found.team))
    return found


def lock_namespaces(team: Team) -> list[Namespace]:
    """All namespaces of a team, locked: before the team itself, as whoever removes a namespace's row does."""
    return list(Namespace.objects.select_for_update(no_key=True).filter(team=team).order_by("pk"))


def lock(row: R) -> R:
    """An app, volume or secret, locked and read again below its locked namespace. Raises NotFound, Gone."""
    namespace = lock_namespace(row.namespace)
    found = cast("R | None", type(row)._default_manager.select_for_update(no_key=True).filter(pk=row.pk).first())
    if found is None:
        raise NotFound(f"This {row.noun} is gone.")
    if found.deleting:
        raise Gone(f"{found.name} is being deleted: nothing more is changed in it.")
    found.namespace = namespace
    return found


def clean(field: str, rule: Callable[[], T]) -> T:
    """What the rule answers; raises Invalid at `field` where it is broken."""
    try:
        return rule()
    except rules.Broken as broken:
        raise Invalid.at(field, broken.message) from broken


def confirmed(name: str, confirm: str) -> None:
    """Whoever deletes types the name. Raises Invalid at `confirm`."""
    if confirm.strip() != name:
        raise Invalid.at("confirm", f"Type “{name}” to delete it.", code="not_confirmed")


def carry_out(
    *,
    actor: User,
    row: Namespace | InNamespace,
    kind: str,
    action: str,
    changes: Sequence[Mapping[str, Any]] = (),
    detail: str = "",
    values: Mapping[str, str] | None = None,
) -> Operation:
    """The audit line, the operation and the announcement of a change of `row` that is saved already.

    `values` (of a secret) are sealed on the operation and stand nowhere else. The operation comes first: what was
    asked last of a commit waits for the rest, and the audit chain takes its time.
    """
    operation = operations.open(kind=kind, target=row, actor=actor, generation=row.generation, secret_payload=values)
    audit.record(actor=actor, action=action, thing=row, changes=[dict(change) for change in changes], detail=detail)
    events.announce(events.Changed(team=row.team.pk, noun=row.noun, id=str(row.pk), what="intent"))
    return operation


def under_way(row: Namespace | InNamespace) -> Operation | None:
    """The deletion that runs already: who wishes the same again, after a lost answer say, gets the same operation."""
    kind = f"{row.noun}.delete"
    return Operation.objects.open().filter(target_noun=row.noun, target_id=row.pk, kind=kind).first()


def mark_deleting(row: Intent) -> None:
    """The wish to delete: a change of intent as any other."""
    row.deleting_since = timezone.now()
    row.generation += 1
    row.save(update_fields=["deleting_since", "generation", "updated_at"])
