"""A rule of the policy, from its form to the first request that it approves."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitors
from tests.browser.looking import look_over


def fill_rule(page: Page, number: int, name: str) -> None:
    """The rule is about secrets alone, so that it does not stand in the way of other tests."""
    rule = page.get_by_role("group", name=f"Rule {number}", exact=True)
    rule.get_by_label(f"Name of rule {number}").fill(name)
    rule.get_by_label("secrets up to").fill("400")


def test_a_rule_is_added_tried_out_put_live_and_approves_a_request(visit: Visitors, place: str) -> None:
    staff, owner = visit("dave"), visit("alice")
    staff.goto("/policies/")
    look_over(staff)
    staff.get_by_role("link", name="Change the policy").click()
    staff.get_by_role("button", name="Rule", exact=True).click()
    expect(staff.get_by_label("Name of rule 3")).to_be_focused()
    fill_rule(staff, 3, "Many secrets")
    staff.get_by_role("button", name="Move rule 3 up").click()
    expect(staff.get_by_label("Name of rule 2")).to_have_value("Many secrets")
    look_over(staff)

    staff.get_by_label("Name of rule 1").fill("")
    staff.get_by_role("button", name="Save as a draft").click()
    expect(staff.get_by_text("Name the rule.")).to_be_visible()
    expect(staff.get_by_label("secrets up to").nth(1)).to_have_value("400")
    staff.get_by_label("Name of rule 1").fill("Small sizes")
    staff.get_by_label("What changes").fill("Secrets are cheap")
    staff.get_by_role("button", name="Save as a draft").click()
    expect(staff.get_by_role("heading", name=re.compile(r"Quota policy, version \d+"))).to_be_visible()
    changed = staff.get_by_role("region", name="What it changes")
    expect(changed.get_by_text("Many secrets: up to 400 secrets: always → approved at once")).to_be_visible()
    look_over(staff)
    staff.get_by_role("button", name=re.compile(r"Put version \d+ live")).click()
    expect(staff.get_by_text(re.compile(r"Version \d+ holds from now on"))).to_be_visible()

    owner.goto(f"{place}quota/request")
    owner.get_by_text("More resources").click()
    owner.get_by_label("New limit for secrets").fill("350")
    owner.get_by_label("Why").fill("One for each shop")
    expect(owner.locator("#weighed")).to_have_text(re.compile("Many secrets"))
    owner.get_by_role("button", name="Send request").click()
    ruled = re.compile(r"Approved by the rule “Many secrets”, version \d+ of the policy")
    expect(owner.get_by_text(ruled)).to_be_visible()


def test_plans_and_a_team_s_walls(visit: Visitors, place: str) -> None:
    staff = visit("dave")
    staff.goto("/plans/")
    look_over(staff)
    staff.get_by_role("link", name="Small").click()
    look_over(staff)
    staff.goto("/staff/teams/")
    staff.get_by_role("link", name="Quota of Payments").click()
    staff.get_by_label("Labels").fill("unit=retail")
    staff.get_by_role("button", name="Save").click()
    expect(staff.get_by_text("Saved for Payments.")).to_be_visible()
    expect(staff.get_by_label("Labels")).to_have_value("unit=retail")
    look_over(staff)
