"""Who may what: one table, asked by services, pages, API, sockets and tasks alike (security.md).

`visible_to(user)` querysets answer a stranger with 404. `require` answers a member without the right with Forbidden, a
stranger who got past a door with NotFound, and leaves a line in the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, Union, cast

from tenants import audit
from tenants.errors import Forbidden, NotFound
from tenants.models import Membership, Role, StaffRole, Team

if TYPE_CHECKING:
    from tenants.models import User


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
    "joining.read": frozenset({OWNER, ADMIN, SUPPORT}),  # invitations and join requests
    "requests.adopt": frozenset({SUPPORT}),  # decide on them where no owner or admin is there to do it
    "namespaces.create": frozenset({OWNER, ADMIN}),
    "namespaces.delete": frozenset({OWNER, ADMIN}),
    "apps.write": frozenset({OWNER, ADMIN, DEVELOPER}),
    "apps.delete": frozenset({OWNER, ADMIN, DEVELOPER}),
    "logs.read": frozenset({OWNER, ADMIN, DEVELOPER, "if:viewers_read_logs"}),
    "volumes.write": frozenset({OWNER, ADMIN, DEVELOPER}),
    "volumes.delete": frozenset({OWNER, ADMIN}),
    "secrets.write": frozenset({OWNER, ADMIN, DEVELOPER}),
    "secrets.delete": frozenset({OWNER, ADMIN, DEVELOPER}),
    "tokens.create": frozenset({EVERYBODY}),
    "tokens.own": frozenset({EVERYBODY}),  # see and revoke one's own
    "audit.read_all": frozenset({OWNER, ADMIN, SUPPORT, APPROVER}),
    "audit.read_own": frozenset({OWNER, ADMIN, DEVELOPER, VIEWER, SUPPORT, APPROVER}),
}

# Which role a switch of the team opens the verb to.
SWITCHES: Mapping[str, str] = {"if:viewers_read_logs": VIEWER}

# A token's scopes, each a set of verbs; a token may do what its scopes and its owner's live role both allow.
# Every token may end its owner's tokens; none makes one, for a stolen token must not outlive its end.
_ANY = frozenset({"tokens.own"})
SCOPES: Mapping[str, frozenset[str]] = {
    "read": _ANY | {"team.read", "logs.read", "joining.read", "audit.read_all", "audit.read_own"},
    "apps": _ANY | {"apps.write", "apps.delete"},
    "volumes": _ANY | {"volumes.write", "volumes.delete"},
    "secrets": _ANY | {"secrets.write", "secrets.delete"},
    "teams": _ANY
    | {"team.create", "team.edit", "team.delete", "team.transfer", "team.join", "team.leave"}
    | {"members.manage", "requests.adopt"}
    | {"namespaces.create", "namespaces.delete"},
}

RANK: Mapping[str, int] = {OWNER: 4, ADMIN: 3, DEVELOPER: 2, VIEWER: 1}


def role_in(user: User, team: Team) -> str:
    """The live role of `user` for `team`: a team role, a staff role, or "" for a stranger.

    Cached on the user for the length of a request; a membership wins over a staff role.
    """
    if not user.is_authenticated or not user.is_active:
        return ""
    roles: dict[int, str] = user.__dict__.setdefault("_roles", {})
    if team.pk not in roles:
        role = Membership.objects.filter(user=user, team=team).values_list("role", flat=True).first()
        roles[team.pk] = role or user.staff_role
    return roles[team.pk]


def roles_of(user: User) -> dict[int, str]:
    """Team id → role, of all that the user is a member of; `role_in` then asks the database no more about them."""
    roles = dict(Membership.objects.filter(user=user).values_list("team_id", "role"))
    user.__dict__.setdefault("_roles", {}).update(roles)
    return roles


def forget_roles(user: User) -> None:
    """Drops what `role_in` remembers: long-lived sockets and verbs that change roles call it."""
    user.__dict__.pop("_roles", None)


def can(actor: User, verb: str, thing: Thing) -> bool:
    """Whether `actor` may do `verb` to `thing`: anything with a team, or their own account where everybody may.

    Raises KeyError for an unknown verb.
    """
    holders = RIGHTS[verb]
    if not actor.is_authenticated or not actor.is_active or not has_scope(actor, verb):
        return False
    if EVERYBODY in holders:
        return True
    thing = cast(HasTeam, thing)
    role = role_in(actor, thing.team)
    if role in holders:
        return bool(role)
    return any(
        role == SWITCHES[holder] and getattr(thing.team, holder.removeprefix("if:"))
        for holder in holders
        if holder in SWITCHES
    )


def require(actor: User, verb: str, thing: Thing) -> None:
    """Raises Forbidden (NotFound for a stranger), with a line in the audit log, unless `can`."""
    if can(actor, verb, thing):
        return
    if EVERYBODY not in RIGHTS[verb] and not role_in(actor, cast(HasTeam, thing).team):
        audit.record(actor=actor, action=verb, thing=thing, outcome="denied")
        raise NotFound("It is not there.")
    require_scope(actor, verb, thing)
    audit.record(actor=actor, action=verb, thing=thing, outcome="denied")
    raise Forbidden(_refusal(verb, cast(HasTeam, thing)))


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


def _refusal(verb: str, thing: HasTeam) -> str:
    who = [Role(holder).label for holder in RIGHTS[verb] if holder in Role.values]
    names = sorted(who, key=lambda label: -RANK[label])
    return f"Your role in {thing.team} does not allow this. It takes: {', '.join(names) or 'site staff'}."
