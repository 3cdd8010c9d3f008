"""One person's way from signing up to cleaning up, with every page on it looked over."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import acts
from tests.browser.acts import HELLO, SLOW
from tests.browser.conftest import Visitors
from tests.browser.demo import Demo
from tests.browser.looking import look_over

PASSWORD = "harbor-lights-47"
PARTS = 6


@pytest.mark.timeout(240)
def test_the_main_job_from_sign_up_to_the_last_deletion(visit: Visitors, demo: Demo) -> None:
    page = visit.stranger()
    signs_up_and_in(page, demo)
    makes_a_team(page)
    place = makes_a_namespace(page)
    app = deploys_an_app(page, place)
    claims_a_volume(page, place)
    sets_a_secret(page, place)
    mounts_both(page, app)
    changes_the_image(page, app)
    rolls_back(page, app)
    deletes_app_volume_and_secret(page, place)
    deletes_namespace_and_team(page, place)


def signs_up_and_in(page: Page, demo: Demo) -> None:
    page.goto("/")
    page.wait_for_url("**/accounts/login/**")
    look_over(page)
    page.get_by_role("link", name="Create one").click()
    look_over(page)
    page.get_by_label(re.compile("^E-?mail")).fill("nell@berth.example")
    page.get_by_label(re.compile("^User ?name$")).fill("nell")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label(re.compile("again", re.IGNORECASE)).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/confirm-email/")
    look_over(page)
    link = re.search(r"https?://\S+/accounts/confirm-email/\S+/", demo.mail("nell@berth.example"))
    assert link, "the mail has no link"
    page.goto(link[0])
    look_over(page)
    page.get_by_role("button", name=re.compile("Confirm")).click()
    if "/login/" in page.url:
        page.get_by_label("User name or e-mail").fill("nell")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(re.compile(r"//[^/]+/$"))


def makes_a_team(page: Page) -> None:
    expect(page.get_by_role("heading", name="Make a place for your team")).to_be_visible()
    look_over(page)
    page.get_by_label("Team name").fill("Night Shift")
    expect(page.get_by_label("Short name")).to_have_value("night-shift")
    page.get_by_role("button", name="Create team").click()
    page.wait_for_url("**/t/night-shift/namespaces/new")
    look_over(page)
    page.goto("/t/night-shift/")
    look_over(page)


def makes_a_namespace(page: Page) -> str:
    page.get_by_role("link", name="New namespace").click()
    acts.make_namespace(page, "night-shift", "dev")
    acts.mark(page)
    holds = page.locator("[data-fragment=conditions] li", has_text="Holds")
    expect(holds).to_have_count(PARTS, timeout=SLOW)
    acts.wait_until_ready(page)
    assert acts.same_page(page)
    look_over(page)
    return "/t/night-shift/n/dev/"


def deploys_an_app(page: Page, place: str) -> str:
    page.get_by_role("link", name="New app").click()
    look_over(page)
    address = acts.make_app(page, place, "shop", f"{HELLO}:v1", replicas=3, START_DELAY="3s", LOG_RATE="8")
    acts.mark(page)
    expect(acts.tiles(page, "(?!Ready)").first).to_be_visible(timeout=SLOW)
    expect(acts.tiles(page, "Ready")).to_have_count(3, timeout=SLOW)
    acts.says(page, "Running v1")
    assert acts.same_page(page)
    look_over(page)
    return address


def claims_a_volume(page: Page, place: str) -> None:
    page.goto(f"{place}volumes/new")
    look_over(page)
    page.get_by_label("Name").fill("receipts")
    page.get_by_label("Size").fill("1 GiB")
    page.get_by_role("button", name="Claim volume").click()
    page.wait_for_url(re.compile(r"/volumes/receipts/$|/n/dev/$"))
    page.goto(f"{place}volumes/receipts/")
    look_over(page)


def sets_a_secret(page: Page, place: str) -> None:
    page.goto(f"{place}secrets/new")
    page.get_by_label("Name", exact=True).fill("ledger-db")
    rows = page.locator("#value-rows [data-row]")
    for index, (key, value) in enumerate({"user": "ledger", "password": "only-in-the-cluster"}.items()):
        if rows.count() <= index:
            page.locator("[data-add-row=value-rows]").click()
        rows.nth(index).locator("[name=values_key]").fill(key)
        rows.nth(index).locator("[name=values_value]").fill(value)
    look_over(page)
    page.get_by_role("button", name="Set secret").click()
    page.wait_for_url(re.compile(r"/secrets/ledger-db/$|/n/dev/$"))
    page.goto(f"{place}secrets/ledger-db/")
    look_over(page)
    assert "only-in-the-cluster" not in page.content()


def mounts_both(page: Page, app: str) -> None:
    page.goto(f"{app}configuration/")
    look_over(page)
    for section, name, path in (("volumes", "receipts", "/var/receipts"), ("secrets", "ledger-db", "/etc/ledger-db")):
        part = page.locator(f"details#{section}")
        part.locator("summary").click()
        part.get_by_role("combobox").first.select_option(name)
        part.get_by_role("textbox").first.fill(path)
    page.get_by_role("button", name="Release v2").click()
    page.wait_for_url(f"**{app}")
    acts.mark(page)
    acts.says(page, "Running v2")
    assert acts.same_page(page)
    row = page.get_by_role("row", name=re.compile(r"^v2"))
    expect(row).to_contain_text("nell")
    expect(row).to_contain_text("receipts")


def changes_the_image(page: Page, app: str) -> None:
    page.get_by_role("link", name="Deploy", exact=True).click()
    look_over(page)
    page.get_by_label("Image").fill(f"{HELLO}:v2")
    page.get_by_role("button", name="Deploy v3").click()
    page.wait_for_url(f"**{app}")
    acts.says(page, "Running v3")
    page.goto(f"{app}releases/")
    look_over(page)


def rolls_back(page: Page, app: str) -> None:
    page.get_by_role("button", name="Roll back to v2").click()
    page.wait_for_url(f"**{app}")
    acts.says(page, "Running v4")
    for tab in ("scale", "events", "settings", "releases/compare"):
        page.goto(f"{app}{tab}/")
        look_over(page)
    page.goto(f"{app}configuration/")
    expect(page.locator("details#volumes")).to_contain_text("receipts")


def deletes_app_volume_and_secret(page: Page, place: str) -> None:
    page.goto(f"{place}apps/shop/delete/")
    look_over(page)
    acts.confirm(page, f"{place}apps/shop/delete/", "shop", "Delete app")
    page.goto("/t/night-shift/apps/")
    expect(page.get_by_role("link", name="shop")).to_have_count(0, timeout=SLOW)
    for noun, name in (("volume", "receipts"), ("secret", "ledger-db")):
        acts.confirm(page, f"{place}{noun}s/{name}/delete/", name, f"Delete {noun}")
        page.goto(f"/t/night-shift/{noun}s/")
        look_over(page)


def deletes_namespace_and_team(page: Page, place: str) -> None:
    page.goto(f"{place}delete/")
    look_over(page)
    acts.confirm(page, f"{place}delete/", "night-shift-dev", "Delete namespace")
    page.wait_for_url(f"**{place}")
    acts.mark(page)
    # What is still there, by kind; on a quick machine it is over before one looks.
    expect(page.locator("h2:text('What is still there'):visible, [data-gone]:visible").first).to_be_visible()
    acts.confirm(page, "/t/night-shift/delete/", "night-shift", "Delete team")
    page.goto("/")
    expect(page.get_by_role("link", name="Night Shift")).to_have_count(0, timeout=SLOW)
