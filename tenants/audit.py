"""One way to write an audit line. Never give it a value of a secret."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from django.db import transaction

from tenants import chain
from tenants.models import AuditEntry, Team
from tenants.roles import role_in

if TYPE_CHECKING:
    from tenants.models import User

_lines = structlog.get_logger("audit")
_lines_of_commands = structlog.get_logger("audit.command")
_TOLD = ("actor_name", "role", "door", "action", "outcome", "team_slug", "target_noun", "target_id", "target",
         "changes", "detail", "address", "request_id")  # fmt: skip


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
    team: Team | None = None,
) -> AuditEntry:
    """Writes one line: of a change, a refusal, or something secret that was shown.

    `thing` has a `team`, or none, and then `team` may say in which it happened; `machine` names the writer where there
    is no actor. `changes` are [{"field", "old", "new"}] of plain JSON values. After the commit it goes to the log
    collector, and into the chain.
    """
    came = origin.get()
    team = getattr(thing, "team", team)
    namespace = getattr(thing, "namespace", None)
    name = f"{namespace}/{thing}" if namespace is not None and namespace is not thing else str(thing)
    noun = getattr(thing, "noun", type(thing).__name__.lower())
    entry = AuditEntry(
        actor=actor,
        actor_name=actor.get_username() if actor else machine or "system",
        role=_role(actor, team),
        door=came.door,
        action=action,
        outcome=outcome,
        team_id=team.pk if team is not None else None,
        team_slug=team.slug if team is not None else "",
        target_noun=noun,
        target_id=str(thing.pk or ""),
        target=f"{noun} {name}"[:160],
        changes=list(changes),
        detail=detail[:400],
        address=came.address,
        request_id=came.request_id,
    )
    entry.stamp = chain.stamp(entry)
    entry.save(force_insert=True)
    transaction.on_commit(partial(_tell, entry), robust=True)
    transaction.on_commit(chain.link_soon, robust=True)
    return entry


def _role(actor: User | None, team: Team | None) -> str:
    """What the actor is now: in the team, else on the site."""
    if actor is None:
        return ""
    return role_in(actor, team) if team is not None and team.pk else actor.staff_role


def _tell(entry: AuditEntry) -> None:
    """A line for the log collector. A command's own output stays clean: its lines go where its errors go."""
    lines = _lines_of_commands if entry.door == "command" else _lines
    lines.info("audit", id=entry.pk, at=entry.at.isoformat(), **{field: getattr(entry, field) for field in _TOLD})
