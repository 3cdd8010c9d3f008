"""Suspension of people and teams: what ends at once, what is told, and who may do it to whom."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client

from tenants import access, letters
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, Suspended
from tenants.models import App, AuditEntry, Letter, Namespace, Notice, Operation, Plan, StaffRole, Team, User
from tenants.services import apps, invitations, joining, members, namespaces, secrets, suspensions, teams, transfers
from tenants.services.tokens import create_token
from tests.factories import PASSWORD, confirm_address, make_invitation, make_member, make_request, make_spec, make_user
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
WHY = "Left the company"


@pytest.fixture
def kim(db: None) -> User:
    """The other of the support."""
    return make_user("kim", staff_role=StaffRole.SUPPORT)


def shut(actor: User, person: User) -> User:
    return suspensions.suspend_person(actor=actor, person=person, reason=WHY)


# -- people ----------------------------------------------------------------------------------------------


def test_sessions_end_and_do_not_come_back(sam: User, bob: User, team: Team, client: Client) -> None:
    confirm_address(bob)
    client.post("/accounts/login/", {"login": "bob", "password": PASSWORD})
    assert client.get("/t/payments/").status_code == 200
    shut(sam, bob)
    assert client.get("/t/payments/").status_code == 302
    assert AuditEntry.objects.get(action="session.end").actor == sam
    suspensions.lift_person(actor=sam, person=bob)
    assert client.get("/t/payments/").status_code == 302


def test_a_session_that_nobody_listed_opens_nothing_either(sam: User, bob: User, team: Team) -> None:
    browser = signed_in(bob)
    assert not UserSession.objects.exists()
    shut(sam, bob)
    assert browser.get("/t/payments/").status_code == 302


def test_tokens_answer_401_meanwhile(sam: User, bob: User, team: Team, client: Client) -> None:
    _, text = create_token(actor=bob, name="ci", scopes=["read"], days=1)
    headers = {"authorization": f"Bearer {text}"}
    shut(sam, bob)
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    suspensions.lift_person(actor=sam, person=bob)
    assert client.get("/api/v1/me", headers=headers).status_code == 200


def test_sign_in_says_the_reason_after_the_right_password_alone(sam: User, bob: User, client: Client) -> None:
    confirm_address(bob)
    shut(sam, bob)
    right = client.post("/accounts/login/", {"login": "bob", "password": PASSWORD}, follow=True)
    wrong = client.post("/accounts/login/", {"login": "bob", "password": "guess"}, follow=True)
    nobody = client.post("/accounts/login/", {"login": "nobody", "password": "guess"}, follow=True)
    assert WHY in right.content.decode()
    assert not right.wsgi_request.user.is_authenticated
    without = [re.sub(r'value="[^"]*"', "", answer.content.decode()) for answer in (wrong, nobody)]
    assert WHY not in without[0]
    assert without[0] == without[1]


def test_the_person_is_told_by_mail_whatever_they_chose(sam: User, bob: User) -> None:
    confirm_address(bob)
    shut(sam, bob)
    suspensions.lift_person(actor=sam, person=bob)
    for letter in Letter.objects.order_by("created_at"):
        letters.send(letter.pk)
    assert [message.subject for message in mail.outbox] == ["Your account is suspended", "Your account is open again"]
    assert WHY in str(mail.outbox[0].body)


def test_it_stands_in_the_audit_log_with_its_reason(sam: User, bob: User) -> None:
    shut(sam, bob)
    entry = AuditEntry.objects.get(action="person.suspend")
    assert (entry.actor, entry.role, entry.target, entry.detail) == (sam, "support", "user bob", WHY)
    assert entry.changes == [{"field": "suspended", "old": False, "new": True}]


def test_roles_are_what_they_were_after_it(sam: User, bob: User, team: Team) -> None:
    shut(sam, bob)
    assert not access.can(User.objects.get(pk=bob.pk), "apps.write", team)
    suspensions.lift_person(actor=sam, person=bob)
    assert access.can(User.objects.get(pk=bob.pk), "apps.write", team)


def test_what_they_invited_does_not_hold_meanwhile(sam: User, alice: User, team: Team) -> None:
    invitation, _ = make_invitation(team, "zoe@example.com", invited_by=alice)
    assert invitations.works(invitation)
    shut(sam, alice)
    assert not invitations.works(type(invitation).objects.get(pk=invitation.pk))


def test_nobody_suspends_themselves(sam: User, kim: User) -> None:
    with pytest.raises(Forbidden, match="themselves"):
        shut(sam, sam)


def test_whose_account_is_gone_suspends_nobody(sam: User, bob: User) -> None:
    User.objects.filter(pk=sam.pk).delete()
    with pytest.raises(Forbidden):
        suspensions.suspend_person(actor=sam, person=bob, reason="left the company")
    bob.refresh_from_db()
    assert bob.is_active


def test_one_of_the_support_suspends_another_who_then_suspends_nobody(sam: User, kim: User, bob: User) -> None:
    shut(sam, kim)
    with pytest.raises(Forbidden):
        shut(kim, sam)
    assert User.objects.get(pk=sam.pk).is_active


@pytest.mark.parametrize(("who", "error"), [("dave", Forbidden), ("alice", NotFound), ("carol", NotFound)])
def test_support_alone_suspends(
    request: pytest.FixtureRequest, bob: User, team: Team, who: str, error: type[Exception]
) -> None:
    actor = request.getfixturevalue(who)
    for verb in (
        lambda: shut(actor, bob),
        lambda: suspensions.lift_person(actor=actor, person=bob),
        lambda: suspensions.suspend_team(actor=actor, team=team, reason=WHY),
        lambda: suspensions.lift_team(actor=actor, team=team),
    ):
        with pytest.raises(error):
            verb()
    assert AuditEntry.objects.filter(outcome="denied").count() == 4


def test_a_token_takes_the_scope_of_the_site(sam: User, bob: User) -> None:
    sam.token_scopes = ["teams", "account"]
    with pytest.raises(Forbidden, match="“site”"):
        shut(sam, bob)
    sam.token_scopes = ["site"]
    assert not shut(sam, bob).is_active


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301, "a\u202eb"])
def test_a_reason_is_needed(sam: User, bob: User, team: Team, reason: str) -> None:
    for verb in (
        lambda: suspensions.suspend_person(actor=sam, person=bob, reason=reason),
        lambda: suspensions.suspend_team(actor=sam, team=team, reason=reason),
    ):
        with pytest.raises(Invalid) as caught:
            verb()
        assert set(caught.value.fields) == {"reason"}


def test_twice_is_a_conflict(sam: User, bob: User, team: Team) -> None:
    shut(sam, bob)
    suspensions.suspend_team(actor=sam, team=team, reason=WHY)
    with pytest.raises(Conflict):
        shut(sam, bob)
    with pytest.raises(Conflict):
        suspensions.suspend_team(actor=sam, team=team, reason=WHY)
    suspensions.lift_person(actor=sam, person=bob)
    suspensions.lift_team(actor=sam, team=team)
    with pytest.raises(Conflict):
        suspensions.lift_person(actor=sam, person=bob)
    with pytest.raises(Conflict):
        suspensions.lift_team(actor=sam, team=team)


# -- teams -----------------------------------------------------------------------------------------------

Verb = Callable[[], object]


@pytest.fixture
def verbs(alice: User, andy: User, bob: User, erin: User, team: Team, namespace: Namespace, app_row: App) -> list[Verb]:
    """Wishes of each kind, of people who may."""
    request = make_request(team, erin)
    invitation, _ = make_invitation(team, "zoe@example.com", invited_by=alice)
    member = team.memberships.get(user=bob)
    return [
        lambda: teams.edit_team(actor=alice, team=team, name="Other"),
        lambda: teams.delete_team(actor=alice, team=team, confirm="payments"),
        lambda: namespaces.create_namespace(actor=alice, team=team, name="x", plan=Plan.objects.first()),
        lambda: namespaces.delete_namespace(actor=alice, namespace=namespace, confirm="payments-dev"),
        lambda: apps.create_app(actor=bob, namespace=namespace, name="x", spec=make_spec()),
        lambda: apps.release_app(actor=bob, app=app_row, spec=make_spec(replicas=2), expected=None),
        lambda: apps.delete_app(actor=bob, app=app_row, confirm="checkout"),
        lambda: secrets.set_secret(actor=bob, namespace=namespace, name="x", values={"A": "1"}),
        lambda: members.change_role(actor=alice, membership=member, role="viewer"),
        lambda: members.remove_member(actor=alice, membership=member),
        lambda: invitations.invite(actor=alice, team=team, people=["a@example.com"], role="viewer"),
        lambda: invitations.revoke(actor=alice, invitation=invitation),
        lambda: joining.accept(actor=alice, request=request, role="viewer"),
        lambda: transfers.offer(actor=alice, team=team, to="andy"),
    ]


def test_nothing_is_changed_in_a_suspended_team(sam: User, team: Team, verbs: list[Verb]) -> None:
    suspensions.suspend_team(actor=sam, team=team, reason="Unpaid")
    for user in User.objects.all():
        access.forget_roles(user)
    fresh = Team.objects.get(pk=team.pk)
    team.suspended_at, team.suspended_reason = fresh.suspended_at, fresh.suspended_reason
    for number, verb in enumerate(verbs):
        with pytest.raises(Suspended, match=r"Payments is suspended \(Unpaid\)"):
            verb()
        assert not Operation.objects.exists(), number


def test_nor_by_somebody_who_read_the_team_before(sam: User, team: Team, verbs: list[Verb]) -> None:
    """The rows at hand do not know of it yet; under the lock it is seen."""
    suspensions.suspend_team(actor=sam, team=Team.objects.get(pk=team.pk), reason="Unpaid")
    assert not team.suspended
    for verb in verbs:
        with pytest.raises(Suspended):
            verb()
    assert not Operation.objects.exists()


def test_all_goes_on_after_it(sam: User, team: Team, bob: User, app_row: App) -> None:
    suspensions.suspend_team(actor=sam, team=team, reason="Unpaid")
    suspensions.lift_team(actor=sam, team=team)
    apps.release_app(actor=bob, app=App.objects.get(pk=app_row.pk), spec=make_spec(replicas=2), expected=None)
    assert Operation.objects.get().kind == "app.apply"


def test_members_still_read_and_leave(sam: User, alice: User, carol: User, team: Team) -> None:
    team = suspensions.suspend_team(actor=sam, team=team, reason="Unpaid")
    left = {verb for verb in access.RIGHTS if access.can(alice, verb, team)}
    everybody = {verb for verb, holders in access.RIGHTS.items() if access.EVERYBODY in holders}
    assert left - everybody == access.IN_SUSPENDED
    members.remove_member(actor=carol, membership=team.memberships.get(user=carol))
    assert not team.memberships.filter(user=carol).exists()


def test_owners_and_admins_are_told_the_reason(sam: User, team: Team) -> None:
    suspensions.suspend_team(actor=sam, team=team, reason="Unpaid")
    told = Notice.objects.filter(kind="team.suspended")
    assert sorted(told.values_list("person__username", "text")) == [("alice", "Unpaid"), ("andy", "Unpaid")]


def test_who_may_not_anyway_is_told_of_the_role(sam: User, carol: User, team: Team) -> None:
    team = suspensions.suspend_team(actor=sam, team=team, reason="Unpaid")
    with pytest.raises(Forbidden, match="Your role") as caught:
        access.require(carol, "apps.write", team)
    assert caught.value.code == "forbidden"


def test_staff_of_the_site_who_are_members_change_nothing_either(sam: User, team: Team) -> None:
    make_member(team, sam, "owner")
    team = suspensions.suspend_team(actor=sam, team=team, reason="Unpaid")
    assert not access.can(sam, "team.edit", team)
