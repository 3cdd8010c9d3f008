"""Coming into a team in Chromium, by mails that a real mail server took: invited, or by asking."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import acts
from tests.browser.conftest import Visitors
from tests.browser.demo import Demo
from tests.browser.looking import NARROW, look_over
from tests.browser.mailbox import text

PASSWORD = "quay-side-lantern-77"
NOTHING = "404 (Not Found)"


@pytest.fixture(scope="module")
def harbor(demo: Demo, chromium: object) -> str:
    """A team of alice's that these tests alone change."""
    visitors = Visitors(chromium, demo.address)  # type: ignore[arg-type]
    page = visitors("alice")
    page.goto("/teams/new")
    page.get_by_label("Team name").fill("Harbor")
    page.get_by_role("button", name="Create team").click()
    page.wait_for_url("**/t/harbor/**")
    assert visitors.leave() == []
    return "harbor"


def link_in(demo: Demo, address: str) -> str:
    found = re.search(r"http\S+/join/#\S+", demo.mail(address))
    assert found
    return found[0]


def sign_up(page: Page, name: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("password again").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def test_invited_by_mail_without_an_account(visit: Visitors, demo: Demo, harbor: str) -> None:
    owner = visit("alice")
    acts.invite(owner, harbor, "zoe@quay.example", role="viewer", note="Welcome to the quay")
    expect(owner.get_by_text("An invitation is on its way to zoe@quay.example")).to_be_visible()

    letter = demo.letter("zoe@quay.example")
    assert letter["Subject"] == "alice invites you to Harbor on Berth"
    for kind in ("plain", "html"):
        for words in ("alice", "Harbor", "viewer", "Welcome to the quay", f"{demo.address}/join/#"):
            assert words in text(letter, kind)

    guest = visit.stranger()
    link = link_in(demo, "zoe@quay.example")
    guest.goto(link)
    guest.wait_for_url("**/join/invitation/")
    expect(guest.get_by_text("alice invites you to the team Harbor as viewer.")).to_be_visible()
    guest.get_by_role("button", name="Create an account").click()
    expect(guest.get_by_label("E-mail")).to_have_value("zoe@quay.example")
    sign_up(guest, "zoe-of-the-quay")
    guest.get_by_role("button", name="Join the team").click()
    expect(guest.get_by_role("heading", name="Harbor", level=1)).to_be_visible()
    expect(guest.get_by_text("You are in Harbor as viewer.")).to_be_visible()

    owner.goto(f"/t/{harbor}/members/")
    expect(owner.get_by_role("row", name=re.compile("zoe-of-the-quay"))).to_be_visible()
    again = visit.stranger()
    visit.watch(again).allow(NOTHING, "404 on POST")
    again.goto(link)
    expect(again.get_by_role("heading", name="This link leads nowhere")).to_be_visible()
    assert link.partition("#")[2] not in demo.process.said()


def test_invited_with_an_account_and_signed_out(visit: Visitors, demo: Demo, harbor: str) -> None:
    owner = visit("alice")
    acts.invite(owner, harbor, "carol@berth.example")
    guest = visit.stranger()
    guest.goto(link_in(demo, "carol@berth.example"))
    guest.wait_for_url("**/join/invitation/")
    guest.get_by_role("link", name="Sign in").click()
    guest.get_by_label("User name or e-mail").fill("carol")
    guest.get_by_label("Password").fill("demo")
    guest.get_by_role("button", name="Sign in", exact=True).click()
    guest.get_by_role("button", name="Join the team").click()
    expect(guest.get_by_text("You are in Harbor as developer.")).to_be_visible()


def test_signed_in_as_somebody_else_one_switches(visit: Visitors, demo: Demo, harbor: str) -> None:
    owner = visit("alice")
    acts.invite(owner, harbor, "bob@berth.example")
    guest = visit("erin")
    guest.goto(link_in(demo, "bob@berth.example"))
    guest.wait_for_url("**/join/invitation/")
    expect(
        guest.get_by_text("You are signed in as erin, and this invitation is for bob@berth.example.")
    ).to_be_visible()
    look_over(guest)
    guest.get_by_role("button", name="Switch account").click()
    guest.get_by_role("link", name="Sign in").click()
    guest.get_by_label("User name or e-mail").fill("bob")
    guest.get_by_label("Password").fill("demo")
    guest.get_by_role("button", name="Sign in", exact=True).click()
    guest.get_by_role("button", name="Join the team").click()
    expect(guest.get_by_role("heading", name="Harbor", level=1)).to_be_visible()


def test_code_of_the_mail_is_enough_without_scripts(visit: Visitors, demo: Demo, harbor: str) -> None:
    owner = visit("alice")
    acts.invite(owner, harbor, "paper@quay.example")
    guest = visit.stranger(java_script_enabled=False)
    guest.goto("/join/")
    guest.get_by_label("Code").fill(link_in(demo, "paper@quay.example").partition("#")[2])
    guest.get_by_role("button", name="Go on").click()
    expect(guest.get_by_text("alice invites you to the team Harbor as developer.")).to_be_visible()


def test_link_opened_in_a_tab_that_stands_there_already(visit: Visitors, demo: Demo, harbor: str) -> None:
    owner = visit("alice")
    acts.invite(owner, harbor, "tab@quay.example")
    guest = visit.stranger()
    guest.goto("/join/")
    guest.goto(link_in(demo, "tab@quay.example"))
    guest.wait_for_url("**/join/invitation/")


def test_a_link_that_was_sent_again_replaces_the_old_one(visit: Visitors, demo: Demo, harbor: str) -> None:
    owner = visit("alice")
    acts.invite(owner, harbor, "late@quay.example")
    old = link_in(demo, "late@quay.example")
    owner.get_by_role("button", name="Send again to late@quay.example").click()
    expect(owner.get_by_text("the old one does not work any more")).to_be_visible()
    guest = visit.stranger()
    visit.watch(guest).allow(NOTHING, "404 on POST")
    guest.goto(old)
    expect(guest.get_by_role("heading", name="This link leads nowhere")).to_be_visible()
    look_over(guest)
    owner.get_by_role("button", name="Take back the invitation of late@quay.example").click()
    expect(owner.get_by_role("row", name=re.compile("late@quay.example"))).to_have_count(0)


def test_asking_to_join_a_team_that_can_be_found(visit: Visitors, demo: Demo, harbor: str) -> None:
    owner, guest = visit("alice"), visit("dave")
    owner.goto(f"/t/{harbor}/settings/")
    owner.get_by_label("What it is for").fill("Cranes and quays")
    owner.get_by_label("People can find this team").check()
    owner.get_by_role("button", name="Save settings").click()
    expect(owner.get_by_text("Saved.")).to_be_visible()

    guest.goto("/teams/find/")
    guest.get_by_label("Search teams", exact=True).fill("crane")
    guest.get_by_role("link", name="Ask to join Harbor").click()
    look_over(guest)
    guest.get_by_label("Message").fill("I count the cranes")
    guest.get_by_role("button", name="Ask to join").click()
    expect(guest.get_by_role("heading", name="Your request to join Harbor")).to_be_visible()
    look_over(guest)

    mail = demo.mail("alice@berth.example")
    assert "dave asks to join Harbor" in mail
    assert "> I count the cranes" in mail
    owner.goto(re.search(r"http\S+/requests/\S+", mail)[0])  # type: ignore[index]
    look_over(owner)
    owner.get_by_label("Answer").fill("Which ones?")
    owner.get_by_role("button", name="Send message").click()
    expect(owner.get_by_role("list").get_by_text("Which ones?")).to_be_visible()
    guest.reload()
    expect(guest.get_by_text("Which ones?")).to_be_visible()
    owner.get_by_label("as", exact=True).select_option("viewer")
    owner.get_by_role("button", name="Accept").click()
    expect(owner.get_by_text("dave is in Harbor as viewer.")).to_be_visible()
    guest.goto(f"/t/{harbor}/")
    expect(guest.get_by_role("heading", name="Harbor", level=1)).to_be_visible()
    assert "You are in Harbor as viewer" in demo.mail("dave@berth.example")


def test_a_request_is_declined_with_a_word(visit: Visitors, harbor: str) -> None:
    owner, guest = visit("alice"), visit("andy")
    owner.goto(f"/t/{harbor}/settings/")
    owner.get_by_label("People can find this team").check()
    owner.get_by_role("button", name="Save settings").click()
    guest.goto(f"/teams/find/{harbor}/")
    guest.get_by_label("Message").fill("Me too")
    guest.get_by_role("button", name="Ask to join").click()
    guest.wait_for_url("**/requests/*/")
    owner.goto("/")
    owner.get_by_role("link", name="Answer who asks to join Harbor").click()
    look_over(owner)
    owner.get_by_role("link", name="andy").click()
    owner.get_by_label("Answer").fill("Not this year")
    owner.get_by_role("button", name="Decline").click()
    expect(owner.get_by_text("Declined. andy hears of it.")).to_be_visible()
    guest.reload()
    expect(guest.get_by_text("Declined")).to_be_visible()
    expect(guest.get_by_text("Not this year")).to_be_visible()


def test_pages_of_joining_look_right(visit: Visitors, demo: Demo, harbor: str) -> None:
    owner = visit("alice")
    acts.invite(owner, harbor, "erin@berth.example", "alice", note="A long note " * 20)
    expect(owner.get_by_role("heading", name="What became of each")).to_be_visible()
    look_over(owner)
    guest = visit("erin")
    guest.goto("/")
    expect(guest.get_by_role("button", name="Join Harbor")).to_be_visible()
    look_over(guest)
    for page in ("/teams/find/", "/requests/"):
        guest.goto(page)
        look_over(guest)
    stranger = visit.stranger()
    stranger.goto("/join/")
    look_over(stranger)
    stranger.goto(link_in(demo, "erin@berth.example"))
    stranger.wait_for_url("**/join/invitation/")
    look_over(stranger)
    stranger.set_viewport_size(NARROW)  # type: ignore[arg-type]
    expect(stranger.get_by_role("link", name="Sign in")).to_be_in_viewport()
