"""One demo and one Chromium for all browser tests; every page a test opens must stay free of complaints."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from simcluster.server import SimCluster
from tests.browser import acts
from tests.browser import demo as demos
from tests.browser.looking import WIDE, Watch
from tests.prerequisites import CHROMIUM

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
NODES = 12
"""As many as the demo's: rules grant nothing that the cluster has not left."""
SPEED = 4
"""How much faster than life the simulated cluster is: rollouts are short, and still have steps to see."""
PATIENCE = 15_000
"""Milliseconds that a change on a page may take on a busy machine."""
SIGN_IN = "/accounts/login/"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where Chromium is missing these tests are left out; `tests.prerequisites` said so, and fails in CI."""
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            if not CHROMIUM and not os.environ.get("CI"):
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what its pages showed."""
    report = yield
    visitors = getattr(item, "funcargs", {}).get("visit")
    if report.failed and report.when == "call" and visitors is not None:
        report.sections.extend(visitors.seen())
    return report


@pytest.fixture(scope="package")
def simulated() -> Iterator[SimCluster]:
    """The cluster behind the demo, in this process, so that a test can take it away."""
    with SimCluster(speed=SPEED, nodes=NODES) as cluster:
        yield cluster


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory, simulated: SimCluster) -> Iterator[demos.Demo]:
    folder = tmp_path_factory.mktemp("browser")
    with demos.running(folder, f"--cluster={simulated.write_kubeconfig(folder / 'harbor-1')}") as demo:
        yield demo
        assert demo.complaints() == []


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Visitors:
    """Opens browsers of people, and knows what their pages complained about."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address
        self._contexts: list[BrowserContext] = []
        self._watches: dict[Page, Watch] = {}

    def stranger(self, **options: object) -> Page:
        """Somebody whom Berth does not know, in a browser of their own."""
        # Nothing moves: pictures of what moves cost more than the pages do.
        still = {"viewport": WIDE, "locale": "en-US", "timezone_id": "UTC", "reduced_motion": "reduce"}
        context = self._browser.new_context(base_url=self._address, **{**still, **options})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        page = context.new_page()
        self._watches[page] = Watch(page)
        return page

    def __call__(self, name: str, **options: object) -> Page:
        """Somebody of the cast, signed in, who has opened nothing yet. The form itself is tried in `test_account`."""
        page = self.stranger(**options)
        form = page.context.request.get(SIGN_IN).text()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token, form
        fields = {"login": name, "password": demos.PASSWORD, "csrfmiddlewaretoken": token[1]}
        assert page.context.request.post(SIGN_IN, form=fields, max_redirects=0).headers["location"] == "/"
        return page

    def watch(self, page: Page) -> Watch:
        return self._watches[page]

    def seen(self) -> list[tuple[str, str]]:
        """What each page shows now, as its accessibility tree, with its complaints."""
        shown = []
        for page, watch in self._watches.items():
            try:
                tree = page.locator("body").aria_snapshot()
            except Error as error:
                tree = error.message
            shown.append((page.url, "\n".join([*watch.complaints, tree])))
        return shown

    def leave(self) -> list[str]:
        for context in self._contexts:
            context.close()
        return [complaint for watch in self._watches.values() for complaint in watch.complaints]


@pytest.fixture(scope="package")
def place(chromium: Browser, demo: demos.Demo) -> str:
    """The address of a namespace that is ready, in the team of alice, andy, bob and carol."""
    visitors = Visitors(chromium, demo.address)
    page = visitors("alice")
    acts.make_namespace(page, "payments", "lab", "Large")
    acts.wait_until_ready(page)
    assert visitors.leave() == []
    return "/t/payments/n/lab/"


@pytest.fixture(scope="package")
def talker(chromium: Browser, demo: demos.Demo, place: str) -> str:
    """The address of an app of two pods that write numbered lines."""
    visitors = Visitors(chromium, demo.address)
    page = visitors("alice")
    address = acts.make_app(page, place, "talker", f"{acts.HELLO}:v1", replicas=2, LOG_RATE="8", START_DELAY="2s")
    acts.says(page, "Running v1")
    assert visitors.leave() == []
    return address


@pytest.fixture(scope="module")
def visit_once(chromium: Browser, demo: demos.Demo) -> Iterator[Visitors]:
    """As `visit`, for what several tests begin from."""
    visitors = Visitors(chromium, demo.address)
    yield visitors
    assert visitors.leave() == []


@pytest.fixture
def visit(chromium: Browser, demo: demos.Demo) -> Iterator[Visitors]:
    """`visit("alice")` is a page of hers; whatever a page complained about fails the test at its end."""
    visitors = Visitors(chromium, demo.address)
    yield visitors
    complaints = visitors.leave()
    assert not complaints, "\n".join(complaints)
