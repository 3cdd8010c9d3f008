"""Who may what: one table, asked by services, pages, API, sockets and tasks alike (docs/security.md).

`visible_to(user)` querysets answer a stranger with 404. `require` answers a member without the right with Forbidden, a
stranger who got past a door with NotFound, and leaves a line in the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, Union, cast

from tenants import audit
from tenants.errors import Forbidden, NotFound, Suspended
from tenants.models import Role, StaffRole, Team
from tenants.roles import forget_roles, role_in, roles_of

if TYPE_CHECKING:
    from tenants.models import Invitation, User


__all__ = [
    "RANK",
    "RIGHTS",
    "SCOPES",
    "SITE_RIGHTS",
    "can",
    "can_site",
    "forget_roles",
    "has_scope",
    "invitation_holds",
    "may_grant",
    "require",
    "require_scope",
    "require_site",
    "role_in",
    "roles_of",
    "why_suspended",
]


class HasTeam(Protocol):
    @property
    def team(self) -> Team: ...


# Verbs about no team are asked of the actor's own account.
Thing = Union[HasTeam, "User"]

OWNER, ADMIN, DEVELOPER, VIEWER = Role.OWNER, Role.ADMIN, Role.DEVELOPER, Role.VIEWER
SUPPORT, APPROVER = StaffRole.SUPPORT, StaffRole.APPROVER

# Whoever has an account, in a team or not.
EVERYBODY = "everybody"

# Verb → who has it. A name behind "if:" is a switch of the team.
RIGHTS: Mapping[str, frozenset[str]] = {
    "team.create": frozenset({EVERYBODY}),
    "team.read": frozenset({OWNER, ADMIN, DEVELOPER, VIEWER, SUPPORT, APPROVER}),
    "team.edit": frozenset({OWNER, ADMIN}),
    "team.delete": frozenset({OWNER}),
    "team.transfer": frozenset({OWNER}),
    "team.leave": frozenset({OWNER, ADMIN, DEVELOPER, VIEWER}),
    "team.join": frozenset({EVERYBODY}),  # ask to join, accept an invitation
    "members.manage": frozenset({OWNER, ADMIN}),  # whom exactly: `may_grant`
    "members.inspect": frozenset({OWNER, ADMIN, SUPPORT, APPROVER}),  # who has a second factor
    "joining.read": frozenset({OWNER, ADMIN, SUPPORT}),  # invitations and join requests
    "requests.adopt": frozenset({SUPPORT}),  # decide on them where no owner or admin is there to do it
    "namespaces.create": frozenset({OWNER, ADMIN}),
    "namespaces.delete": frozenset({OWNER, ADMIN}),
    "namespaces.pause": frozenset({OWNER, ADMIN}),  # what drifts in the cluster is listed, not repaired
    "quota.request": frozenset({OWNER, ADMIN}),  # ask for more, lower, withdraw
    "usage.export": frozenset({OWNER, ADMIN, SUPPORT, APPROVER}),  # grants and use, for charge-back
    "apps.write": frozenset({OWNER, ADMIN, DEVELOPER}),
    "apps.delete": frozenset({OWNER, ADMIN, DEVELOPER}),
    "logs.read": frozenset({OWNER, ADMIN, DEVELOPER, "if:viewers_read_logs"}),
    "volumes.write": frozenset({OWNER, ADMIN, DEVELOPER}),
    "volumes.delete": frozenset({OWNER, ADMIN}),
    "secrets.write": frozenset({OWNER, ADMIN, DEVELOPER}),
    "secrets.delete": frozenset({OWNER, ADMIN, DEVELOPER}),
    "account.edit": frozenset({EVERYBODY}),
    "account.delete": frozenset({EVERYBODY}),
    "sessions.own": frozenset({EVERYBODY}),  # see and end one's own
    "notices.own": frozenset({EVERYBODY}),  # mark one's own as read
    "tokens.create": frozenset({EVERYBODY}),
    "tokens.own": frozenset({EVERYBODY}),  # see and revoke one's own
    "audit.read_all": frozenset({OWNER, ADMIN, SUPPORT, APPROVER}),
    "audit.read_own": frozenset({OWNER, ADMIN, DEVELOPER, VIEWER, SUPPORT, APPROVER}),
}

# Which role a switch of the team opens the verb to.
SWITCHES: Mapping[str, str] = {"if:viewers_read_logs": VIEWER}

# What is left of them in a suspended team: to look, and to leave.
IN_SUSPENDED = frozenset(
    {"team.read", "team.leave", "members.inspect", "joining.read", "logs.read", "audit.read_all", "audit.read_own"}
    | {"usage.export"}
)

# Verb of the site, not of a team → who has it. None of them shows a secret, a log or a shell, or acts as somebody else.
SITE_RIGHTS: Mapping[str, frozenset[str]] = {
    "people.read": frozenset({SUPPORT, APPROVER}),
    "people.suspend": frozenset({SUPPORT}),
    "teams.read": frozenset({SUPPORT, APPROVER}),
    "teams.suspend": frozenset({SUPPORT}),
    "quota.comment": frozenset({SUPPORT, APPROVER}),
    "quota.decide": frozenset({APPROVER}),  # never one's own request or one's own team's
    "policies.read": frozenset({SUPPORT, APPROVER}),
    "policies.edit": frozenset({APPROVER}),  # rules, plans, ceilings, labels of teams
}

# A token's scopes, each a set of verbs; a token may do what its scopes and its owner's live role both allow.
# Every token may end its owner's tokens; none makes one, for a stolen token must not outlive its end, and none touches
# what guards the account itself (docs/decisions/0009-what-a-token-may-do.md).
_ANY = frozenset({"tokens.own"})
SCOPES: Mapping[str, frozenset[str]] = {
    "read": _ANY
    | {"team.read", "logs.read", "joining.read", "members.inspect", "audit.read_all", "audit.read_own"}
    | {"people.read", "teams.read", "policies.read", "usage.export"},
    "apps": _ANY | {"apps.write", "apps.delete"},
    "volumes": _ANY | {"volumes.write", "volumes.delete"},
    "secrets": _ANY | {"secrets.write", "secrets.delete"},
    "account": _ANY | {"account.edit", "sessions.own", "notices.own"},
    "teams": _ANY
    | {"team.create", "team.edit", "team.delete", "team.transfer", "team.join", "team.leave"}
    | {"members.manage", "joining.read", "requests.adopt"}
    | {"namespaces.create", "namespaces.delete", "namespaces.pause"},
    "quota": _ANY | {"quota.request"},
    "site": _ANY | {"people.suspend", "teams.suspend", "quota.comment", "quota.decide", "policies.edit"},
}

RANK: Mapping[str, int] = {OWNER: 4, ADMIN: 3, DEVELOPER: 2, VIEWER: 1}


def can(actor: User, verb: str, thing: Thing) -> bool:
    """Whether `actor` may do `verb` to `thing`: anything with a team, or their own account where everybody may.

    Raises KeyError for an unknown verb.
    """
    holders = RIGHTS[verb]
    if not actor.is_authenticated or not actor.is_active or not has_scope(actor, verb):
        return False
    if EVERYBODY in holders:
        return True
    team = cast(HasTeam, thing).team
    return _holds(actor, verb, team) and not (team.suspended and verb not in IN_SUSPENDED)


def require(actor: User, verb: str, thing: Thing) -> None:
    """Raises Forbidden (NotFound for a stranger), with a line in the audit log, unless `can`.

    Suspended, a kind of Forbidden, where nothing but the team's suspension stands in the way.
    """
    if can(actor, verb, thing):
        return
    if EVERYBODY not in RIGHTS[verb] and not role_in(actor, cast(HasTeam, thing).team):
        audit.record(actor=actor, action=verb, thing=thing, outcome="denied")
        raise NotFound("It is not there.")
    require_scope(actor, verb, thing)
    audit.record(actor=actor, action=verb, thing=thing, outcome="denied")
    team = cast(HasTeam, thing).team
    if team.suspended and _holds(actor, verb, team):
        raise Suspended(why_suspended(team))
    raise Forbidden(_refusal(verb, team))


def can_site(actor: User, verb: str) -> bool:
    """Whether `actor`, as staff of the site, may do `verb`. Raises KeyError for an unknown verb."""
    holders = SITE_RIGHTS[verb]
    signed_in = actor.is_authenticated and actor.is_active
    return signed_in and has_scope(actor, verb) and actor.staff_role in holders


def require_site(actor: User, verb: str, thing: Any = None) -> None:
    """Raises Forbidden (NotFound for whoever is no staff), with a line about `thing` in the audit log, unless so."""
    if can_site(actor, verb):
        return
    thing = actor if thing is None else thing
    if actor.is_authenticated and actor.is_site_staff:
        require_scope(actor, verb, thing)
    audit.record(actor=actor, action=verb, thing=thing, outcome="denied")
    if not actor.is_site_staff:
        raise NotFound("It is not there.")
    names = ", ".join(sorted(StaffRole(role).label for role in SITE_RIGHTS[verb]))
    raise Forbidden(f"Your role on the site does not allow this. It takes: {names}.")


def why_suspended(team: Team) -> str:
    """What somebody is told who would change something in a suspended team."""
    reason = f" ({team.suspended_reason.rstrip('.')})" if team.suspended_reason else ""
    return f"{team} is suspended{reason}. Nothing is changed in it until the site’s support opens it again."


def has_scope(actor: User, verb: str) -> bool:
    """Whether `actor` is signed in, or came with a token one of whose scopes has `verb`; roles are another matter."""
    scopes = actor.token_scopes
    return scopes is None or any(verb in SCOPES[scope] for scope in scopes)


def require_scope(actor: User, verb: str, thing: Thing) -> None:
    """Raises Forbidden, with a line in the audit log, unless `has_scope`."""
    if has_scope(actor, verb):
        return
    audit.record(actor=actor, action=verb, thing=thing, outcome="denied")
    wanted = next((scope for scope, verbs in SCOPES.items() if verb in verbs), None)
    raise Forbidden(
        f"This token lacks the scope “{wanted}”."
        if wanted
        else "No token may do this: sign in and do it in the settings."
    )


def may_grant(actor: User, team: Team, *, old: str | None, new: str | None) -> bool:
    """Whether `actor` may turn a member's role `old` (None: joins) into `new` (None: leaves).

    Owners grant everything; admins move developers and viewers among themselves; nobody above their own rank.
    """
    if not can(actor, "members.manage", team):
        return False
    mine = RANK.get(role_in(actor, team), 0)
    return all(role is None or mine == RANK[OWNER] or RANK[role] < RANK[ADMIN] for role in (old, new))


def invitation_holds(invitation: Invitation) -> bool:
    """Whether whoever sent the invitation may still grant its role: it is worth no more than their word is now."""
    sender = invitation.invited_by
    return sender is not None and may_grant(sender, invitation.team, old=None, new=invitation.role)


def _holds(actor: User, verb: str, team: Team) -> bool:
    """Whether the actor's live role in the team has the verb."""
    role = role_in(actor, team)
    if not role or role in RIGHTS[verb]:
        return bool(role)
    return any(
        role == SWITCHES[holder] and getattr(team, holder.removeprefix("if:"))
        for holder in RIGHTS[verb]
        if holder in SWITCHES
    )


def _refusal(verb: str, team: Team) -> str:
    who = [Role(holder).label for holder in RIGHTS[verb] if holder in Role.values]
    names = sorted(who, key=lambda label: -RANK[label])
    return f"Your role in {team} does not allow this. It takes: {', '.join(names) or 'site staff'}."
