"""Nobody grants above their own rank: what every verb that gives or takes a role asks, twice.

Once before the transaction, so that the line about a refusal stays in the audit log; once under the team's lock, with
the roles as they are then.
"""

from __future__ import annotations

from tenants import access, audit
from tenants.errors import Forbidden, Invalid
from tenants.models import Role, Team, User


def require_grant(actor: User, team: Team, *, old: str | None, new: str | None) -> None:
    """Raises Forbidden (NotFound for a stranger) unless `actor` may turn the role `old` into `new`, with a line."""
    access.require(actor, "members.manage", team)
    if not access.may_grant(actor, team, old=old, new=new):
        audit.record(
            actor=actor,
            action="members.manage",
            thing=team,
            outcome="denied",
            detail=f"{old or 'none'} to {new or 'none'}",
        )
        raise _above_rank()


def still_grants(actor: User, team: Team, *, old: str | None, new: str | None) -> None:
    """As `require_grant`, under the team's lock."""
    access.forget_roles(actor)
    if not access.may_grant(actor, team, old=old, new=new):
        raise _above_rank()


def role_named(text: str) -> str:
    """One of Role's values; raises Invalid at `role`."""
    if text not in Role.values:
        raise Invalid.at("role", f"One of {', '.join(Role.values)}, please.")
    return text


def _above_rank() -> Forbidden:
    return Forbidden("Admins manage developers and viewers; owners and admins are an owner's matter.")
