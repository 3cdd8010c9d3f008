"""A team changes hands: offered by an owner, accepted or declined by the other side."""

from __future__ import annotations

import pytest

from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.models import AuditEntry, Notice, Team, Transfer, User
from tenants.models.joining import RequestState
from tenants.services import members, suspensions, transfers
from tests.factories import make_member

pytestmark = pytest.mark.django_db


def role(team: Team, user: User) -> str:
    return team.memberships.get(user=user).role


@pytest.fixture
def offer(alice: User, bob: User, team: Team) -> Transfer:
    return transfers.offer(actor=alice, team=team, to="bob", keeps="developer")


def test_an_offer_changes_nothing_yet(offer: Transfer, alice: User, bob: User, team: Team) -> None:
    assert (role(team, alice), role(team, bob)) == ("owner", "developer")
    notice = Notice.objects.get(person=bob)
    assert (notice.kind, notice.title) == ("transfer.offered", "alice offers you Payments")


def test_accepted_it_gives_both_their_roles(offer: Transfer, alice: User, bob: User, team: Team) -> None:
    transfers.accept(actor=bob, transfer=offer)
    assert (role(team, alice), role(team, bob)) == ("developer", "owner")
    entry = AuditEntry.objects.get(action="transfer.accept")
    assert entry.changes == [
        {"field": "role of bob", "old": "developer", "new": "owner"},
        {"field": "role of alice", "old": "owner", "new": "developer"},
    ]
    assert Notice.objects.get(person=alice).title == "bob owns Payments now"


def test_declined_it_leaves_all_as_it_is(offer: Transfer, alice: User, bob: User, team: Team) -> None:
    transfers.decline(actor=bob, transfer=offer)
    assert (role(team, alice), role(team, bob)) == ("owner", "developer")
    with pytest.raises(Conflict):
        transfers.accept(actor=bob, transfer=offer)


def test_taken_back_it_is_over(offer: Transfer, alice: User, bob: User) -> None:
    transfers.withdraw(actor=alice, transfer=offer)
    with pytest.raises(Conflict):
        transfers.accept(actor=bob, transfer=offer)


@pytest.mark.parametrize("who", ["alice", "andy", "sam", "erin"])
def test_nobody_but_the_taker_answers(request: pytest.FixtureRequest, offer: Transfer, who: str) -> None:
    for verb in (transfers.accept, transfers.decline):
        with pytest.raises(NotFound):
            verb(actor=request.getfixturevalue(who), transfer=offer)


def test_owners_alone_offer_and_take_back(andy: User, offer: Transfer, team: Team) -> None:
    with pytest.raises(Forbidden):
        transfers.offer(actor=andy, team=team, to="carol")
    with pytest.raises(Forbidden):
        transfers.withdraw(actor=andy, transfer=offer)


@pytest.mark.parametrize("to", ["erin", "nobody", "alice", "owen", "gone", ""])
def test_who_cannot_take_it_is_told_at_the_field(alice: User, erin: User, team: Team, to: str) -> None:
    make_member(team, User.objects.create(username="owen"), "owner")
    make_member(team, User.objects.create(username="gone", is_active=False), "developer")
    with pytest.raises(Invalid) as caught:
        transfers.offer(actor=alice, team=team, to=to)
    assert set(caught.value.fields) == {"to"}


def test_the_giver_keeps_no_ownership_by_it(alice: User, team: Team) -> None:
    with pytest.raises(Invalid) as caught:
        transfers.offer(actor=alice, team=team, to="bob", keeps="owner")
    assert set(caught.value.fields) == {"keeps"}


def test_one_offer_is_open_at_a_time(alice: User, offer: Transfer, team: Team) -> None:
    with pytest.raises(Conflict, match="offered to bob already"):
        transfers.offer(actor=alice, team=team, to="andy")


def test_it_does_not_hold_while_the_giver_is_suspended(offer: Transfer, sam: User, alice: User, bob: User) -> None:
    suspensions.suspend_person(actor=sam, person=alice, reason="Left")
    with pytest.raises(Conflict) as caught:
        transfers.accept(actor=bob, transfer=offer)
    assert caught.value.code == "void"


def test_it_ends_when_the_taker_is_taken_out(offer: Transfer, alice: User, bob: User, team: Team) -> None:
    members.remove_member(actor=alice, membership=team.memberships.get(user=bob))
    offer.refresh_from_db()
    assert offer.state == RequestState.WITHDRAWN


def test_it_ends_when_the_giver_is_no_owner_any_more(offer: Transfer, andy: User, alice: User, team: Team) -> None:
    members.change_role(actor=alice, membership=team.memberships.get(user=andy), role="owner")
    members.change_role(actor=andy, membership=team.memberships.get(user=alice), role="admin")
    offer.refresh_from_db()
    assert offer.state == RequestState.WITHDRAWN


def test_another_role_of_the_taker_does_not_end_it(offer: Transfer, alice: User, bob: User, team: Team) -> None:
    members.change_role(actor=alice, membership=team.memberships.get(user=bob), role="viewer")
    transfers.accept(actor=bob, transfer=offer)
    assert role(team, bob) == "owner"


def test_ownership_by_offer_is_by_hand(offer: Transfer, bob: User, team: Team) -> None:
    team.memberships.filter(user=bob).update(by_group=True)
    transfers.accept(actor=bob, transfer=offer)
    assert not team.memberships.get(user=bob).by_group


@pytest.mark.parametrize("who", ["alice", "bob", "andy", "sam"])
def test_who_sees_an_offer(request: pytest.FixtureRequest, offer: Transfer, who: str) -> None:
    assert Transfer.objects.visible_to(request.getfixturevalue(who)).exists()


@pytest.mark.parametrize("who", ["carol", "erin", "dave"])
def test_who_sees_none(request: pytest.FixtureRequest, offer: Transfer, who: str) -> None:
    assert not Transfer.objects.visible_to(request.getfixturevalue(who)).exists()
