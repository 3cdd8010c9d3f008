"""Where people could be stuck: without a right, at what is gone, on narrow pages, with long names, without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import acts
from tests.browser.acts import HELLO, SLOW
from tests.browser.conftest import Visitors
from tests.browser.looking import NARROW, OVERFLOW, WIDE

LONG_TEAM = ("Unbroken" + "W" * 70, "t" * 24)
LONG_PLACE = f"/t/{LONG_TEAM[1]}/n/{'n' * 30}/"


@pytest.fixture(scope="module")
def broken(visit_once: Visitors, place: str) -> str:
    """The address of an app whose image does not exist."""
    page = visit_once("bob")
    address = acts.make_app(page, place, "absent", f"{HELLO}:v9")
    expect(page.get_by_role("region", name="What is wrong")).to_contain_text("no tag v9", timeout=SLOW)
    return address


@pytest.fixture(scope="module")
def long_place(visit_once: Visitors) -> str:
    """The address of a namespace whose names, and those of all in it, are as long as they may be, without a break."""
    page = visit_once("andy")
    page.goto("/teams/new")
    page.get_by_label("Team name").fill(LONG_TEAM[0])
    page.get_by_label("Short name").fill(LONG_TEAM[1])
    page.get_by_role("button", name="Create team").click()
    acts.make_namespace(page, LONG_TEAM[1], "n" * 30)
    page.goto(f"{LONG_PLACE}secrets/new")
    page.get_by_label("Name", exact=True).fill("s" * 40)
    page.locator("[name=values_key]").first.fill("K" * 120)
    page.locator("[name=values_value]").first.fill("hidden")
    page.get_by_role("button", name="Set secret").click()
    page.wait_for_url(f"**{LONG_PLACE}secrets/{'s' * 40}/")
    acts.make_app(page, LONG_PLACE, "a" * 40, f"registry.example/{'deep/' * 20}hello:v1", **{"V" * 120: "w" * 500})
    return LONG_PLACE


def test_viewer_is_told_whom_to_ask(visit: Visitors, broken: str) -> None:
    page = visit("carol")
    page.goto("/")
    line = page.get_by_role("region", name="Unhealthy now").get_by_role("listitem").filter(has_text="absent")
    expect(line).to_contain_text("Ask alice (owner)")
    expect(line.get_by_role("link", name=re.compile("^Change"))).to_have_count(0)
    page.goto(broken)
    expect(page.get_by_role("region", name="What is wrong")).to_contain_text("You may look, not change it: ask alice")


def test_developer_is_offered_the_change(visit: Visitors, broken: str) -> None:
    page = visit("bob")
    page.goto("/")
    expect(page.get_by_role("link", name=re.compile("Change the image of absent"))).to_be_visible()


def test_note_follows_the_wish_to_its_end_and_can_be_closed(visit: Visitors, place: str) -> None:
    page = visit("bob")
    acts.make_app(page, place, "noted", f"{HELLO}:v1")
    acts.mark(page)
    expect(page.locator(".b-note")).to_contain_text("You asked for noted. Done", timeout=SLOW)
    page.get_by_role("button", name="Close this message").click()
    expect(page.locator(".b-note")).to_have_count(0)
    assert acts.same_page(page)


def test_page_whose_app_somebody_else_deletes_says_so_and_leads_up(visit: Visitors, place: str) -> None:
    bob, carol = visit("bob"), visit("carol")
    visit.watch(carol).allow("404")
    address = acts.make_app(bob, place, "brief", f"{HELLO}:v1")
    acts.says(bob, "Running v1")
    carol.goto(address)
    acts.says(carol, "Running v1")
    acts.mark(carol)
    acts.confirm(bob, f"{address}delete/", "brief", "Delete app")
    expect(carol.get_by_role("heading", name="This is gone")).to_be_visible(timeout=SLOW)
    assert acts.same_page(carol)
    carol.get_by_role("link", name="To payments-lab").click()
    carol.wait_for_url(f"**{place}")


def test_deletion_of_a_namespace_ends_in_words(visit: Visitors, place: str) -> None:
    page = visit("alice")
    acts.make_namespace(page, "payments", "passing", "Small")
    acts.wait_until_ready(page)
    acts.confirm(page, "/t/payments/n/passing/delete/", "payments-passing", "Delete namespace")
    page.wait_for_url("**/t/payments/n/passing/")
    acts.mark(page)
    expect(page.get_by_text("payments-passing is gone")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("What is still there")).to_be_hidden()
    assert acts.same_page(page)


def test_address_of_what_is_gone_leads_up(visit: Visitors, place: str) -> None:
    page = visit("bob")
    visit.watch(page).allow("404")
    page.goto(f"{place}apps/nobody/")
    expect(page.get_by_role("link", name="To payments-lab")).to_be_visible()


def test_tab_at_hand_is_in_sight_on_a_narrow_page(visit: Visitors, talker: str) -> None:
    page = visit("bob")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    page.goto(f"{talker}settings/")
    expect(page.locator(".b-tabs [aria-current=page]")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_long_names_hang_over_no_edge(visit: Visitors, long_place: str, size: dict[str, int]) -> None:
    page = visit("andy")
    page.set_viewport_size(size)  # type: ignore[arg-type]
    team = long_place.partition("n/")[0]
    app = f"{long_place}apps/{'a' * 40}/"
    wrong = {}
    for address in (
        "/",
        team,
        *(f"{team}{page}/" for page in ("apps", "secrets", "activity", "members", "quota", "settings", "delete")),
        long_place,
        *(f"{long_place}{page}" for page in ("apps/new", "volumes/new", "secrets/new", "delete/")),
        f"{long_place}secrets/{'s' * 40}/",
        app,
        *(f"{app}{page}/" for page in ("logs", "releases", "configuration", "scale", "events", "settings")),
    ):
        page.goto(address)
        if found := page.evaluate(OVERFLOW):
            wrong[address] = found
    assert not wrong


def test_pages_without_javascript_wait_for_nothing(visit: Visitors, talker: str) -> None:
    page = visit("bob", java_script_enabled=False)
    page.goto(f"{talker}logs/")
    main = page.get_by_role("main")
    assert "Live logs need JavaScript" in main.inner_text()
    assert "Connecting" not in main.inner_text()
    page.goto(f"{talker}configuration/")
    rows = page.locator("#env-rows [name=env_name]")
    assert sum(not row.input_value() for row in rows.filter(visible=True).all()) >= 3
    expect(page.get_by_role("button", name="Variable")).to_have_count(0)


def test_demo_on_a_cluster_calls_it_as_its_kubeconfig_does(visit: Visitors) -> None:
    page = visit("bob")
    page.goto("/")
    expect(page.locator("aside [data-when=open]")).to_be_visible()
    expect(page.locator("aside")).to_contain_text("simcluster, Kubernetes 1.37")
