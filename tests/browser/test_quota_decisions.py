"""More quota, from the request to its end: asked for, granted in part and for a time, applied, gone back."""

from __future__ import annotations

import re
import sqlite3
from datetime import date, timedelta

from playwright.sync_api import Page, expect

from tests.browser import acts
from tests.browser.conftest import Visitors
from tests.browser.demo import Demo
from tests.browser.looking import look_over

DAY = date.today() + timedelta(days=30)  # noqa: DTZ011


def ask(page: Page, place: str) -> str:
    """alice asks for 40 GiB where there are 24; answers the request's address."""
    page.goto(f"{place}quota/request")
    page.get_by_label(re.compile("memory", re.IGNORECASE)).fill("40")
    page.get_by_label("Why").fill("Twice the orders until January")
    page.get_by_role("button", name="Send request").click()
    page.wait_for_url("**/quota/requests/**")
    return page.url


def days_pass(demo: Demo, days: int) -> None:
    """The raise and its request have ended so many days earlier than they would."""
    (file,) = demo.process.log.parent.rglob("berth.sqlite3")
    with sqlite3.connect(file, timeout=30) as rows:
        back = f"-{days} days"
        rows.execute("UPDATE tenants_grant SET until = date(until, ?) WHERE until IS NOT NULL", (back,))
        rows.execute("UPDATE tenants_quotarequest SET granted_until = date(granted_until, ?)", (back,))
    rows.close()


def test_part_for_a_time_is_granted_applied_and_goes_back(visit: Visitors, demo: Demo, place: str) -> None:
    owner, approver = visit("alice"), visit("dave")
    approver.goto("/approvals/")
    acts.mark(approver)
    ask(owner, place)
    expect(approver.get_by_role("link", name=re.compile(r"Payments.*request \d+"))).to_be_visible()
    expect(approver.locator(".b-side .b-count")).to_have_text("1")
    assert acts.same_page(approver)
    look_over(approver)
    approver.get_by_role("link", name=re.compile(r"Payments.*request \d+")).click()
    expect(approver.get_by_role("heading", name="Payments asks for 40 GiB memory")).to_be_visible()
    approver.get_by_label("Approve in part").check()
    memory = approver.get_by_role("textbox", name="Memory")
    memory.fill("48")
    expect(approver.get_by_text("as it is, and 40 GiB, as asked")).to_be_visible()
    memory.fill("32")
    assert (memory.bounding_box() or {"width": 0})["width"] > 60
    expect(approver.get_by_text("Memory +33%")).to_be_visible()
    approver.get_by_label("Only for a time").check()
    approver.get_by_label("Until").fill(DAY.isoformat())
    look_over(approver)
    approver.get_by_role("button", name=f"Approve 32 GiB until {DAY.day} {DAY:%b}").click()
    if (more := approver.get_by_label("Grant more than the cluster has left")).count():
        more.check()
        approver.get_by_role("button", name=re.compile("^Approve 32 GiB")).click()
    expect(owner.locator(".b-head")).to_have_text(re.compile("Applied"), timeout=acts.SLOW)
    expect(approver.locator(".b-head")).to_have_text(re.compile("Applied"), timeout=acts.SLOW)
    days_pass(demo, 31)
    expect(owner.locator(".b-head")).to_have_text(re.compile("Ended|Expired", re.IGNORECASE), timeout=acts.SLOW)
    owner.goto(f"{place}quota/")
    expect(owner.get_by_role("row", name=re.compile("Memory.*of 24"))).to_be_visible()


def test_clusters_page(visit: Visitors, place: str) -> None:
    page = visit("sam")
    page.goto("/clusters/")
    expect(page.get_by_role("row", name=re.compile("Memory"))).to_be_visible()
    look_over(page)
