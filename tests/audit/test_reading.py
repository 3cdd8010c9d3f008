"""Reading the log: who sees what, filters, search, cursors, one entry, exports; as pages and through the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import audit
from tenants.errors import NotFound
from tenants.models import App, AuditEntry, Team, User
from tenants.selectors import audit as reading
from tests.audit.conftest import Script
from tests.audit.tampering import tampered

pytestmark = pytest.mark.django_db


def actions(ask: Script, user: User, query: str = "", team: str = "payments") -> list[str]:
    answer = ask(user, f"teams/{team}/audit?{query}")
    assert answer.status_code == 200, answer.content
    return [line["action"] for line in answer.json()["results"]]


ALL = ["drift.repaired", "volumes.delete", "app.release", "team.edit"]


# -- who sees what -------------------------------------------------------------------------------------------


def test_owner_sees_the_teams_whole_log_and_no_other_teams(ask: Script, alice: User, written: None) -> None:
    assert actions(ask, alice) == ALL


def test_developer_sees_own_lines(ask: Script, bob: User, written: None) -> None:
    assert actions(ask, bob) == ["volumes.delete", "app.release"]


def test_staff_see_the_whole_site(ask: Script, sam: User, written: None) -> None:
    found = [line["team"] for line in ask(sam, "audit").json()["results"]]
    assert set(found) == {"payments", "ledgers", ""}


def test_site_log_is_not_there_for_others(ask: Script, browser: Any, alice: User, written: None) -> None:
    assert ask(alice, "audit").status_code == 404
    for address in ("/audit/", "/audit/export"):
        assert browser(alice).get(address).status_code == 404


@pytest.mark.parametrize(("who", "status"), [("alice", 200), ("bob", 404), ("erin", 404), ("sam", 200)])
def test_one_entry_is_seen_as_the_log_is(
    ask: Script, browser: Any, request: pytest.FixtureRequest, written: None, who: str, status: int
) -> None:
    user = request.getfixturevalue(who)
    entry = AuditEntry.objects.get(action="team.edit", team_slug="payments")
    assert browser(user).get(f"/audit/{entry.pk}/").status_code == status
    assert ask(user, f"audit/{entry.pk}").status_code == status


@pytest.mark.postgresql
def test_everybody_sees_what_they_did_with_their_own_account(ask: Script, bob: User, erin: User) -> None:
    entry = audit.record(actor=bob, action="token.create", thing=bob)
    assert ask(bob, f"audit/{entry.pk}").status_code == 200
    assert ask(erin, f"audit/{entry.pk}").status_code == 404


def test_line_says_the_role_of_then(ask: Script, alice: User, bob: User, team: Team, written: None) -> None:
    team.memberships.filter(user=bob).update(role="admin")
    lines = ask(alice, "teams/payments/audit?who=bob").json()["results"]
    assert {line["role"] for line in lines} == {"developer"}


# -- filters ---------------------------------------------------------------------------------------------------


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("who=BOB", ["volumes.delete", "app.release"]),
        ("who=observer", ["drift.repaired"]),
        ("role=owner", ["team.edit"]),
        ("door=api", ["drift.repaired", "volumes.delete"]),
        ("outcome=denied", ["volumes.delete"]),
        ("action=app.release", ["app.release"]),
        ("q=CHECKOUT+bob", ["volumes.delete", "app.release"]),
        ("q=req-1", ["app.release", "team.edit"]),
        ("q=REQ-1", ["app.release", "team.edit"]),
        ("q=reqǀ1", ["app.release", "team.edit"]),
        ("q=req.1", []),
        ("q=ob%5Crelease", []),
        ("q=100%25", []),
        ("q=___", []),
        ("from=2020-01-01&to=2020-01-02", []),
        ("from=2020-01-01", ALL),
        ("who=nobody", []),
    ],
)
def test_filter(ask: Script, alice: User, written: None, query: str, found: list[str]) -> None:
    assert actions(ask, alice, query) == found


@pytest.mark.postgresql
def test_one_things_history_goes_by_the_thing_not_its_name(
    ask: Script, alice: User, app_row: App, written: None
) -> None:
    assert actions(ask, alice, f"target=app:{app_row.pk}") == ["drift.repaired", "volumes.delete", "app.release"]
    assert actions(ask, alice, f"target=app:{app_row.pk + 1}") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("q=ab", "q"),
        ("from=tomorrow", "from"),
        ("outcome=fine", "outcome"),
        ("target=x", "target"),
        ("q=a+b+c+d+e+f", "q"),
    ],
)
def test_filter_that_makes_no_sense_is_told(
    ask: Script, browser: Any, alice: User, written: None, query: str, field: str
) -> None:
    answer = ask(alice, f"teams/payments/audit?{query}")
    assert answer.status_code == 422
    assert set(answer.json()["error"]["fields"]) == {field}
    page = browser(alice).get(f"/t/payments/activity/?{query}")
    assert page.status_code == 200
    assert "need a change" in page.content.decode()
    assert browser(alice).get(f"/t/payments/activity/export?{query}").status_code == 422


def test_unknown_filter_is_refused(ask: Script, alice: User, written: None) -> None:
    assert ask(alice, "teams/payments/audit?colour=red").status_code == 400


@pytest.mark.postgresql
def test_days_are_the_viewers(browser: Any, alice: User, team: Team) -> None:
    """23:30 of June 30 in UTC is July 1 in Helsinki."""
    AuditEntry.objects.create(
        at=datetime(2026, 6, 30, 23, 30, tzinfo=UTC),
        actor_name="mia",
        door="page",
        action="team.edit",
        team=team,
        target="t",
    )
    shown = {}
    for zone in ("UTC", "Europe/Helsinki"):
        User.objects.filter(pk=alice.pk).update(time_zone=zone)
        page = browser(alice).get("/t/payments/activity/?from=2026-07-01&to=2026-07-01")
        shown[zone] = "mia" in page.content.decode()
    assert shown == {"UTC": False, "Europe/Helsinki": True}


@pytest.mark.postgresql
def test_page_offers_the_actions_that_there_were(browser: Any, alice: User, written: None) -> None:
    html = browser(alice).get("/t/payments/activity/").content.decode()
    assert '<option value="app.release">app: release</option>' in html
    assert '<option value="drift.repaired">' in html


@pytest.mark.parametrize("name", ["role", "action", "outcome", "door"])
def test_a_filter_with_an_unknown_value_says_what_to_do(browser: Any, alice: User, written: None, name: str) -> None:
    html = browser(alice).get(f"/t/payments/activity/?{name}=nonsense").content.decode()
    assert "There is nothing like this here: choose from the list." in html
    assert "is not one of the available choices" not in html


# -- pages -------------------------------------------------------------------------------------------------------


def follow(ask: Script, user: User, way: str, address: str) -> list[list[int]]:
    found = []
    while address:
        page = ask(user, address).json()
        found.append([line["id"] for line in page["results"]])
        address = (page[way] or "").partition("/api/v1/")[2]
    return found


@pytest.mark.postgresql
def test_pages_follow_each_other_without_gap_or_repetition(ask: Script, alice: User, many: list[int]) -> None:
    pages = follow(ask, alice, "next", "teams/payments/audit?page_size=50")
    assert [len(page) for page in pages] == [50, 50, 20]
    assert [pk for page in pages for pk in page] == many


@pytest.mark.postgresql
def test_newer_pages_lead_back(ask: Script, alice: User, many: list[int]) -> None:
    last = ask(alice, "teams/payments/audit?page_size=50").json()["next"].partition("/api/v1/")[2]
    last = ask(alice, last).json()["next"].partition("/api/v1/")[2]
    pages = follow(ask, alice, "previous", last)
    assert [pk for page in reversed(pages) for pk in page] == many


@pytest.mark.postgresql
def test_lines_that_come_meanwhile_move_nothing(ask: Script, alice: User, team: Team, many: list[int]) -> None:
    second = ask(alice, "teams/payments/audit?page_size=50").json()["next"].partition("/api/v1/")[2]
    audit.record(actor=alice, action="team.edit", thing=team)
    assert [line["id"] for line in ask(alice, second).json()["results"]] == many[50:100]


@pytest.mark.parametrize("cursor", ["x", "1", "-", "99999999999999999-1", "1-", "１-1"])
def test_page_that_never_was_is_not_there(ask: Script, browser: Any, alice: User, many: list[int], cursor: str) -> None:
    assert ask(alice, f"teams/payments/audit?before={cursor}").status_code in {404, 200}
    assert browser(alice).get(f"/t/payments/activity/?after={cursor}").status_code in {404, 200}


def test_page_keeps_its_filters(browser: Any, alice: User, many: list[int]) -> None:
    html = browser(alice).get("/t/payments/activity/?who=alice&before=").content.decode()
    assert "?who=alice&amp;before=" in html
    assert 'value="alice"' in html


@pytest.mark.postgresql
def test_as_many_queries_for_10000_lines_as_for_10(
    browser: Any, ask: Script, alice: User, sam: User, team: Team, written: None
) -> None:
    entry = AuditEntry.objects.get(action="team.edit", team_slug="payments")
    addresses = ["/t/payments/activity/", "/t/payments/activity/?q=checkout", f"/audit/{entry.pk}/"]

    def counted() -> dict[str, int]:
        found = {}
        for user, pages in ((alice, addresses), (sam, ["/audit/", "/audit/?who=bob"])):
            client = browser(user)
            for page in pages:
                client.get(page)
                with CaptureQueriesContext(connection) as queries:
                    assert client.get(page).status_code == 200
                found[page] = len(queries)
            call = "teams/payments/audit" if user is alice else "audit"
            ask(user, call)
            with CaptureQueriesContext(connection) as queries:
                ask(user, call)
            found[call] = len(queries)
        return found

    before = counted()
    said = {"actor_name": "bob", "door": "page", "action": "app.release", "team_slug": "payments", "target": "checkout"}
    AuditEntry.objects.bulk_create(AuditEntry(**said, actor=alice, team=team) for _ in range(10_000))
    assert counted() == before


# -- one entry -----------------------------------------------------------------------------------------------------


def test_entry_shows_what_changed_and_that_it_is_as_written(
    browser: Any, ask: Script, alice: User, written: None
) -> None:
    entry = AuditEntry.objects.get(action="team.edit", team_slug="payments")
    html = browser(alice).get(f"/audit/{entry.pk}/").content.decode()
    assert "As it was written" in html
    assert "203.0.113.7" in html
    answer = ask(alice, f"audit/{entry.pk}").json()
    assert answer["changes"] == [{"field": "name", "old": "A", "new": "B"}]
    assert answer["chain"]["state"] == "verified"
    assert answer["chain"]["digest"] == entry.link.digest  # type: ignore[attr-defined]


@pytest.mark.postgresql
def test_entry_that_was_changed_says_so(browser: Any, ask: Script, alice: User, written: None) -> None:
    entry = AuditEntry.objects.get(action="team.edit", team_slug="payments")
    with tampered():
        AuditEntry.objects.filter(pk=entry.pk).update(actor_name="mallory")
    assert "Not as it was written" in browser(alice).get(f"/audit/{entry.pk}/").content.decode()
    assert ask(alice, f"audit/{entry.pk}").json()["chain"]["state"] == "broken"


def test_entry_that_was_just_written_waits_for_its_place(ask: Script, alice: User, team: Team) -> None:
    entry = audit.record(actor=alice, action="team.edit", thing=team)
    found = ask(alice, f"audit/{entry.pk}").json()["chain"]
    assert found == {"state": "waiting", "position": None, "previous": None, "digest": None}


def test_entry_of_a_team_that_is_gone_can_be_read(browser: Any, sam: User, team: Team, written: None) -> None:
    entry = AuditEntry.objects.get(action="team.edit", team_slug="payments")
    App.objects.all().delete()
    team.namespaces.all().delete()
    team.delete()
    html = browser(sam).get(f"/audit/{entry.pk}/").content.decode()
    assert "is gone" in html


@pytest.mark.postgresql
@pytest.mark.parametrize("near", [7, 10, 119])
def test_search_finds_the_same_wherever_the_near_lines_end(
    ask: Script, alice: User, team: Team, many: list[int], monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    """Every third line has the word; ten lines are of one moment each."""
    monkeypatch.setattr("tenants.selectors.audit.NEAR", near)
    with tampered():
        AuditEntry.objects.filter(pk__in=many[::3]).update(detail="rare-word")
    there, back, next_page = [], [], "teams/payments/audit?q=RARE-word&page_size=9"
    while next_page:
        body = ask(alice, next_page.partition("/api/v1/")[2] or next_page).json()
        there += [line["id"] for line in body["results"]]
        last, next_page = body, body["next"]
    while last["previous"]:
        last = ask(alice, last["previous"].partition("/api/v1/")[2]).json()
        back = [line["id"] for line in last["results"]] + back
    assert there == many[::3]
    assert back == many[::3][: len(back)]
    assert len(back) == 36


def test_a_stranger_who_asks_for_a_teams_log_is_refused_by_the_log_itself(erin: User, team: Team) -> None:
    with pytest.raises(NotFound):
        reading.page(erin, reading.Wanted(), team, size=10)
    assert AuditEntry.objects.get().outcome == "denied"
