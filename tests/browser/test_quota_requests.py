"""More quota in one walk: kept, sent, approved by a rule, in the cluster; and given back."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser import acts
from tests.browser.conftest import Visitors
from tests.browser.looking import look_over

NIGHT = "/t/storefront/n/night/"


def pods(page: Page) -> Locator:
    """The line of pods on a quota page."""
    return page.get_by_role("row", name=re.compile("^Pods"))


def test_small_raise_is_approved_by_a_rule_and_the_bar_moves(visit: Visitors) -> None:
    owner, watching = visit("erin"), visit("erin")
    acts.make_namespace(watching, "storefront", "night", "Small")
    acts.wait_until_ready(watching)
    watching.goto(f"{NIGHT}quota/")
    expect(pods(watching)).to_contain_text("of 20")
    acts.mark(watching)
    owner.goto(f"{NIGHT}quota/request")
    weighed = owner.locator("#weighed")
    expect(weighed).to_contain_text("Nothing is asked for yet")
    owner.get_by_label("New limit for pods").fill("100")
    expect(weighed).to_contain_text("An approver decides")
    expect(weighed).to_contain_text("more than 40 pods")
    owner.get_by_label("New limit for pods").fill("40")
    expect(weighed).to_contain_text("Approved at once")
    owner.get_by_label("New limit for memory").fill("much")
    owner.get_by_role("button", name="Save as draft").click()
    owner.wait_for_url("**/edit/")
    owner.reload()
    expect(owner.get_by_label("New limit for memory")).to_have_value("much")
    expect(owner.get_by_label("New limit for pods")).to_have_value("40")
    look_over(owner)
    owner.get_by_label("New limit for memory").fill("")
    owner.get_by_label("Why").fill("More small workers for the night")
    owner.get_by_role("button", name="Send request").click()
    owner.wait_for_url(re.compile(r"/quota/requests/\d+/$"))
    expect(owner.locator(".b-head")).to_contain_text("Applied", timeout=acts.SLOW)
    expect(owner.get_by_text("Approved at once by the rule “Small sizes”", exact=True)).to_be_visible()
    expect(pods(watching)).to_contain_text("of 40", timeout=acts.SLOW)
    assert acts.same_page(watching)
    look_over(owner)
    owner.goto("/t/storefront/quota/requests/?all=1")
    expect(owner.get_by_text("Pods 20 → 40")).to_be_visible()
    look_over(owner)
    owner.goto(f"{NIGHT}quota/lower")
    owner.get_by_label("New limit for memory").fill("0.1")
    owner.get_by_role("button", name="Lower limits").click()
    expect(owner.locator("#id_memory-error")).to_contain_text("At least 256 MiB")
    look_over(owner)
    owner.get_by_label("New limit for memory").fill("")
    owner.get_by_label("New limit for pods").fill("20")
    owner.get_by_role("button", name="Lower limits").click()
    expect(pods(watching)).to_contain_text("of 20", timeout=acts.SLOW)
