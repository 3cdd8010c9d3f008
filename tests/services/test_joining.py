"""Join requests: who may ask, who answers, and what each hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from tenants import letters
from tenants.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, TooMany
from tenants.models import AuditEntry, JoinMessage, JoinRequest, Letter, Membership, Notice, Team, User
from tenants.services import joining
from tests.factories import confirm_address, make_member, make_request, make_user


@pytest.fixture
def open_team(team: Team) -> Team:
    Team.objects.update(discoverable=True)
    team.refresh_from_db()
    return team


@pytest.fixture
def orphan(other_team: Team, erin: User) -> Team:
    """A team whose only owner is suspended; bob is a viewer there."""
    User.objects.filter(pk=erin.pk).update(is_active=False)
    Team.objects.filter(pk=other_team.pk).update(discoverable=True)
    other_team.refresh_from_db()
    return other_team


def ask(actor: User, team: Team, message: str = "Let me in") -> JoinRequest:
    return joining.ask(actor=actor, team=team, message=message)


def told() -> set[tuple[str, str]]:
    return set(Notice.objects.values_list("person__username", "kind"))


# -- asking ----------------------------------------------------------------------------------------------


def test_owners_and_admins_hear_of_a_request_by_notice_and_mail(
    alice: User, andy: User, bob: User, erin: User, open_team: Team
) -> None:
    for person in (alice, andy, bob):
        confirm_address(person)
    request = ask(erin, open_team, "I mend the mailer")
    assert told() == {("alice", "request.asked"), ("andy", "request.asked")}
    for letter in Letter.objects.all():
        letters.send(letter.pk)
    assert {message.to[0] for message in mail.outbox} == {alice.email, andy.email}
    assert "> I mend the mailer" in str(mail.outbox[0].body)
    assert f"http://127.0.0.1:8000/requests/{request.pk}/" in str(mail.outbox[0].body)


def test_team_that_cannot_be_found_is_not_there(erin: User, team: Team) -> None:
    with pytest.raises(NotFound):
        ask(erin, team)


def test_suspended_team_is_not_there(erin: User, open_team: Team) -> None:
    Team.objects.update(suspended_at=timezone.now())
    with pytest.raises(DomainError):
        ask(erin, open_team)
    assert not JoinRequest.objects.exists()


def test_member_needs_not_ask(bob: User, open_team: Team) -> None:
    with pytest.raises(Conflict) as caught:
        ask(bob, open_team)
    assert (caught.value.code, set(caught.value.fields)) == ("member", {"message"})


def test_no_second_request_while_one_is_open(alice: User, erin: User, open_team: Team) -> None:
    first = ask(erin, open_team)
    with pytest.raises(Conflict) as caught:
        ask(erin, open_team)
    assert (caught.value.code, set(caught.value.fields)) == ("asked", {"message"})
    joining.decline(actor=alice, request=first)
    assert ask(erin, open_team).state == "open"


def test_one_person_asks_so_often_an_hour(erin: User, open_team: Team, settings: Settings) -> None:
    settings.JOIN_REQUESTS_PER_HOUR = 1
    joining.withdraw(actor=erin, request=ask(erin, open_team))
    JoinRequest.objects.update(created_at=timezone.now() - timedelta(minutes=50))
    with pytest.raises(TooMany) as caught:
        ask(erin, open_team)
    assert set(caught.value.fields) == {"message"}
    assert 540 < caught.value.retry_after <= 600
    JoinRequest.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert ask(erin, open_team)


def test_a_stranger_writes_so_much_an_hour_and_members_answer_as_they_like(
    alice: User, erin: User, open_team: Team
) -> None:
    request = ask(erin, open_team)
    for _ in range(joining.MESSAGES_PER_HOUR - 1):
        joining.reply(actor=erin, request=request, text="Please")
    with pytest.raises(TooMany) as caught:
        joining.reply(actor=erin, request=request, text="Please")
    assert set(caught.value.fields) == {"text"}
    assert 3500 < caught.value.retry_after <= 3600
    for _ in range(joining.MESSAGES_PER_HOUR + 1):
        joining.reply(actor=alice, request=request, text="Patience")
    JoinMessage.objects.update(at=timezone.now() - timedelta(hours=1))
    assert joining.reply(actor=erin, request=request, text="Thank you")


@pytest.mark.parametrize("message", ["", "   ", "x" * 1001, "turn \u202e around"])
def test_message_is_a_few_plain_words(erin: User, open_team: Team, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        ask(erin, open_team, message)
    assert set(caught.value.fields) == {"message"}


# -- answering -------------------------------------------------------------------------------------------


def test_accepted_one_is_a_member_with_the_role_that_was_given(andy: User, erin: User, team: Team) -> None:
    confirm_address(erin)
    request = make_request(team, erin)
    membership = joining.accept(actor=andy, request=request, role="developer")
    assert (membership.user, membership.role) == (erin, "developer")
    request.refresh_from_db()
    assert (request.state, request.role, request.decided_by) == ("accepted", "developer", andy)
    assert told() == {("erin", "request.answered")}
    assert AuditEntry.objects.get().changes == [{"field": "role", "old": None, "new": "developer"}]


def test_admin_lets_nobody_in_at_their_own_rank(andy: User, erin: User, team: Team) -> None:
    with pytest.raises(Forbidden):
        joining.accept(actor=andy, request=make_request(team, erin), role="admin")
    assert not Membership.objects.filter(user=erin).exists()


@pytest.mark.parametrize("name", ["bob", "carol", "sam", "dave"])
def test_others_answer_nobody(name: str, request: pytest.FixtureRequest, erin: User, team: Team) -> None:
    actor = request.getfixturevalue(name)
    asked = make_request(team, erin)
    for verb in (
        lambda: joining.accept(actor=actor, request=asked, role="viewer"),
        lambda: joining.decline(actor=actor, request=asked),
        lambda: joining.reply(actor=actor, request=asked, text="Hello"),
    ):
        with pytest.raises(Forbidden):
            verb()
    assert set(AuditEntry.objects.values_list("outcome", flat=True)) == {"denied"}


def test_decided_one_is_decided(alice: User, erin: User, team: Team) -> None:
    request = make_request(team, erin)
    joining.decline(actor=alice, request=request, text="Ask Ledgers instead")
    assert list(request.messages.values_list("text", flat=True)) == ["Let me in", "Ask Ledgers instead"]
    for verb in (
        lambda: joining.accept(actor=alice, request=request, role="viewer"),
        lambda: joining.withdraw(actor=erin, request=request),
        lambda: joining.reply(actor=erin, request=request, text="Why?"),
    ):
        with pytest.raises(Conflict) as caught:
            verb()
        assert caught.value.code == "decided"


def test_each_side_hears_what_the_other_writes(alice: User, andy: User, erin: User, team: Team) -> None:
    request = make_request(team, erin)
    joining.reply(actor=alice, request=request, text="Who are you?")
    assert told() == {("erin", "request.message")}
    Notice.objects.all().delete()
    joining.reply(actor=erin, request=request, text="Erin of Ledgers")
    assert told() == {("alice", "request.message"), ("andy", "request.message")}


def test_nobody_withdraws_for_another(alice: User, erin: User, team: Team) -> None:
    with pytest.raises(NotFound):
        joining.withdraw(actor=alice, request=make_request(team, erin))


def test_suspended_person_is_not_let_in(alice: User, erin: User, team: Team) -> None:
    request = make_request(team, erin)
    User.objects.filter(pk=erin.pk).update(is_active=False)
    with pytest.raises(Conflict) as caught:
        joining.accept(actor=alice, request=request, role="viewer")
    assert caught.value.code == "suspended"


# -- teams where nobody can answer -----------------------------------------------------------------------


def test_support_hears_of_requests_that_nobody_there_can_answer(bob: User, sam: User, orphan: Team) -> None:
    ask(bob, orphan)
    assert told() == {("sam", "request.asked")}


def test_support_decides_for_a_team_without_owner_and_admin(bob: User, sam: User, orphan: Team) -> None:
    membership = joining.accept(actor=sam, request=make_request(orphan, bob), role="owner")
    assert membership.role == "owner"
    assert AuditEntry.objects.get(action="request.accept").role == "support"


def test_support_decides_no_longer_once_somebody_there_can(bob: User, sam: User, orphan: Team) -> None:
    make_member(orphan, make_user("kim"), "admin")
    with pytest.raises(Forbidden):
        joining.accept(actor=sam, request=make_request(orphan, bob), role="viewer")


def test_support_decides_not_on_their_own_request(sam: User, orphan: Team) -> None:
    with pytest.raises(Forbidden):
        joining.accept(actor=sam, request=make_request(orphan, sam), role="owner")


def test_approver_adopts_nothing(bob: User, dave: User, orphan: Team) -> None:
    with pytest.raises(Forbidden):
        joining.accept(actor=dave, request=make_request(orphan, bob), role="viewer")
