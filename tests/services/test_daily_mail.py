"""The daily mail: at eight where the person is, once, with what waited for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tenants import letters, notices
from tenants.models import Notice, Team, User
from tests.factories import confirm_address
from tests.services.notices import at, choose, sent, tell

pytestmark = pytest.mark.django_db
MORNING = datetime(2026, 3, 10, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _addresses(request: pytest.FixtureRequest) -> None:
    if "alice" in request.fixturenames:
        confirm_address(request.getfixturevalue("alice"))


def test_the_daily_mail_has_what_came_before_eight_and_leaves_once(alice: User, team: Team) -> None:
    choose(alice, by_mail="daily")
    tell(alice, title="v2 is stuck", text="The image is not there", path="/t/payments/", team=team)
    tell(alice, title="v3 is stuck")
    at(MORNING - timedelta(hours=3))
    assert notices.send_daily(MORNING - timedelta(minutes=1)) == 0
    assert notices.send_daily(MORNING) == 1
    assert notices.send_daily(MORNING + timedelta(hours=5)) == 0
    (message,) = sent()
    assert message.subject == "Berth: 2 things since yesterday"
    for words in ("v2 is stuck (Payments)", "> The image is not there", "/t/payments/", "v3 is stuck"):
        assert words in message.body


def test_without_anything_to_tell_no_daily_mail_leaves(alice: User) -> None:
    choose(alice, by_mail="daily")
    assert notices.send_daily(MORNING) == 0


def test_what_comes_after_eight_waits_for_the_next_day(alice: User) -> None:
    choose(alice, by_mail="daily")
    tell(alice)
    at(MORNING + timedelta(minutes=1))
    assert notices.send_daily(MORNING + timedelta(hours=15)) == 0
    assert notices.send_daily(MORNING + timedelta(days=1)) == 1


def test_what_was_committed_late_makes_no_second_mail_of_the_day(alice: User) -> None:
    choose(alice, by_mail="daily")
    tell(alice)
    at(MORNING - timedelta(hours=1))
    assert notices.send_daily(MORNING) == 1
    tell(alice)
    Notice.objects.filter(in_digest=True).update(at=MORNING - timedelta(seconds=1))
    assert notices.send_daily(MORNING + timedelta(minutes=1)) == 0
    assert notices.send_daily(MORNING + timedelta(days=1)) == 1


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
@pytest.mark.parametrize("day", [7, 8, 9])  # New York's clocks change on the 8th
def test_it_is_eight_where_the_person_is(alice: User, zone: str, day: int) -> None:
    User.objects.filter(pk=alice.pk).update(time_zone=zone)
    choose(alice, by_mail="daily")
    tell(alice)
    eight = datetime(2026, 3, day, 8, 0, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    at(eight - timedelta(hours=2))
    assert notices.send_daily(eight - timedelta(seconds=1)) == 0
    assert notices.send_daily(eight) == 1


def test_who_was_suspended_meanwhile_gets_no_daily_mail(alice: User) -> None:
    choose(alice, by_mail="daily")
    tell(alice)
    at(MORNING - timedelta(hours=1))
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert notices.send_daily(MORNING) == 0


def test_who_paused_mails_meanwhile_gets_no_daily_mail(alice: User) -> None:
    choose(alice, by_mail="daily")
    tell(alice)
    at(MORNING - timedelta(hours=1))
    User.objects.filter(pk=alice.pk).update(mails_paused=True)
    assert notices.send_daily(MORNING) == 0


def test_a_daily_mail_that_could_not_be_written_is_written_later(alice: User, monkeypatch: Any) -> None:
    choose(alice, by_mail="daily")
    tell(alice)
    at(MORNING - timedelta(hours=1))
    with monkeypatch.context() as broken:
        broken.setattr(letters, "seal", lambda *_: 1 / 0)
        assert notices.send_daily(MORNING) == 0
    assert notices.send_daily(MORNING) == 1


def test_one_mail_that_cannot_be_written_keeps_no_other(alice: User, bob: User, monkeypatch: Any) -> None:
    confirm_address(bob)
    for person in (alice, bob):
        choose(person, by_mail="daily")
        tell(person)
    at(MORNING - timedelta(hours=1))
    fails, seal = iter([True]), letters.seal
    monkeypatch.setattr(letters, "seal", lambda *what: 1 / 0 if next(fails, False) else seal(*what))
    assert notices.send_daily(MORNING) == 1
    assert len(sent()) == 1
