"""Pages of notices: the bell, the list, choices, and what a link in a mail does without a sign-in."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants import notices
from tenants.models import Notice, NoticeChoice, Team, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def tell(person: User, **more: object) -> Notice:
    words = {"kind": "release.stuck", "title": "v2 is stuck", "path": "/t/payments/"} | more
    notices.tell([person], **words)  # type: ignore[arg-type]
    return Notice.objects.latest("pk")


def text(answer: object) -> str:
    return answer.content.decode()  # type: ignore[attr-defined, no-any-return]


def link(person: User, kind: str = "request.asked") -> str:
    return notices.turn_down_link(person.pk, kind).removeprefix("http://127.0.0.1:8000")


def test_the_bell_counts_what_is_unread_on_every_page(as_alice: Client, alice: User) -> None:
    tell(alice)
    assert 'data-unread="1"' in text(as_alice.get("/teams/new"))
    Notice.objects.bulk_create(Notice(person=alice, kind="release.stuck", title="x") for _ in range(120))
    assert ">99+<" in text(as_alice.get("/teams/new"))


def test_opening_a_notice_leads_to_what_it_is_about_and_marks_it(as_alice: Client, alice: User) -> None:
    notice = tell(alice)
    answer = as_alice.get(f"/notices/{notice.pk}/")
    assert answer.headers["Location"] == "/t/payments/"
    assert 'data-unread="0"' in text(as_alice.get("/notices/"))


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_a_notice_leads_nowhere_but_here(as_alice: Client, alice: User, path: str) -> None:
    notice = tell(alice, path=path)
    assert as_alice.get(f"/notices/{notice.pk}/").headers["Location"] == "/notices/"


def test_words_of_others_are_text(as_alice: Client, alice: User) -> None:
    tell(alice, title="<script>alert(1)</script>", text="<img src=x>")
    html = text(as_alice.get("/notices/"))
    assert "&lt;script&gt;" in html
    assert "<img src=x>" not in html


def test_the_list_is_of_one_team_where_one_asks_for_it(
    as_alice: Client, alice: User, team: Team, other_team: Team
) -> None:
    tell(alice, title="Of Payments", team=team)
    tell(alice, title="Of Ledgers", team=other_team)
    html = text(as_alice.get("/notices/?team=payments"))
    assert "Of Payments" in html
    assert "Of Ledgers" not in html
    assert as_alice.get("/notices/?team=nowhere").status_code == 404


def test_marking_goes_back_to_the_team_that_was_looked_at(as_alice: Client, alice: User, team: Team) -> None:
    notice = tell(alice, team=team)
    answer = as_alice.post(f"/notices/{notice.pk}/read/", {"team": "payments"})
    assert answer.headers["Location"] == "/notices/?team=payments"
    assert Notice.objects.get().read_at is not None


def test_pages_of_notices_lead_on_to_the_last(as_alice: Client, alice: User) -> None:
    Notice.objects.bulk_create(Notice(person=alice, kind="release.stuck", title=f"no. {n}.") for n in range(60))
    address, found = "/notices/", []
    for _ in range(3):
        html = text(as_alice.get(address))
        found += re.findall(r"no\. \d+\.(?=</span></div>|</span>)", html)
        older = re.search(r'href="(\?[^"]*before=[^"]*)">Older', html)
        address = f"/notices/{older[1]}" if older else ""
    assert address == ""
    assert len(set(found)) == 60


@pytest.mark.parametrize("page", ["/notices/", "/notices/?team=payments", "/teams/new"])
def test_ten_thousand_notices_ask_the_database_as_often_as_ten(
    as_alice: Client, alice: User, team: Team, page: str
) -> None:
    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert as_alice.get(page).status_code == 200
        return len(queries)

    def add(count: int) -> None:
        rows = (Notice(person=alice, kind="release.stuck", title="x", team=team) for _ in range(count))
        Notice.objects.bulk_create(rows, batch_size=1000)

    add(10)
    before = counted()
    add(9_990)
    assert counted() == before


def test_choices_are_saved_and_shown_again(as_alice: Client, alice: User) -> None:
    kinds = [name for name, kind in notices.KINDS.items() if not kind.secures and not kind.staff]
    form = {f"mail-{name}": "never" for name in kinds} | {"mail-release.stuck": "daily", "portal-release.stuck": "on"}
    answer = as_alice.post("/settings/notices/", {**form, "mails_paused": "on"})
    assert answer.headers["Location"] == "/settings/notices/"
    choice = NoticeChoice.objects.get(kind="release.stuck")
    assert (choice.in_portal, choice.by_mail) == (True, "daily")
    html = text(as_alice.get("/settings/notices/"))
    assert '<option value="daily" selected>' in html
    assert re.search(r'name="mails_paused"[^>]*checked', html)


def test_a_choice_that_is_none_keeps_what_was_chosen(as_alice: Client) -> None:
    answer = as_alice.post("/settings/notices/", {"mail-release.stuck": "hourly"})
    assert answer.status_code == 200
    assert not NoticeChoice.objects.exists()


# -- links of mails ------------------------------------------------------------------------------------------


def test_to_look_at_a_link_turns_nothing_down(client: Client, alice: User) -> None:
    """Mail programs and virus scanners fetch what they find."""
    assert "Somebody asks to join a team of mine" in text(client.get(link(alice)))
    assert not NoticeChoice.objects.exists()


def test_one_click_of_a_mail_program_turns_the_kind_down(alice: User) -> None:
    """RFC 8058: a POST without cookies, without a token of the form, from wherever."""
    program = Client(enforce_csrf_checks=True)
    answer = program.post(link(alice), {"List-Unsubscribe": "One-Click"}, headers={"origin": "https://mail.example"})
    assert answer.status_code == 200
    assert NoticeChoice.objects.get().by_mail == "never"
    assert "sessionid" not in answer.cookies


def test_a_link_is_of_its_own_person_whoever_is_signed_in(
    signed_in: Callable[[User], Client], alice: User, bob: User
) -> None:
    signed_in(bob).post(link(alice))
    assert NoticeChoice.objects.get().person == alice


def test_a_changed_link_is_not_there(client: Client, alice: User) -> None:
    other = link(alice).replace("/turn-down/W", "/turn-down/X")
    assert client.get(other).status_code == client.post(other).status_code == 404


def test_the_link_works_before_a_second_factor_is_set_up(
    signed_in: Callable[[User], Client], alice: User, team: Team, settings: object
) -> None:
    settings.REQUIRE_SECOND_FACTOR = ("owners",)  # type: ignore[attr-defined]
    assert signed_in(alice).post(link(alice)).status_code == 200


def test_a_new_person_reads_what_belongs_here(signed_in: Callable[[User], Client], db: None) -> None:
    assert "Nothing yet" in text(signed_in(make_user("newcomer")).get("/notices/"))
