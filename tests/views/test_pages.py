"""Every page opens for whoever may see it, is not there for a stranger, and asks the database as often as before."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.models import App, AuditEntry, ClusterState, Namespace, Team, User
from tests import factories

FORMS = ["namespaces/new", "delete/"]
IN_NAMESPACE = ["apps/new", "volumes/new", "secrets/new", "delete/", "volumes/data/delete/", "secrets/database/delete/"]
IN_APP = ["deploy/", "delete/", "logs/"]


def test_every_page_opens_for_an_owner(as_alice: Client, full: list[str]) -> None:
    forms = [f"/t/payments/{page}" for page in FORMS] + [f"/t/payments/n/dev/{page}" for page in IN_NAMESPACE]
    forms += [f"/t/payments/n/dev/apps/checkout/{page}" for page in IN_APP]
    answers = {page: as_alice.get(page).status_code for page in full + forms}
    assert set(answers.values()) == {200}, answers


def test_every_page_that_shows_opens_for_a_viewer(as_carol: Client, full: list[str]) -> None:
    answers = {page: as_carol.get(page).status_code for page in full}
    assert set(answers.values()) == {200}, answers


def test_a_stranger_learns_nothing_of_a_team(as_erin: Client, full: list[str]) -> None:
    inside = [page for page in full if page.startswith(("/t/", "/operations/"))]
    answers = {page: as_erin.get(page).status_code for page in inside}
    assert set(answers.values()) == {404}, answers


def test_whoever_is_signed_out_is_asked_to_sign_in(client: Client, full: list[str]) -> None:
    answers = {page: client.get(page).headers.get("Location", "").split("?")[0] for page in full}
    assert set(answers.values()) == {"/accounts/login/"}, answers


@pytest.mark.parametrize("page", IN_NAMESPACE)
def test_a_viewer_is_told_that_forms_are_not_for_them(as_carol: Client, full: list[str], page: str) -> None:
    answer = as_carol.get(f"/t/payments/n/dev/{page}")
    assert answer.status_code == 403
    assert "Your role in Payments does not allow this" in answer.content.decode()


def test_no_page_has_inline_style_or_script(as_alice: Client, full: list[str]) -> None:
    for page in full:
        html = as_alice.get(page).content.decode()
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"", html), page
        assert not re.search(r"<script(?![^>]*\ssrc=)", html), page


def test_no_page_is_kept_by_caches(as_alice: Client, full: list[str]) -> None:
    assert {as_alice.get(page).headers["Cache-Control"] for page in full} == {"no-store"}


def test_queries_do_not_grow_with_the_teams_of_the_site(
    as_alice: Client, full: list[str], signed_in: Callable[[User], Client], sam: User
) -> None:
    def counted() -> dict[str, int]:
        found = {}
        for page in full:
            with CaptureQueriesContext(connection) as queries:
                as_alice.get(page)
            found[page] = len(queries)
        return found

    before = counted()
    plan = factories.make_plan()
    teams = Team.objects.bulk_create(Team(slug=f"other-{n}", name=f"Other {n}") for n in range(1000))
    Namespace.objects.bulk_create(
        Namespace(team=other, name="dev", cluster_name=f"{other.slug}-dev", plan=plan) for other in teams
    )
    assert counted() == before


def test_queries_do_not_grow_with_the_apps_of_a_team(as_alice: Client, full: list[str], namespace: Namespace) -> None:
    def counted(page: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            as_alice.get(page)
        return len(queries)

    pages = ["/", "/t/payments/", "/t/payments/apps/", "/t/payments/volumes/", "/t/payments/secrets/"]
    before = {page: counted(page) for page in pages}
    for number in range(12):
        factories.make_app(namespace, f"app-{number}")
        factories.make_volume(namespace, f"volume-{number}")
        factories.make_secret(namespace, f"secret-{number}")
    factories.make_namespace(namespace.team, "prod", plan=namespace.plan)
    assert {page: counted(page) for page in pages} == before


def test_the_database_works_as_little_for_a_long_audit_log(
    as_alice: Client, alice: User, full: list[str], team: Team
) -> None:
    """Counted in steps of SQLite's machine (https://www.sqlite.org/c3ref/progress_handler.html), in hundreds."""
    said = {"actor_name": "alice", "door": "page", "action": "app.release", "target": "checkout"}

    def write(lines: int) -> None:
        AuditEntry.objects.bulk_create(AuditEntry(**said, actor=alice, team=team) for _ in range(lines))

    def steps(page: str) -> int:
        counted: list[None] = []
        connection.connection.set_progress_handler(lambda: counted.append(None), 100)
        try:
            assert as_alice.get(page).status_code == 200
        finally:
            connection.connection.set_progress_handler(None, 0)
        return len(counted)

    pages = ["/", "/t/payments/", "/t/payments/activity/", "/t/payments/members/", "/t/payments/n/dev/apps/checkout/"]
    write(50)
    before = {page: steps(page) for page in pages}
    write(1000)
    grown = {page: (before[page], steps(page)) for page in pages}
    assert {page: figures for page, figures in grown.items() if figures[1] > figures[0] + 30} == {}


def test_pages_say_since_when_the_cluster_is_silent(as_alice: Client, full: list[str], app_row: App) -> None:
    ClusterState.objects.filter(alias="default").update(answers=False)
    html = as_alice.get("/t/payments/n/dev/apps/checkout/").content.decode()
    assert "harbor-1 does not answer since" in html


def test_a_new_user_sees_one_thing_to_do(signed_in: Callable[[User], Client], db: None) -> None:
    html = signed_in(factories.make_user("newcomer")).get("/").content.decode()
    assert "Make a place for your team" in html
    assert html.count("btn-primary") == 1


def test_staff_see_all_teams_by_name(
    signed_in: Callable[[User], Client], sam: User, team: Team, other_team: Team
) -> None:
    html = signed_in(sam).get("/?q=ledg").content.decode()
    assert "Ledgers" in html
    assert "Payments" not in html


def test_search_finds_nothing_of_strangers(as_erin: Client, full: list[str], other_namespace: Namespace) -> None:
    html = as_erin.get("/search/?q=check").content.decode()
    assert "/t/payments/" not in html
    factories.make_app(other_namespace, "checkbook")
    assert "/t/ledgers/n/dev/apps/checkbook/" in as_erin.get("/search/?q=check").content.decode()


@pytest.mark.parametrize("page", ["search/", "t/payments/activity/", "t/payments/apps/", ""])
def test_what_is_looked_for_is_text_that_every_database_takes(client: Client, team: Team, sam: User, page: str) -> None:
    """PostgreSQL takes no NUL, SQLite no pattern of 50000 characters."""
    client.force_login(sam)
    answer = client.get(f"/{page}", {"q": "a\0b" + "c" * 60_000})
    assert answer.status_code == 200
    assert f'value="ab{"c" * 78}"' in answer.content.decode()
