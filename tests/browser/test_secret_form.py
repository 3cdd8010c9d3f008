"""The form of a secret: its values never come back from the server, and yet nothing that was typed is lost."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitors
from tests.browser.looking import look_over


def fill(page: Page, *rows: tuple[str, str]) -> None:
    """Types keys and values into as many rows, adding those that lack."""
    for at, (key, value) in enumerate(rows):
        if at:
            page.get_by_role("button", name="Key", exact=True).click()
        page.get_by_label("Name of a key").nth(at).fill(key)
        page.locator("textarea").nth(at).fill(value)


def typed(page: Page) -> list[tuple[str, str]]:
    rows = page.locator("[data-row]").all()
    return [(row.locator("input").input_value(), row.locator("textarea").input_value()) for row in rows]


def test_a_wrong_key_costs_no_value(visit: Visitors, place: str) -> None:
    page = visit("bob")
    page.goto(f"{place}secrets/new")
    page.get_by_label("Name", exact=True).fill("mail")
    fill(page, ("GONE", "x"), ("USER", "shop"), ("A B", "two\nlines"))
    page.get_by_role("button", name="Remove this key").first.click()
    page.get_by_role("button", name="Set secret").click()
    expect(page.get_by_text("“A B” is no key")).to_be_visible()
    expect(page.locator("[aria-invalid]")).to_have_count(1)
    expect(page.get_by_label("Name of a key").nth(1)).to_be_focused()
    assert typed(page) == [("USER", "shop"), ("A B", "two\nlines")]
    look_over(page)
    page.get_by_label("Name of a key").nth(1).fill("PASSWORD")
    page.get_by_role("button", name="Set secret").click()
    page.wait_for_url(f"**{place}secrets/mail/")
    expect(page.get_by_role("row", name="PASSWORD")).to_be_visible()


def test_new_values_are_kept_beside_a_wrong_key_too(visit: Visitors, place: str) -> None:
    page = visit("bob")
    page.goto(f"{place}secrets/new")
    page.get_by_label("Name", exact=True).fill("search")
    fill(page, ("TOKEN", "one"))
    page.get_by_role("button", name="Set secret").click()
    page.wait_for_url(f"**{place}secrets/search/")
    fill(page, ("TO KEN", "two"))
    page.get_by_role("button", name="Set values").click()
    expect(page.get_by_text("“TO KEN” is no key")).to_be_visible()
    assert typed(page) == [("TO KEN", "two")]
    page.get_by_label("Name of a key").fill("TOKEN")
    page.get_by_role("button", name="Set values").click()
    expect(page.get_by_role("row", name="TOKEN").get_by_role("cell").last).to_have_text("2")
