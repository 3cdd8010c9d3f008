"""The bell in Chromium: a notice arrives on an open page, leads on, and its mails are turned down by their link."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import acts
from tests.browser.conftest import Visitors
from tests.browser.demo import Demo
from tests.browser.looking import NARROW, look_over


@pytest.fixture(scope="module")
def wharf(demo: Demo, chromium: object) -> str:
    """A team of erin's that can be found; these tests alone change it."""
    visitors = Visitors(chromium, demo.address)  # type: ignore[arg-type]
    page = visitors("erin")
    page.goto("/teams/new")
    page.get_by_label("Team name").fill("Wharf")
    page.get_by_role("button", name="Create team").click()
    page.wait_for_url("**/t/wharf/**")
    page.goto("/t/wharf/settings/")
    page.get_by_label("People can find this team").check()
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert visitors.leave() == []
    return "wharf"


def bell(page: Page) -> int:
    return int(page.locator("[data-unread]").get_attribute("data-unread") or "")


def counts(page: Page, unread: int) -> None:
    """Waits until the bell says so, to the eye and to a screen reader."""
    name = f"Notices {unread} unread" if unread else "Notices"
    expect(page.locator("[data-unread]")).to_have_accessible_name(re.compile(rf"^{name}$"))


def listens(page: Page) -> None:
    """Waits until the server counts for this page."""
    expect(page.locator("[data-unread][data-heard]")).to_have_count(1)


def ask(page: Page, team: str, words: str = "Let me in") -> None:
    page.goto(f"/teams/find/{team}/")
    page.get_by_label("Message").fill(words)
    page.get_by_role("button", name="Ask to join").click()
    page.wait_for_url("**/requests/*/")


def test_a_notice_arrives_on_open_pages_and_leads_on(visit: Visitors, wharf: str) -> None:
    elsewhere, listing, guest = visit("erin"), visit("erin"), visit("bob")
    elsewhere.goto("/teams/new")
    listing.goto("/notices/")
    for page in (elsewhere, listing):
        listens(page)
        acts.mark(page)
    before = bell(elsewhere)
    ask(guest, wharf, "I carry crates")
    counts(elsewhere, before + 1)
    expect(elsewhere.locator("[data-unread-said]")).to_have_text(f"{before + 1} unread notices")
    first = listing.get_by_role("listitem").filter(has_text="bob asks to join Wharf").first
    expect(first.get_by_text("I carry crates")).to_be_visible()
    assert acts.same_page(elsewhere)
    assert acts.same_page(listing)

    listing.get_by_role("link", name="bob asks to join Wharf").first.click()
    listing.wait_for_url("**/requests/*/")
    counts(elsewhere, before)
    assert acts.same_page(elsewhere)


def test_the_list_is_read_without_scripts(visit: Visitors, wharf: str) -> None:
    ask(visit("dave"), wharf)
    plain = visit("erin", java_script_enabled=False)
    plain.goto("/")
    plain.locator("[data-unread]").click()
    expect(plain.get_by_role("heading", name="Notices", level=1)).to_be_visible()
    before = bell(plain)
    assert before > 0
    plain.get_by_role("button", name="Mark as read dave asks to join Wharf").first.click()
    counts(plain, before - 1)
    if before > 1:
        plain.get_by_role("button", name="Mark all as read").click()
    counts(plain, 0)


def test_pages_of_notices_look_right(visit: Visitors, wharf: str) -> None:
    page = visit("erin")
    page.goto("/notices/")
    ask(visit("andy"), wharf, "A long story " * 60)
    expect(page.get_by_role("button", name="Mark all as read")).to_be_visible()
    look_over(page)
    page.get_by_role("link", name="Choose").click()
    look_over(page)
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    expect(page.locator("[data-unread]")).to_be_in_viewport()
    page.get_by_label("What I released is stuck: by mail").select_option("daily")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("What I released is stuck: by mail")).to_have_value("daily")


def test_the_link_of_a_mail_turns_its_kind_down(visit: Visitors, demo: Demo, wharf: str) -> None:
    ask(visit("carol"), wharf)
    letter = demo.letter("erin@berth.example")
    link = letter["List-Unsubscribe"].strip(" <>")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in demo.mail("erin@berth.example")
    page = visit.stranger()
    page.goto(link)
    expect(page.get_by_text("Somebody asks to join a team of mine")).to_be_visible()
    look_over(page)
    page.get_by_role("button", name="No more of these").click()
    expect(page.get_by_role("heading", name="No more of these mails")).to_be_visible()
    look_over(page)

    owner = visit("erin")
    owner.goto("/")
    listens(owner)
    before, mails = bell(owner), len(demo.mails.to("erin@berth.example"))
    ask(visit("sam"), wharf)
    counts(owner, before + 1)
    owner.goto("/settings/notices/")
    expect(owner.get_by_label("Somebody asks to join a team of mine: by mail")).to_have_value("never")
    assert len(demo.mails.to("erin@berth.example")) == mails
