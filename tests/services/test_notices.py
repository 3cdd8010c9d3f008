"""Notices: who is told what, where and how by mail, as each chose; the daily mail; links that turn mails down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants import notices
from tenants.errors import Invalid, NotFound
from tenants.models import AuditEntry, Letter, Notice, NoticeChoice, Team, User
from tenants.notices import DAILY, KINDS
from tenants.selectors import notices as shown
from tenants.services import notices as verbs
from tenants.services.notices import Wish
from tests.factories import confirm_address
from tests.services.notices import at, choose, sent, tell, token

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _addresses(request: pytest.FixtureRequest) -> None:
    if "alice" in request.fixturenames:
        confirm_address(request.getfixturevalue("alice"))


# -- telling -----------------------------------------------------------------------------------------------


def test_few_kinds_are_mailed_unless_somebody_asks_for_it() -> None:
    """What waits for an answer, the answer that somebody waits for, and what stops a team or guards an account."""
    at_once = {name for name, kind in KINDS.items() if kind.by_mail == "now"}
    assert at_once == {
        "quota.decided",
        "quota.message",
        "quota.ending",
        "request.asked",
        "request.message",
        "request.answered",
        "transfer.offered",
        "team.suspended",
        "team.owner_kept",
        "account.secured",
    }


def test_what_many_ask_of_staff_is_mailed_once_a_day() -> None:
    assert [name for name, kind in KINDS.items() if kind.by_mail == "daily"] == ["quota.asked"]


def test_a_kind_without_mail_stands_in_the_portal_alone(alice: User) -> None:
    tell(alice)
    assert shown.unread(alice) == 1
    assert sent() == []


def test_everybody_is_told_once(alice: User, bob: User) -> None:
    tell(alice, bob, alice)
    assert sorted(Notice.objects.values_list("person__username", flat=True)) == ["alice", "bob"]


def test_who_is_suspended_is_told_nothing(alice: User) -> None:
    alice.is_active = False
    tell(alice, kind="request.asked")
    assert (Notice.objects.count(), Letter.objects.count()) == (0, 0)


def test_who_wants_it_by_mail_alone_finds_nothing_in_the_portal(alice: User) -> None:
    choose(alice, in_portal=False, by_mail="now")
    tell(alice)
    assert shown.unread(alice) == 0
    assert [message.subject for message in sent()] == ["v2 is stuck"]


def test_who_turned_a_kind_down_altogether_is_told_nothing(alice: User) -> None:
    choose(alice, in_portal=False, by_mail="never")
    tell(alice)
    assert (Notice.objects.count(), Letter.objects.count()) == (0, 0)


def test_no_mail_goes_to_an_address_that_is_not_confirmed(bob: User) -> None:
    tell(bob, kind="request.asked")
    assert (shown.unread(bob), Letter.objects.count()) == (1, 0)


def test_paused_mails_do_not_leave_and_the_portal_still_tells(alice: User) -> None:
    alice = verbs.choose(actor=alice, wishes={}, mails_paused=True)
    tell(alice, kind="request.asked")
    assert (shown.unread(alice), Letter.objects.count()) == (1, 0)


def test_what_waited_for_the_daily_mail_waits_no_more_when_mails_are_paused(alice: User) -> None:
    choose(alice, by_mail="daily")
    tell(alice)
    verbs.choose(actor=alice, wishes={}, mails_paused=True)
    verbs.choose(actor=alice, wishes={}, mails_paused=False)
    at(MORNING - timedelta(hours=1))
    assert notices.send_daily(MORNING) == 0


# -- choosing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", [Wish(in_portal=False), Wish(by_mail="never")])
def test_what_guards_the_account_is_not_turned_down(alice: User, wish: Wish) -> None:
    with pytest.raises(Invalid) as refused:
        verbs.choose(actor=alice, wishes={"account.secured": wish})
    assert "always" in refused.value.fields["account.secured"]


@pytest.mark.parametrize(("kind", "by_mail"), [("no.such", "now"), ("release.stuck", "hourly")])
def test_what_is_not_there_is_not_chosen(alice: User, kind: str, by_mail: str) -> None:
    with pytest.raises(Invalid):
        choose(alice, kind, by_mail=by_mail)
    assert not NoticeChoice.objects.exists()


def test_a_choice_leaves_a_line_and_one_that_changes_nothing_none(alice: User) -> None:
    choose(alice, by_mail="daily")
    choose(alice, by_mail="daily", in_portal=True)
    (entry,) = AuditEntry.objects.filter(action="notices.choose")
    assert entry.changes == [{"field": "release.stuck.by_mail", "old": "never", "new": "daily"}]


def test_kinds_of_the_sites_staff_are_shown_to_them_alone(alice: User, sam: User) -> None:
    assert "team.owner_kept" not in {choice.name for choice in shown.choices(alice)}
    assert "team.owner_kept" in {choice.name for choice in shown.choices(sam)}


# -- reading -----------------------------------------------------------------------------------------------


def test_another_s_notice_is_not_marked(alice: User, bob: User) -> None:
    tell(alice)
    with pytest.raises(NotFound):
        verbs.mark_read(actor=bob, notice=Notice.objects.get())
    assert shown.unread(alice) == 1


def test_all_of_a_team_are_marked_and_no_others(alice: User, team: Team, other_team: Team) -> None:
    tell(alice, team=team)
    tell(alice, team=other_team)
    assert verbs.mark_all_read(actor=alice, team=team) == 1
    assert Notice.objects.get(read_at=None).team == other_team


def test_pages_hold_each_notice_once_unread_ones_first(alice: User) -> None:
    moment = timezone.now()
    rows = [Notice(person=alice, kind="release.stuck", title=str(number)) for number in range(70)]
    Notice.objects.bulk_create(rows)
    Notice.objects.update(at=moment)  # all at once: the key decides
    read = Notice.objects.filter(title__in=[str(number) for number in range(0, 70, 2)])
    read.update(read_at=moment)
    found: list[Notice] = []
    before = ""
    while True:
        page = shown.page(shown.listed(alice), before)
        found += page.notices
        before = page.older
        if not before:
            break
    assert len(found) == len({notice.pk for notice in found}) == 70
    assert [notice.read_at is None for notice in found] == [True] * 35 + [False] * 35


@pytest.mark.parametrize("cursor", ["x", "2-1-1", "0-999999999999999999-1", "0-1"])
def test_a_page_that_nobody_was_led_to_is_not_there(alice: User, cursor: str) -> None:
    with pytest.raises(NotFound):
        shown.page(shown.listed(alice), cursor)


def test_counting_ends_at_a_hundred(alice: User) -> None:
    Notice.objects.bulk_create(Notice(person=alice, kind="release.stuck", title="x") for _ in range(150))
    assert shown.unread(alice) == shown.MANY


# -- turning down by a link ----------------------------------------------------------------------------------


def test_mails_name_the_link_that_turns_them_down(alice: User) -> None:
    tell(alice, kind="request.asked", title="bob asks")
    (message,) = sent()
    link = f"http://127.0.0.1:8000/turn-down/{token(alice, 'request.asked')}/"
    assert message.extra_headers["List-Unsubscribe"] == f"<{link}>"
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in message.body
    assert link in message.alternatives[0].content


def test_a_link_turns_down_mails_of_its_kind_and_nothing_else(alice: User, bob: User) -> None:
    assert verbs.turn_down(token=token(alice, "request.asked")) == "request.asked"
    (row,) = NoticeChoice.objects.all()
    assert (row.person, row.kind, row.in_portal, row.by_mail) == (alice, "request.asked", True, "never")
    tell(alice, kind="request.asked")
    assert (shown.unread(alice), Letter.objects.count()) == (1, 0)


def test_the_link_of_the_daily_mail_ends_it_and_leaves_what_is_mailed_at_once(alice: User) -> None:
    choose(alice, by_mail="daily")
    choose(alice, "namespace.deleted", by_mail="now")
    tell(alice)
    at(MORNING - timedelta(hours=1))
    verbs.turn_down(token=token(alice, DAILY))
    assert notices.send_daily(MORNING) == 0
    assert dict(NoticeChoice.objects.values_list("kind", "by_mail")) == {
        "release.stuck": "never",
        "namespace.deleted": "now",
    }


@pytest.mark.parametrize(
    "change", [lambda text: text[:-1], lambda text: "x" + text, lambda text: "", lambda text: "a:b"]
)
def test_a_link_that_nobody_signed_turns_nothing_down(alice: User, change: Any) -> None:
    with pytest.raises(NotFound):
        verbs.turn_down(token=change(token(alice, "request.asked")))
    assert not NoticeChoice.objects.exists()


def test_no_link_turns_down_what_guards_the_account(alice: User) -> None:
    with pytest.raises(NotFound):
        verbs.turn_down(token=token(alice, "account.secured"))


def test_the_link_of_an_account_that_is_gone_says_nothing_of_it(alice: User) -> None:
    text = token(alice, "request.asked")
    User.objects.filter(pk=alice.pk).delete()
    assert verbs.turn_down(token=text) == "request.asked"


# -- the end of old ones -----------------------------------------------------------------------------------


def test_notices_go_after_three_months_in_batches(alice: User) -> None:
    for _ in range(5):
        tell(alice)
    at(timezone.now() - timedelta(days=91))
    tell(alice, title="young")
    assert [notices.forget(2) for _ in range(4)] == [2, 2, 1, 0]
    assert Notice.objects.get().title == "young"


def test_telling_many_asks_the_database_as_often_as_telling_one(alice: User, andy: User, bob: User) -> None:
    def counted(*people: User) -> int:
        with CaptureQueriesContext(connection) as queries:
            tell(*people)
        return len(queries)

    assert counted(alice) == counted(alice, andy, bob)
