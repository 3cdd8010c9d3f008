"""One's own account: profile, sessions, tokens, and its end."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from tenants import roles
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.models import ApiToken, AuditEntry, Invitation, Membership, Role, Team, User
from tenants.services import accounts, tokens
from tests import factories
from tests.signing_in import signed_in


@pytest.fixture
def session(bob: User) -> UserSession:
    """bob is signed in somewhere."""
    key = signed_in(bob).session.session_key
    return UserSession.objects.create(user=bob, ip="192.0.2.1", session_key=key, user_agent="Firefox on Linux")


def test_profile_keeps_what_is_not_given(bob: User) -> None:
    accounts.edit_profile(actor=bob, name="Bob Best", time_zone="europe/berlin")
    accounts.edit_profile(actor=bob, theme="dark")
    bob.refresh_from_db()
    assert (bob.get_full_name(), bob.time_zone, bob.theme) == ("Bob Best", "Europe/Berlin", "dark")


def test_profile_that_stays_as_it_is_leaves_no_line(bob: User) -> None:
    accounts.edit_profile(actor=bob, time_zone="UTC")
    assert not AuditEntry.objects.filter(action="account.edit").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "x" * 81), ("time_zone", "Atlantis/Center"), ("language", "tlh"), ("theme", "pink")],
)
def test_profile_says_which_field_is_wrong(bob: User, field: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        accounts.edit_profile(actor=bob, **{field: value})
    assert set(caught.value.fields) == {field}


def test_token_without_the_scope_changes_no_profile(bob: User) -> None:
    bob.token_scopes = ["read", "teams"]
    with pytest.raises(Forbidden, match="account"):
        accounts.edit_profile(actor=bob, theme="dark")


def test_session_that_is_ended_is_gone(bob: User, session: UserSession) -> None:
    accounts.end_session(actor=bob, session=session)
    assert not Session.objects.filter(session_key=session.session_key).exists()
    assert not UserSession.objects.filter(pk=session.pk).exists()


def test_session_of_another_is_not_there(alice: User, session: UserSession) -> None:
    with pytest.raises(NotFound):
        accounts.end_session(actor=alice, session=session)
    assert Session.objects.filter(session_key=session.session_key).exists()


def test_other_sessions_end_and_the_own_one_stays(bob: User, session: UserSession) -> None:
    here = signed_in(bob).session.session_key
    UserSession.objects.create(user=bob, ip="192.0.2.2", session_key=here, user_agent="Chrome")
    assert accounts.end_other_sessions(actor=bob, keep=here) == 1
    assert list(Session.objects.values_list("session_key", flat=True)) == [here]


def test_all_tokens_are_revoked_at_once(alice: User, bob: User) -> None:
    for name in ("one", "two"):
        tokens.create_token(actor=bob, name=name, scopes=["read"], days=1)
    mine, _ = tokens.create_token(actor=alice, name="mine", scopes=["read"], days=1)
    assert tokens.revoke_all(actor=bob) == 2
    assert [token.pk for token in ApiToken.objects.all() if token.live] == [mine.pk]


def test_account_goes_with_its_own_and_the_teams_keep_theirs(team: Team, bob: User, session: UserSession) -> None:
    app = factories.make_app(factories.make_namespace(team), by=bob)
    tokens.create_token(actor=bob, name="ci", scopes=["read"], days=1)
    invitation = Invitation.objects.create(
        team=team, email="new@berth.example", role=Role.VIEWER, digest="d", invited_by=bob, expires_at=bob.date_joined
    )
    accounts.leave_site(actor=bob, confirm="bob")
    assert not User.objects.filter(username="bob").exists()
    assert not ApiToken.objects.exists()
    assert not Session.objects.filter(session_key=session.session_key).exists()
    assert not Membership.objects.filter(team=team, role=Role.DEVELOPER).exists()
    app.release.refresh_from_db()
    assert app.release.created_by is None
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None


def test_account_that_is_gone_keeps_its_name_in_the_log(team: Team, bob: User) -> None:
    accounts.leave_site(actor=bob, confirm="bob")
    line = AuditEntry.objects.get(action="account.delete")
    assert (line.actor_name, line.target) == ("bob", "user bob")
    assert "payments" in line.detail


def test_last_owner_must_hand_over_first(team: Team, alice: User) -> None:
    with pytest.raises(Conflict) as caught:
        accounts.leave_site(actor=alice, confirm="alice")
    assert caught.value.code == "last_owner"
    assert "Payments" in caught.value.message
    assert Membership.objects.filter(user=alice, team=team).exists()


def test_owner_beside_another_may_go(team: Team, alice: User, bob: User) -> None:
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    accounts.leave_site(actor=alice, confirm="alice")
    assert not User.objects.filter(username="alice").exists()


def test_suspended_owner_is_no_owner_to_leave_a_team_to(team: Team, alice: User, bob: User) -> None:
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert roles.sole_owner_of(alice) == [team]


def test_account_is_deleted_by_its_name_alone(bob: User) -> None:
    with pytest.raises(Invalid) as caught:
        accounts.leave_site(actor=bob, confirm="Bob")
    assert set(caught.value.fields) == {"confirm"}


def test_no_token_deletes_an_account(bob: User) -> None:
    bob.token_scopes = ["read", "apps", "volumes", "secrets", "account", "teams"]
    with pytest.raises(Forbidden):
        accounts.leave_site(actor=bob, confirm="bob")
