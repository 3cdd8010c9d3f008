"""The table of rights, line by line as docs/security.md has it, and who sees what."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from tenants import access
from tenants.errors import Forbidden, NotFound
from tenants.models import App, AuditEntry, Membership, Namespace, Operation, Secret, Team, User, Volume
from tests.factories import make_app, make_member, make_operation, make_secret, make_volume

PEOPLE = ("alice", "andy", "bob", "carol", "sam", "dave", "erin")
# Verb → who of the cast may, in a team whose switches are off. erin is a stranger.
TABLE = {
    "team.read": "alice andy bob carol sam dave",
    "logs.read": "alice andy bob",
    "apps.write": "alice andy bob",
    "apps.delete": "alice andy bob",
    "volumes.write": "alice andy bob",
    "volumes.delete": "alice andy",
    "secrets.write": "alice andy bob",
    "secrets.delete": "alice andy bob",
    "account.edit": "alice andy bob carol sam dave erin",
    "account.delete": "alice andy bob carol sam dave erin",
    "sessions.own": "alice andy bob carol sam dave erin",
    "notices.own": "alice andy bob carol sam dave erin",
    "tokens.own": "alice andy bob carol sam dave erin",
    "tokens.create": "alice andy bob carol sam dave erin",
    "team.create": "alice andy bob carol sam dave erin",
    "team.leave": "alice andy bob carol",
    "team.join": "alice andy bob carol sam dave erin",
    "members.manage": "alice andy",
    "members.inspect": "alice andy sam dave",
    "joining.read": "alice andy sam",
    "requests.adopt": "sam",
    "team.edit": "alice andy",
    "team.transfer": "alice",
    "team.delete": "alice",
    "namespaces.create": "alice andy",
    "namespaces.delete": "alice andy",
    "namespaces.pause": "alice andy",
    "quota.request": "alice andy",
    "usage.export": "alice andy sam dave",
    "audit.read_all": "alice andy sam dave",
    "audit.read_own": "alice andy bob carol sam dave",
}
# Verbs of the site, which are asked of no team.
SITE_TABLE = {
    "people.read": "sam dave",
    "people.suspend": "sam",
    "teams.read": "sam dave",
    "teams.suspend": "sam",
    "quota.comment": "sam dave",
    "quota.decide": "dave",
    "policies.read": "sam dave",
    "policies.edit": "dave",
}


@pytest.fixture
def cast(request: pytest.FixtureRequest, team: Team, other_team: Team) -> dict[str, User]:
    return {name: request.getfixturevalue(name) for name in PEOPLE}


def test_every_verb_stands_in_the_table() -> None:
    assert set(access.RIGHTS) == set(TABLE)
    assert set(access.SITE_RIGHTS) == set(SITE_TABLE)


@pytest.mark.parametrize("verb", SITE_TABLE)
def test_who_may_on_the_site(cast: dict[str, User], verb: str) -> None:
    assert {name for name in PEOPLE if access.can_site(cast[name], verb)} == set(SITE_TABLE[verb].split())
    assert not access.can_site(AnonymousUser(), verb)
    cast["sam"].is_active = False
    assert not access.can_site(cast["sam"], verb)


def test_members_who_are_staff_keep_their_rights_on_the_site(sam: User, team: Team) -> None:
    make_member(team, sam, "viewer")
    assert access.can_site(sam, "people.suspend")


@pytest.mark.parametrize("verb", TABLE)
def test_who_may(cast: dict[str, User], team: Team, verb: str) -> None:
    assert [name for name in PEOPLE if access.can(cast[name], verb, team)] == [
        name for name in PEOPLE if name in TABLE[verb].split()
    ]


def test_viewers_read_logs_where_the_team_allows(carol: User, team: Team) -> None:
    team.viewers_read_logs = True
    assert access.can(carol, "logs.read", team)


def test_staff_read_no_logs_even_where_viewers_do(sam: User, dave: User, team: Team) -> None:
    team.viewers_read_logs = True
    assert not access.can(sam, "logs.read", team)
    assert not access.can(dave, "logs.read", team)


def test_staff_who_are_members_have_their_members_role(sam: User, team: Team) -> None:
    make_member(team, sam, "developer")
    assert access.can(sam, "apps.write", team)


@pytest.mark.parametrize("verb", TABLE)
def test_nobody_signed_out_or_deactivated_may(alice: User, team: Team, verb: str) -> None:
    alice.is_active = False
    assert not access.can(alice, verb, team)
    assert not access.can(AnonymousUser(), verb, team)


@pytest.mark.parametrize("scope", access.SCOPES)
def test_token_may_what_its_scope_and_its_owners_role_both_allow(cast: dict[str, User], team: Team, scope: str) -> None:
    for name, user in cast.items():
        user.token_scopes = [scope]
        allowed = {verb for verb in TABLE if access.can(user, verb, team)}
        allowed |= {verb for verb in SITE_TABLE if access.can_site(user, verb)}
        assert allowed == {verb for verb in access.SCOPES[scope] if name in (TABLE | SITE_TABLE)[verb].split()}


def test_token_without_scopes_may_nothing(alice: User, team: Team) -> None:
    alice.token_scopes = []
    assert not any(access.can(alice, verb, team) for verb in TABLE)


def test_what_everybody_may_needs_no_team(erin: User) -> None:
    assert access.can(erin, "team.create", erin)
    erin.token_scopes = ["read"]
    assert not access.can(erin, "team.create", erin)
    assert access.can(erin, "tokens.own", erin)


def test_missing_scope_is_refused_and_audited(bob: User, team: Team) -> None:
    bob.token_scopes = ["apps"]
    with pytest.raises(Forbidden, match="“read”"):
        access.require_scope(bob, "team.read", bob)
    assert AuditEntry.objects.get().outcome == "denied"


def test_unknown_verb_is_a_mistake_of_the_code(alice: User, team: Team) -> None:
    with pytest.raises(KeyError):
        access.can(alice, "team.sell", team)


def test_refusal_names_who_may_and_is_audited(carol: User, team: Team) -> None:
    with pytest.raises(Forbidden, match="owner, admin, developer"):
        access.require(carol, "apps.write", team)
    line = AuditEntry.objects.get()
    assert (line.actor, line.action, line.outcome) == (carol, "apps.write", "denied")


def test_refusal_of_a_token_names_the_scope(bob: User, team: Team) -> None:
    bob.token_scopes = ["read"]
    with pytest.raises(Forbidden, match="“apps”"):
        access.require(bob, "apps.write", team)


def test_refusal_of_what_no_token_may(bob: User, team: Team) -> None:
    bob.token_scopes = ["read"]
    with pytest.raises(Forbidden, match="No token"):
        access.require(bob, "tokens.create", bob)


def test_stranger_is_told_that_nothing_is_there(erin: User, team: Team) -> None:
    with pytest.raises(NotFound):
        access.require(erin, "team.read", team)


# Old role, new role (None: joins or leaves) that an admin may bring about.
ADMIN_MAY = {(old, new) for old in (None, "developer", "viewer") for new in (None, "developer", "viewer")}


@pytest.mark.parametrize("old", [None, "owner", "admin", "developer", "viewer"])
@pytest.mark.parametrize("new", [None, "owner", "admin", "developer", "viewer"])
def test_nobody_grants_above_their_own_rank(
    cast: dict[str, User], team: Team, old: str | None, new: str | None
) -> None:
    may = {name for name in PEOPLE if access.may_grant(cast[name], team, old=old, new=new)}
    assert may == {"alice"} | ({"andy"} if (old, new) in ADMIN_MAY else set())


# -- who sees what ------------------------------------------------------------------------------------


@pytest.fixture
def things(namespace: Namespace) -> dict[type, object]:
    app = make_app(namespace)
    return {
        Team: namespace.team,
        Namespace: namespace,
        App: app,
        Volume: make_volume(namespace),
        Secret: make_secret(namespace),
        Operation: make_operation(app, "app.apply"),
    }


@pytest.mark.parametrize("model", [Team, Namespace, App, Volume, Secret, Operation])
def test_members_and_staff_see_and_strangers_do_not(
    cast: dict[str, User], things: dict[type, object], model: type
) -> None:
    thing = things[model]
    sees = {name for name in PEOPLE if thing in model.objects.visible_to(cast[name])}
    assert sees == {"alice", "andy", "bob", "carol", "sam", "dave"}


@pytest.mark.parametrize("model", [Team, Namespace, App, Volume, Secret, Operation])
def test_nobody_signed_out_or_deactivated_sees(alice: User, things: dict[type, object], model: type) -> None:
    alice.is_active = False
    assert not model.objects.visible_to(alice).exists()
    assert not model.objects.visible_to(AnonymousUser()).exists()


def test_releases_are_seen_with_their_app(cast: dict[str, User], things: dict[type, object]) -> None:
    release = things[App].release
    assert {n for n in PEOPLE if release in type(release).objects.visible_to(cast[n])} == set(PEOPLE) - {"erin"}


def test_former_member_sees_nothing(bob: User, team: Team, namespace: Namespace) -> None:
    Membership.objects.filter(user=bob).delete()
    assert not Namespace.objects.visible_to(bob).exists()


def test_audit_log_is_whole_for_owners_and_own_for_the_rest(cast: dict[str, User], team: Team) -> None:
    for name in PEOPLE[:4]:
        AuditEntry.objects.create(actor=cast[name], actor_name=name, door="page", action="x", team=team, target="x")
    seen = {
        name: set(AuditEntry.objects.visible_to(cast[name]).values_list("actor_name", flat=True)) for name in PEOPLE
    }
    whole = {"alice", "andy", "bob", "carol"}
    assert seen == {
        "alice": whole, "andy": whole, "bob": {"bob"}, "carol": {"carol"}, "sam": whole, "dave": whole, "erin": set(),
    }  # fmt: skip
