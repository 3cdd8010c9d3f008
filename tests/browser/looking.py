"""A page under suspicion: what its console, its network and its policy complain about, and how it looks to axe."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Request, Response

AXE = (Path(__file__).parent / "axe.min.js").read_text()
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 360, "height": 740}

OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && getComputedStyle(e).position !== "fixed";
  const roots = [document.documentElement, document.querySelector("main")].filter(Boolean);
  if (roots.every((e) => e.scrollWidth <= e.clientWidth + 1)) return [];
  return [...document.querySelectorAll("main *")].filter((e) => seen(e) && e.getBoundingClientRect().right > wide + 1)
    .map((e) => e.outerHTML.slice(0, 120)).slice(0, 5).concat("overflow");
}"""
RUN_AXE = """async (rules) => {
  const options = { resultTypes: ["violations"], ...(rules ? { runOnly: { type: "rule", values: rules } } : {}) };
  const found = await axe.run(document, options);
  const words = (node) => `${node.target.join(" ")}: ${node.failureSummary.slice(0, 300)}`;
  return found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map(words).join(" | ")}`);
}"""


class Watch:
    """Collects what goes wrong on a page, from the moment on that it is made. `expected`: addresses that may fail."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.expected: set[str] = set()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"error in a script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def allow(self, *parts: str) -> None:
        """What a test provokes on purpose: parts of addresses or of messages."""
        self.expected.update(parts)

    def _say(self, words: str) -> None:
        if not any(part in words for part in self.expected):
            self.complaints.append(words)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._say(f"console on {self.page.url}: {message.text} ({message.location.get('url', '')})")

    def _failed(self, request: Request) -> None:
        # A page that is left gives up what it was fetching.
        if request.failure != "net::ERR_ABORTED":
            self._say(f"request failed: {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self._say(f"{response.status} on {response.request.method} {response.url}")


def axe(page: Page, *rules: str) -> list[str]:
    """What axe finds wrong; all of its rules, or those named."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    found: list[Any] = page.evaluate(RUN_AXE, list(rules) or None)
    return found


def look_over(page: Page, *, live: bool = True) -> None:
    """One page at 1280 pixels in light and dark and at 360: axe finds nothing, and nothing hangs over the edge.

    Fails with everything that it found. Leaves the page at 1280 pixels and light. `live`: its socket is open first.
    """
    if live and page.locator("[data-topic]").count():
        page.wait_for_function("() => document.documentElement.dataset.live === 'open'")
    found: dict[str, list[str]] = {}
    for name, size, scheme, rules in (
        ("1280 px, dark", WIDE, "dark", ("color-contrast",)),
        ("360 px, dark", NARROW, "dark", ()),
        ("1280 px, light", WIDE, "light", ()),
    ):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        found[name] = [*axe(page, *rules), *page.evaluate(OVERFLOW)]
    wrong = {name: what for name, what in found.items() if what}
    assert not wrong, f"{page.url}: {json.dumps(wrong, indent=1, ensure_ascii=False)}"
