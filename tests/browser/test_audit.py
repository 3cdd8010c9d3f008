"""The audit log's pages: how they look, to a team's owner and to staff."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Visitors
from tests.browser.looking import look_over


def test_the_audit_log_looks_right(visit: Visitors) -> None:
    page = visit("alice")
    page.goto("/t/payments/activity/?q=nothing-has-this&action=team.create")
    look_over(page)
    page.goto("/t/payments/activity/")
    expect(page.get_by_role("heading", name="Activity")).to_be_visible()
    look_over(page)
    page.goto(str(page.locator("main a[href^='/audit/']").first.get_attribute("href")))
    expect(page.get_by_text("On what")).to_be_visible()
    look_over(page)


def test_the_sites_audit_log_looks_right(visit: Visitors) -> None:
    page = visit("sam")
    page.goto("/audit/")
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    look_over(page)
