"""What changes while somebody works with a page takes nothing out of their hands; what stands there grows older."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser import acts
from tests.browser.conftest import Visitors

ANNOUNCE = """() => document.querySelector("[data-topic]")
  .dispatchEvent(new CustomEvent("live:changed", { bubbles: true }))"""
INTO_ACTIONS = """(html) => {
  const actions = document.querySelector("#app-actions");
  actions.insertAdjacentHTML("beforeend", html);
  actions.before_it_is_replaced = true;
}"""
REPLACED = "() => !document.querySelector('#app-actions').before_it_is_replaced"


def announce(page: Page) -> None:
    """Something of the app changed: its parts are fetched again."""
    with page.expect_response(lambda response: "part=actions" in response.url):
        page.evaluate(ANNOUNCE)
    page.wait_for_load_state("networkidle")


def opened(visit: Visitors, address: str) -> Page:
    page = visit("bob")
    page.goto(address)
    acts.says(page, "Running")
    page.wait_for_function("() => document.documentElement.dataset.live === 'open'")
    page.wait_for_load_state("networkidle")
    return page


def test_the_focus_stays_where_it_is_when_the_part_around_it_is_replaced(visit: Visitors, talker: str) -> None:
    page = opened(visit, talker)
    page.evaluate(INTO_ACTIONS, "")
    deploy = page.locator("#app-actions").get_by_role("link", name="Deploy", exact=True)
    deploy.focus()
    announce(page)
    page.wait_for_function(REPLACED)
    expect(deploy).to_be_focused()


def test_a_field_that_is_being_edited_is_replaced_when_it_is_left(visit: Visitors, talker: str) -> None:
    page = opened(visit, talker)
    page.evaluate(INTO_ACTIONS, "<input aria-label='Tag'>")
    field = page.get_by_label("Tag")
    field.press_sequentially("v2.")
    announce(page)
    field.press_sequentially("1")
    expect(field).to_have_value("v2.1")
    field.blur()
    page.wait_for_function(REPLACED)
    expect(field).to_have_count(0)


def test_an_open_menu_is_replaced_when_it_is_closed(visit: Visitors, talker: str) -> None:
    page = opened(visit, talker)
    page.evaluate(INTO_ACTIONS, "<details open><summary>More</summary>Something</details>")
    announce(page)
    expect(page.get_by_text("Something")).to_be_visible()
    page.locator("#app-actions summary").click()
    page.wait_for_function(REPLACED)


def test_ages_grow_on_a_page_to_which_nothing_is_sent(visit: Visitors, talker: str) -> None:
    page = visit("bob")
    said: list[str] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: said.append(str(frame))))
    page.clock.install()
    page.goto(talker)
    acts.says(page, "Running")
    page.wait_for_function("() => document.documentElement.dataset.live === 'open'")
    page.wait_for_load_state("networkidle")
    changed: Locator = page.locator("#h-rel").locator("xpath=ancestor::section").locator("time[data-relative]").first
    tile = page.locator("[data-fragment=rollout] time[data-age]").first
    before, age = len(said), tile.inner_text()
    page.clock.fast_forward("03:00:00")
    expect(changed).to_have_text("3 h ago")
    expect(tile).not_to_have_text(age)
    assert len(said) == before
