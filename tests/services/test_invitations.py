"""Invitations: who may send which, whom they let in, and that nothing tells who has an account."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from tenants import letters
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from tenants.models import AuditEntry, Invitation, JoinRequest, Letter, Membership, Notice, Team, User
from tenants.services import invitations, members
from tests.factories import confirm_address, make_invitation, make_request, make_user


def send_all() -> None:
    """What the workers do with the letters that wait."""
    for letter in Letter.objects.filter(sent_at=None, given_up_at=None):
        letters.send(letter.pk)


def token_in(message: mail.EmailMessage) -> str:
    found = re.search(r"/join/#(\S+)", str(message.body))
    assert found
    return found[1]


def invited(actor: User, team: Team, *people: str, role: str = "developer", note: str = "") -> list[invitations.Answer]:
    return invitations.invite(actor=actor, team=team, people=people, role=role, note=note)


# -- sending ---------------------------------------------------------------------------------------------


def test_mail_says_who_invites_to_what_until_when(alice: User, team: Team) -> None:
    invited(alice, team, "Zoe@Example.com", note="Welcome\naboard")
    send_all()
    (message,) = mail.outbox
    assert message.to == ["zoe@example.com"]
    assert message.subject == "alice invites you to Payments on Berth"
    ends = timezone.now() + timedelta(days=7)
    for body in (str(message.body), str(message.alternatives[0][0])):
        assert "alice" in body
        assert "Payments" in body
        assert "developer" in body
        assert f"{ends.day} {ends:%B %Y}" in body
        assert "http://127.0.0.1:8000/join/#" in body
    assert "> Welcome\n> aboard" in str(message.body)
    assert message.alternatives[0][1] == "text/html"


def test_token_of_the_mail_is_kept_as_a_hash_alone(alice: User, team: Team) -> None:
    invited(alice, team, "zoe@example.com")
    invitation = Invitation.objects.get()
    assert invitation.letter is not None
    sealed = bytes(invitation.letter.sealed or b"")
    send_all()
    token = token_in(mail.outbox[0])
    assert len(token) >= 43
    assert token.encode() not in sealed
    assert token not in invitation.digest
    assert invitations.by_token(token) == invitation


def test_each_address_has_its_own_answer(alice: User, team: Team) -> None:
    invited(alice, team, "old@example.com")
    answers = invited(alice, team, "new@example.com", "old@example.com", "bob", "no one", "NEW@example.com")
    assert [(answer.invitee, answer.code) for answer in answers] == [
        ("new@example.com", "invited"),
        ("old@example.com", "standing"),
        ("bob", "member"),
        ("no one", "invalid"),
    ]


def test_one_that_ran_out_makes_way_for_a_new_one(alice: User, team: Team) -> None:
    old, _ = make_invitation(team, "zoe@example.com", expires_at=timezone.now() - timedelta(minutes=1))
    assert invited(alice, team, "zoe@example.com")[0].code == "invited"
    old.refresh_from_db()
    assert old.revoked_at is not None


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_admin_invites_nobody_of_their_own_rank(andy: User, team: Team, role: str) -> None:
    with pytest.raises(Forbidden):
        invited(andy, team, "zoe@example.com", role=role)
    assert AuditEntry.objects.get().outcome == "denied"


def test_developer_invites_nobody(bob: User, team: Team) -> None:
    with pytest.raises(Forbidden):
        invited(bob, team, "zoe@example.com", role="viewer")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": "king"}, "role"),
        ({"note": "x" * 501}, "note"),
        ({"note": "a\u202eb"}, "note"),
        ({"people": []}, "people"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(alice: User, team: Team, change: dict[str, str], field: str) -> None:
    wish = {"people": ["zoe@example.com"], "role": "viewer", "note": ""} | change
    with pytest.raises(Invalid) as caught:
        invitations.invite(actor=alice, team=team, **wish)
    assert set(caught.value.fields) == {field}


def test_a_team_invites_so_many_an_hour(alice: User, team: Team, settings: Settings) -> None:
    settings.INVITATIONS_PER_HOUR = 2
    answers = invited(alice, team, "a@example.com", "b@example.com", "c@example.com")
    assert [answer.code for answer in answers] == ["invited", "invited", "too_many"]
    with pytest.raises(TooMany):
        invitations.resend(actor=alice, invitation=Invitation.objects.get(email="a@example.com"))
    Letter.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert invited(alice, team, "c@example.com")[0].code == "invited"


def test_subject_is_one_line_whatever_the_team_is_called(alice: User, team: Team) -> None:
    Team.objects.update(name="Pay\r\nBcc: all@example.com")
    team.refresh_from_db()
    invited(alice, team, "zoe@example.com")
    send_all()
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].recipients() == ["zoe@example.com"]


def test_html_of_a_note_is_text(alice: User, team: Team) -> None:
    invited(alice, team, "zoe@example.com", note="<img src=x onerror=alert(1)>")
    send_all()
    assert "<img" not in str(mail.outbox[0].alternatives[0][0])


# -- by user name ----------------------------------------------------------------------------------------


def test_name_of_an_account_gets_a_mail_at_its_address(alice: User, erin: User, team: Team) -> None:
    confirm_address(erin)
    invited(alice, team, "Erin")
    send_all()
    assert [message.to for message in mail.outbox] == [[erin.email]]
    assert "Erin" in str(mail.outbox[0].body)
    assert erin.email not in str(mail.outbox[0].body)


def test_name_of_nobody_gets_the_same_answer_and_row(alice: User, erin: User, team: Team) -> None:
    confirm_address(erin)
    known, unknown = invited(alice, team, "erin", "nobody")
    assert (known.code, known.message) == (unknown.code, unknown.message)
    send_all()
    rows = Invitation.objects.order_by("username").values_list(
        "username", "email", "letter__given_up_at", "letter__error"
    )
    assert list(rows) == [("erin", "", None, ""), ("nobody", "", None, "")]
    assert {(letter.sent_at is None, letter.sealed) for letter in Letter.objects.all()} == {(False, None)}
    assert len(mail.outbox) == 1


def test_name_takes_the_same_queries_whether_or_not_it_is_anybodys(alice: User, erin: User, team: Team) -> None:
    confirm_address(erin)
    invited(alice, team, "kim")
    counts = []
    for name in ("erin", "nobody"):
        with CaptureQueriesContext(connection) as queries:
            invited(alice, team, name)
        counts.append([query["sql"].split()[0] for query in queries])
    assert counts[0] == counts[1]


def test_who_takes_a_name_later_was_not_meant(alice: User, team: Team) -> None:
    invited(alice, team, "zed")
    zed = make_user("zed")
    assert Invitation.objects.get().person is None
    with pytest.raises(NotFound):
        invitations.accept(actor=zed, invitation=Invitation.objects.get())


# -- accepting -------------------------------------------------------------------------------------------


def test_whoever_confirmed_the_address_becomes_what_they_were_invited_as(alice: User, erin: User, team: Team) -> None:
    invitation, token = make_invitation(team, confirm_address(erin), role="viewer")
    membership = invitations.accept(actor=erin, invitation=invitations.by_token(token))
    assert (membership.user, membership.role) == (erin, "viewer")
    invitation.refresh_from_db()
    assert invitation.accepted_by == erin
    assert AuditEntry.objects.get().action == "invitation.accept"
    assert Notice.objects.get().person == alice


def refusals(team: Team, erin: User) -> dict[str, Invitation | None]:
    """Invitations that erin cannot accept, each for another reason."""
    address = confirm_address(erin)
    gone = timezone.now() - timedelta(minutes=1)
    used, _ = make_invitation(team, address, accepted_at=gone)
    revoked, _ = make_invitation(team, address, revoked_at=gone)
    late, _ = make_invitation(team, address, expires_at=gone)
    foreign, _ = make_invitation(team, "zoe@example.com")
    former = make_user("former")
    void, _ = make_invitation(team, confirm_address(erin, "second@example.com"), by=former)
    return {"used": used, "revoked": revoked, "late": late, "foreign": foreign, "void": void, "unknown": None}


def test_every_refusal_is_the_same(erin: User, team: Team) -> None:
    told = set()
    for invitation in refusals(team, erin).values():
        with pytest.raises(NotFound) as caught:
            invitations.accept(actor=erin, invitation=invitation)
        told.add((caught.value.message, caught.value.code, tuple(caught.value.fields)))
    assert len(told) == 1
    assert not Membership.objects.filter(user=erin).exists()
    assert set(AuditEntry.objects.values_list("action", "outcome", "target")) == {
        ("invitation.accept", "denied", "user erin")
    }


def test_address_that_is_not_confirmed_opens_nothing(erin: User, team: Team) -> None:
    EmailAddress.objects.create(user=erin, email="zoe@example.com", verified=False)
    invitation, _ = make_invitation(team, "zoe@example.com")
    with pytest.raises(NotFound):
        invitations.accept(actor=erin, invitation=invitation)


def test_invitation_is_worth_what_its_sender_may_grant_now(andy: User, erin: User, team: Team) -> None:
    _, token = make_invitation(team, confirm_address(erin), by=andy)
    Membership.objects.filter(user=andy).update(role="developer")
    with pytest.raises(NotFound):
        invitations.accept(actor=erin, invitation=invitations.by_token(token))
    Membership.objects.filter(user=andy).update(role="admin")
    assert invitations.accept(actor=erin, invitation=invitations.by_token(token)).user == erin


def test_member_stays_what_they_are_and_the_invitation_is_used(bob: User, team: Team) -> None:
    invitation, _ = make_invitation(team, confirm_address(bob), role="viewer")
    assert invitations.accept(actor=bob, invitation=invitation).role == "developer"
    invitation.refresh_from_db()
    assert not invitation.open


def test_token_needs_the_scope_for_teams(erin: User, team: Team) -> None:
    invitation, _ = make_invitation(team, confirm_address(erin))
    erin.token_scopes = ("read",)
    with pytest.raises(Forbidden):
        invitations.accept(actor=erin, invitation=invitation)


def test_open_request_of_whoever_accepts_is_over(erin: User, team: Team) -> None:
    make_request(team, erin)
    invitation, _ = make_invitation(team, confirm_address(erin))
    invitations.accept(actor=erin, invitation=invitation)
    assert JoinRequest.objects.get().state == "accepted"


# -- again, and back -------------------------------------------------------------------------------------


def test_sending_again_kills_the_old_token(andy: User, erin: User, team: Team) -> None:
    invitation, old = make_invitation(team, confirm_address(erin), expires_at=timezone.now())
    invitations.resend(actor=andy, invitation=invitation)
    send_all()
    new = token_in(mail.outbox[0])
    assert invitations.by_token(old) is None
    found = invitations.by_token(new)
    assert found is not None
    assert found.live
    assert found.invited_by == andy


def test_page_of_the_old_link_accepts_nothing_once_it_was_sent_again(alice: User, erin: User, team: Team) -> None:
    _, token = make_invitation(team, confirm_address(erin))
    before = invitations.by_token(token)
    assert before is not None
    invitations.resend(actor=alice, invitation=before)
    shown = Invitation.objects.get()
    shown.digest = before.digest
    with pytest.raises(NotFound):
        invitations.accept(actor=erin, invitation=shown)


def test_taken_back_it_opens_nothing(alice: User, erin: User, team: Team) -> None:
    invitation, token = make_invitation(team, confirm_address(erin))
    invitations.revoke(actor=alice, invitation=invitation)
    with pytest.raises(NotFound):
        invitations.accept(actor=erin, invitation=invitations.by_token(token))
    with pytest.raises(Conflict):
        invitations.resend(actor=alice, invitation=invitation)


@pytest.mark.parametrize("verb", [invitations.resend, invitations.revoke])
def test_admin_leaves_invitations_above_their_rank_alone(andy: User, team: Team, verb: object) -> None:
    invitation, _ = make_invitation(team, "zoe@example.com", role="admin")
    with pytest.raises(Forbidden):
        verb(actor=andy, invitation=invitation)  # type: ignore[operator]


def test_declined_it_is_over_and_its_sender_hears_of_it(alice: User, erin: User, team: Team) -> None:
    invitation, _ = make_invitation(team, confirm_address(erin))
    invitations.decline(actor=erin, invitation=invitation)
    invitation.refresh_from_db()
    assert not invitation.open
    assert Notice.objects.get().person == alice


def test_stranger_declines_nothing(bob: User, team: Team) -> None:
    invitation, _ = make_invitation(team, "zoe@example.com")
    with pytest.raises(NotFound):
        invitations.decline(actor=bob, invitation=invitation)


def test_who_was_removed_can_be_invited_again(alice: User, bob: User, team: Team) -> None:
    members.remove_member(actor=alice, membership=Membership.objects.get(user=bob))
    assert invited(alice, team, "bob")[0].code == "invited"
