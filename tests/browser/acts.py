"""What people do on pages, in their words: used by the tests and by the pictures."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

HELLO = "registry.example/hello"
SLOW = 30_000
"""Milliseconds that the cluster may take for a rollout or a deletion on a busy machine."""


def invite(page: Page, team: str, *people: str, role: str = "developer", note: str = "") -> None:
    """Sends invitations by the form; ends on the page that lists them."""
    page.goto(f"/t/{team}/invitations/")
    page.get_by_label("Who").fill("\n".join(people))
    page.get_by_label("Role", exact=True).select_option(role)
    page.get_by_label("A few words").fill(note)
    page.get_by_role("button", name="Send invitations").click()


def make_namespace(page: Page, team: str, name: str, plan: str = "Medium") -> None:
    page.goto(f"/t/{team}/namespaces/new")
    page.get_by_label("Name").fill(name)
    page.get_by_role("radio", name=re.compile(f"^{plan}")).check()
    page.get_by_role("button", name="Create namespace").click()
    page.wait_for_url(f"**/t/{team}/n/{name}/")


def wait_until_ready(page: Page) -> None:
    """On a namespace's page."""
    expect(page.locator("[data-fragment=header]")).to_have_text(re.compile("Ready"), timeout=SLOW)


def fill_variables(page: Page, variables: dict[str, str]) -> None:
    """Adds rows to the environment of a form."""
    for name, value in variables.items():
        rows = page.locator("#env-rows [data-row]")
        row = next((row for row in rows.all() if not row.locator("[name=env_name]").input_value()), None)
        if row is None:
            page.locator("[data-add-row=env-rows]").click()
            row = rows.last
        row.locator("[name=env_name]").fill(name)
        row.locator("[name=env_value]").fill(value)


def fill_app(page: Page, name: str, image: str, *, replicas: int = 1, health: str = "/ready", **variables: str) -> None:
    """Fills the form of a new app; nothing is sent."""
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Image", exact=True).fill(image)
    page.get_by_label("Port", exact=True).fill("8080")
    page.get_by_label("Replicas").fill(str(replicas))
    fill_variables(page, variables)
    section = page.locator("details#health")
    section.locator("summary").click()
    section.get_by_role("textbox", name="Path").fill(health)


def make_app(page: Page, place: str, name: str, image: str, *, replicas: int = 1, **variables: str) -> str:
    """Ends on the app's page, whose address it answers. `place`: /t/<team>/n/<namespace>/."""
    page.goto(f"{place}apps/new")
    fill_app(page, name, image, replicas=replicas, **variables)
    page.get_by_role("button", name="Deploy app").click()
    page.wait_for_url(f"**{place}apps/{name}/")
    return f"{place}apps/{name}/"


def says(page: Page, words: str | re.Pattern[str]) -> None:
    """Waits until the app's head says so."""
    pattern = re.compile(re.escape(words)) if isinstance(words, str) else words
    expect(page.locator("[data-fragment=header]")).to_have_text(pattern, timeout=SLOW)


def tiles(page: Page, state: str) -> Locator:
    """The pods that the app's picture shows in a state, in its words."""
    return page.locator("[data-fragment=rollout] .b-tile", has_text=re.compile(f"^\\s*{state}"))


def confirm(page: Page, address: str, name: str, words: str) -> None:
    """Deletes by typing the name."""
    page.goto(address)
    page.get_by_label("Type").fill(name)
    page.get_by_role("button", name=words).click()


def mark(page: Page) -> None:
    """From here on the page may not be loaded again: see `same_page`."""
    page.evaluate("() => { window.untouched = true; }")


def same_page(page: Page) -> bool:
    """Whether the page is still the one that was marked."""
    return bool(page.evaluate("() => window.untouched === true"))
