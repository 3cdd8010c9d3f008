"""One way to write an audit line. Never give it a value of a secret."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tenants.models import AuditEntry

if TYPE_CHECKING:
    from tenants.models import User


@dataclass(frozen=True, slots=True)
class Origin:
    """Through which door a wish came: set once at each door, read by `record` and by the outbox."""

    door: str = "command"
    address: str | None = None
    request_id: str = ""


_UNSAID = Origin()
origin: ContextVar[Origin] = ContextVar("origin", default=_UNSAID)


def record(
    *,
    actor: User | None,
    action: str,
    thing: Any,
    outcome: str = "done",
    changes: Sequence[dict[str, Any]] = (),
    detail: str = "",
    machine: str = "",
) -> AuditEntry:
    """Writes one line. `thing` has a `team` (or none); `machine` names the writer where there is no actor."""
    came = origin.get()
    team = getattr(thing, "team", None)
    namespace = getattr(thing, "namespace", None)
    name = f"{namespace}/{thing}" if namespace is not None and namespace is not thing else str(thing)
    noun = getattr(thing, "noun", type(thing).__name__.lower())
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.get_username() if actor else machine or "system",
        door=came.door,
        action=action,
        outcome=outcome,
        team=team if team is not None and team.pk else None,
        team_slug=team.slug if team is not None else "",
        target_noun=noun,
        target_id=str(thing.pk or ""),
        target=f"{noun} {name}"[:160],
        changes=list(changes),
        detail=detail[:400],
        address=came.address,
        request_id=came.request_id,
    )
