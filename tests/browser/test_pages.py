"""What holds for single pages: a stuck app's words, two who look, keyboard, weight, and life without JavaScript."""

from __future__ import annotations

import gzip
import re

import pytest
from playwright.sync_api import Page, Response, expect

from simcluster.server import SimCluster
from tests.browser import acts
from tests.browser.acts import HELLO, SLOW
from tests.browser.conftest import Visitors
from tests.browser.looking import look_over

FIRST_PAGE = 100_000
FOCUSED = """() => {
  const e = document.activeElement, box = e.getBoundingClientRect();
  const style = getComputedStyle;
  const outlined = (s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0;
  const rings = (e, s = style(e)) => s.boxShadow !== "none" || outlined(s);
  const inside = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const ring = rings(e) || rings(e.parentElement);
  return { at: e.outerHTML.slice(0, 100), body: e === document.body, inside, ring };
}"""


def test_a_stuck_app_says_why_and_what_to_do(visit: Visitors, place: str) -> None:
    page = visit("bob")
    acts.make_app(page, place, "typo", f"{HELLO}:v9")
    acts.mark(page)
    diagnosis = page.get_by_role("region", name="What is wrong")
    expect(diagnosis).to_contain_text("The registry has no tag v9 of this image", timeout=SLOW)
    acts.says(page, re.compile("stuck.*not found", re.IGNORECASE))
    expect(diagnosis).to_contain_text("What to do")
    expect(diagnosis.locator(".b-quote").first).to_contain_text("v9: not found")
    expect(diagnosis.get_by_label("Deploy another tag")).to_be_visible()
    assert acts.same_page(page)
    look_over(page)
    page.goto("/")
    expect(page.get_by_role("link", name="typo", exact=True)).to_be_visible()
    look_over(page)
    page.goto("/t/payments/")
    look_over(page)
    page.goto(f"{place}apps/typo/")
    diagnosis.get_by_label("Deploy another tag").fill("v1")
    diagnosis.get_by_role("button", name="Deploy v2").click()
    acts.says(page, "Running v2")


def test_two_people_see_the_same_rollout(visit: Visitors, talker: str) -> None:
    bob, carol = visit("bob"), visit("carol")
    carol.goto(talker)
    acts.says(carol, "Running")
    acts.mark(carol)
    bob.goto(f"{talker}deploy/")
    bob.get_by_label("Image", exact=True).fill(f"{HELLO}:v2")
    bob.get_by_role("button", name=re.compile(r"Deploy v\d")).click()
    bob.wait_for_url(f"**{talker}")
    acts.mark(bob)
    for page in (carol, bob):
        expect(page.get_by_role("group", name=re.compile("v2"))).to_be_visible(timeout=SLOW)
    for page in (carol, bob):
        acts.says(page, "Running v2")
        expect(acts.tiles(page, "Ready")).to_have_count(2)
        assert acts.same_page(page)
    shown = [page.locator("[data-fragment=rollout] .b-tile-name code").all_inner_texts() for page in (bob, carol)]
    assert shown[0] == shown[1]
    expect(carol.get_by_role("link", name="Deploy", exact=True)).to_have_count(0)


def test_a_cluster_that_is_away_is_said_and_wishes_are_carried_out_when_it_is_back(
    visit: Visitors, talker: str, simulated: SimCluster
) -> None:
    page = visit("bob")
    page.goto(talker)
    acts.says(page, "Running")
    simulated.stop_answering()
    try:
        expect(page.locator("aside [data-when=stale]")).to_be_visible(timeout=SLOW)
        expect(page.locator("aside [data-live-state]")).to_contain_text("No answer since")
        page.goto(f"{talker}scale/")
        until(page, "does not answer since")
        look_over(page, live=False)
        page.get_by_label("Replicas").fill("3")
        page.get_by_role("button", name=re.compile(r"Release v\d|Scale")).click()
        page.wait_for_url(f"**{talker}")
    finally:
        simulated.resume()
    acts.mark(page)
    expect(acts.tiles(page, "Ready")).to_have_count(3, timeout=SLOW)
    expect(page.locator("aside [data-when=open]")).to_be_visible(timeout=SLOW)
    assert acts.same_page(page)


def test_a_name_that_is_taken_or_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    visit: Visitors, place: str
) -> None:
    page = visit("bob")
    page.goto(f"{place}apps/new")
    acts.fill_app(page, "Not A Name", f"{HELLO}:v1", GREETING="kept")
    page.get_by_label("Replicas").fill("900")
    page.get_by_role("button", name="Deploy app").click()
    expect(page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Replicas")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Not A Name")
    expect(page.locator("[name=env_value]").first).to_have_value("kept")
    look_over(page)


@pytest.mark.parametrize("address", ["/accounts/login/", "/"])
def test_the_first_page_weighs_less_than_100_kb(visit: Visitors, address: str) -> None:
    page = visit("alice") if address == "/" else visit.stranger()
    sizes: dict[str, int] = {}

    def weigh(response: Response) -> None:
        sizes[response.url] = len(gzip.compress(response.body()))

    page.on("response", weigh)
    page.goto(address, wait_until="networkidle")
    assert sum(sizes.values()) < FIRST_PAGE, sizes
    assert len(sizes) > 4


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit: Visitors, talker: str) -> None:
    page = visit("bob")
    page.goto(talker)
    page.wait_for_load_state("networkidle")  # the viewer's own parts come once more when the socket opens
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    reached: list[str] = []
    while True:
        page.keyboard.press("Tab")
        where = page.evaluate(FOCUSED)
        if where["body"] or len(reached) > 100:
            break
        reached.append(where["at"])
        assert where["ring"], where
        # The page scrolls to it in its own time.
        page.wait_for_function(f"() => ({FOCUSED})().inside", timeout=2_000)
    links = page.locator("main :is(a[href], button, input:not([type=hidden]), select, summary):visible")
    assert len(reached) >= links.count() > 5


def until(page: Page, words: str) -> None:
    """Loads the page again and again until it says so: what people without JavaScript do."""
    for _ in range(60):
        if re.search(words, page.locator("main").inner_text()):
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError(f"{page.url} never said {words!r}: {page.locator('main').inner_text()}")


def test_the_main_job_works_without_javascript(visit: Visitors) -> None:
    page = visit("erin", java_script_enabled=False)
    acts.make_namespace(page, "storefront", "plain")
    until(page, r"Ready")
    place = "/t/storefront/n/plain/"
    page.goto(f"{place}volumes/new")
    page.get_by_label("Name").fill("files")
    page.get_by_label("Size").fill("1 GiB")
    page.get_by_role("button", name="Claim volume").click()
    page.goto(f"{place}secrets/new")
    page.get_by_label("Name", exact=True).fill("token")
    page.locator("[name=values_key]").first.fill("TOKEN")
    page.locator("[name=values_value]").first.fill("hidden")
    page.get_by_role("button", name="Set secret").click()
    acts.make_app(page, place, "site", f"{HELLO}:v1", GREETING="hello")
    until(page, r"Running v1")
    page.goto(f"{place}apps/site/configuration/")
    for section, name, path in (("volumes", "files", "/files"), ("secrets", "token", "/etc/token")):
        part = page.locator(f"details#{section}")
        part.locator("summary").click()
        part.get_by_role("combobox").first.select_option(name)
        part.get_by_role("textbox").first.fill(path)
    page.get_by_role("button", name="Release v2").click()
    until(page, r"Running v2")
    page.goto(f"{place}apps/site/releases/")
    page.get_by_role("button", name="Roll back to v1").click()
    until(page, r"Running v3")
    acts.confirm(page, f"{place}apps/site/delete/", "site", "Delete app")
    acts.confirm(page, f"{place}delete/", "storefront-plain", "Delete namespace")
    page.goto("/t/storefront/")
    until(page, r"0 namespaces")
