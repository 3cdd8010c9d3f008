"""People in a team, and out of it, in Chromium: two browsers at a time."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import acts
from tests.browser.conftest import Visitors
from tests.browser.demo import Demo
from tests.browser.looking import look_over

PASSWORD = "quay-side-lantern-77"
LINES = "(lines) => parseInt(document.querySelector('[data-log=found]').textContent.replace(',', '')) > lines"


@pytest.fixture(scope="module")
def pier(demo: Demo, chromium: object) -> str:
    """A team of alice's that these tests alone change."""
    visitors = Visitors(chromium, demo.address)  # type: ignore[arg-type]
    page = visitors("alice")
    page.goto("/teams/new")
    page.get_by_label("Team name").fill("Pier")
    page.get_by_role("button", name="Create team").click()
    page.wait_for_url("**/t/pier/**")
    assert visitors.leave() == []
    return "pier"


def newcomer(visit: Visitors, demo: Demo, team: str, name: str, role: str = "developer") -> Page:
    """Somebody whom alice invited into the team, and who just came in."""
    address = f"{name}@quay.example"
    acts.invite(visit("alice"), team, address, role=role)
    found = re.search(r"http\S+/join/#\S+", demo.mail(address))
    assert found
    page = visit.stranger()
    page.goto(found[0])
    page.wait_for_url("**/join/invitation/")
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("password again").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("button", name="Join the team").click()
    page.wait_for_url(f"**/t/{team}/")
    return page


def test_roles_are_given_one_by_one_and_to_several(visit: Visitors, demo: Demo, pier: str) -> None:
    newcomer(visit, demo, pier, "nora")
    newcomer(visit, demo, pier, "emil")
    owner = visit("alice")
    owner.goto(f"/t/{pier}/members/")
    look_over(owner)
    owner.get_by_label("Role of nora").select_option("admin")
    owner.get_by_role("button", name="Set the role of nora").click()
    expect(owner.get_by_text("nora is admin now.")).to_be_visible()
    for name in ("nora", "emil"):
        owner.get_by_label(f"Choose {name}").check()
    owner.get_by_label("Those who are chosen").select_option("viewer")
    owner.get_by_role("button", name="Do it").click()
    expect(owner.get_by_text("2 of 2 are viewer now.")).to_be_visible()
    owner.get_by_label("Name", exact=True).fill("emi")
    owner.get_by_role("button", name="Show").click()
    expect(owner.get_by_role("link", name="Remove emil")).to_be_visible()
    expect(owner.get_by_role("link", name="Remove nora")).to_have_count(0)


def test_a_team_changes_hands(visit: Visitors, demo: Demo, pier: str) -> None:
    taker = newcomer(visit, demo, pier, "fred")
    owner = visit("alice")
    owner.goto(f"/t/{pier}/members/")
    owner.get_by_role("link", name="Hand the team over").click()
    owner.get_by_label("To whom").select_option("fred")
    look_over(owner)
    owner.get_by_role("button", name="Offer it").click()
    expect(owner.get_by_text("fred has not answered yet.")).to_be_visible()
    assert "alice offers you Pier" in demo.mail("fred@quay.example")
    taker.goto("/")
    taker.get_by_role("link", name="Answer the offer of Pier").click()
    look_over(taker)
    taker.get_by_role("button", name="Own Pier").click()
    expect(taker.get_by_text("You own Pier now.")).to_be_visible()
    taker.get_by_label("Role of alice").select_option("owner")
    taker.get_by_role("button", name="Set the role of alice").click()
    expect(taker.get_by_text("alice is owner now.")).to_be_visible()


def test_whoever_is_taken_out_sees_no_more_lines_and_is_told(visit: Visitors, demo: Demo, talker: str) -> None:
    reader = newcomer(visit, demo, "payments", "gina")
    reader.goto(f"{talker}logs/")
    reader.wait_for_function(LINES, arg=5)
    visit.watch(reader).allow("404")
    owner = visit("alice")
    owner.goto("/t/payments/members/?q=gina")
    owner.get_by_role("link", name="Remove gina").click()
    look_over(owner)
    owner.get_by_role("button", name="Remove gina").click()
    expect(owner.get_by_text("gina is out of Payments.")).to_be_visible()
    expect(reader.get_by_text("or it is no longer shared with you.")).to_be_visible()
    expect(reader.get_by_role("log")).to_have_count(0)
    reader.goto(talker)
    expect(reader.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_whoever_is_suspended_is_signed_out_and_told_why(visit: Visitors, demo: Demo, pier: str) -> None:
    person = newcomer(visit, demo, pier, "hugo")
    person.goto(f"/t/{pier}/")
    person.wait_for_function("() => document.documentElement.dataset.live === 'open'")
    support = visit("sam")
    support.goto("/staff/people/?q=hugo")
    look_over(support)
    support.get_by_role("link", name="hugo", exact=True).click()
    look_over(support)
    support.get_by_role("link", name="Suspend").click()
    look_over(support)
    support.get_by_label("Reason").fill("Left the harbor")
    support.get_by_role("button", name="Suspend").click()
    expect(support.get_by_text("hugo is suspended.")).to_be_visible()
    person.wait_for_function("() => document.documentElement.dataset.live === 'signed-out'")
    person.goto(f"/t/{pier}/")
    person.get_by_label("User name or e-mail").fill("hugo")
    person.get_by_label("Password").fill(PASSWORD)
    visit.watch(person).allow("403")
    person.get_by_role("button", name="Sign in", exact=True).click()
    expect(person.get_by_text("Left the harbor")).to_be_visible()
    look_over(person)
    assert "Left the harbor" in demo.mail("hugo@quay.example")
    support.get_by_role("button", name="Let them in again").click()
    expect(support.get_by_text("hugo may sign in again.")).to_be_visible()


def test_a_suspended_team_is_looked_at_and_not_changed(visit: Visitors, demo: Demo, pier: str) -> None:
    owner = visit("alice")
    support = visit("sam")
    support.goto("/staff/teams/?q=pier")
    look_over(support)
    support.get_by_role("link", name="Suspend Pier").click()
    support.get_by_label("Reason").fill("Unpaid berth")
    support.get_by_role("button", name="Suspend").click()
    owner.goto(f"/t/{pier}/members/")
    expect(owner.get_by_text("Unpaid berth")).to_be_visible()
    expect(owner.get_by_role("link", name="Invite people")).to_have_count(0)
    look_over(owner)
    support.get_by_role("button", name="Open it again").click()
    owner.goto(f"/t/{pier}/members/")
    expect(owner.get_by_role("link", name="Invite people")).to_be_visible()
