"""`python -m tests.browser.screenshots FOLDER`: the README's pictures, of the demo's example on a simulated cluster."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.browser import acts, demo
from tests.browser.looking import NARROW, WIDE
from tests.prerequisites import CHROMIUM

BUILT = 120_000
"""Milliseconds that the example may take to stand."""
PROD = "/t/payments/n/prod/"
SPEED = 2
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--font-render-hinting=none"]


def sign_in(page: Page, name: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password").fill(demo.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")


def wait_for_the_example(page: Page) -> None:
    """The last step of the example is a release of checkout that gets stuck."""
    page.goto("/")
    expect(page.get_by_role("link", name="checkout", exact=True)).to_be_visible(timeout=BUILT)
    expect(page.get_by_role("link", name="mailer", exact=True)).to_be_visible(timeout=BUILT)


def home(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("link", name="checkout", exact=True)).to_be_visible()


def team(page: Page) -> None:
    page.goto("/t/payments/")


def stuck(page: Page) -> None:
    page.goto(f"{PROD}apps/checkout/")
    expect(page.get_by_role("region", name="What is wrong")).to_contain_text("no tag v9")


def logs(page: Page) -> None:
    page.goto(f"{PROD}apps/checkout/logs/")
    lines = page.get_by_role("log").locator(".b-line")
    expect(lines.nth(12)).to_be_visible(timeout=acts.SLOW)


def new_app(page: Page) -> None:
    page.goto(f"{PROD}apps/new")
    acts.fill_app(page, "receipt-printer", "registry.example/hello:v2", replicas=3, LOG_LEVEL="info")
    page.locator("details#health summary").click()
    page.get_by_label("Name", exact=True).focus()
    page.evaluate("() => scrollTo({ top: 0, behavior: 'instant' })")
    expect(page.locator("#remains")).to_contain_text("0.75")


def quota(page: Page) -> None:
    page.goto("/t/payments/quota/")


def rolling(page: Page) -> None:
    """Some pods of the old release, some of the new one."""
    page.goto(f"{PROD}apps/ledger/configuration/")
    acts.fill_variables(page, {"START_DELAY": "16s"})
    page.get_by_role("button", name=re.compile(r"Release v\d")).click()
    page.wait_for_url(f"**{PROD}apps/ledger/")
    new = page.locator(".b-lane").first.locator(".b-tile")
    expect(new.filter(has_text="serves")).to_have_count(1, timeout=acts.SLOW)
    expect(new.filter(has_text="Starting")).to_have_count(1, timeout=acts.SLOW)


PICTURES: dict[str, Callable[[Page], None]] = {
    "home": home,
    "team": team,
    "app-stuck": stuck,
    "app-rolling": rolling,
    "logs": logs,
    "new-app": new_app,
    "quota": quota,
}
NARROW_TOO = ("home", "app-stuck", "logs")


def take(page: Page, folder: Path) -> None:
    for name, go in PICTURES.items():
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        go(page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            page.screenshot(path=folder / f"{name}-1280-{scheme}.png")
        page.emulate_media(color_scheme="light")
        if name in NARROW_TOO:
            page.set_viewport_size(NARROW)  # type: ignore[arg-type]
            page.screenshot(path=folder / f"{name}-360-light.png")


def main(folder: Path) -> int:
    if not CHROMIUM:
        sys.stderr.write("Pictures need Chromium: apt-get install chromium-headless-shell\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as place,
        demo.running(Path(place), f"--speed={SPEED}") as running,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(base_url=running.address, locale="en-US", timezone_id="UTC", viewport=WIDE)  # type: ignore[arg-type]
        sign_in(page, "alice")
        wait_for_the_example(page)
        take(page, folder)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
