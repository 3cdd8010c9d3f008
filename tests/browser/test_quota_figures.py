"""The quota page: bars that move by themselves, and the chart of a month."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from contextlib import closing

from playwright.sync_api import expect

from tests.browser import acts
from tests.browser.acts import HELLO, SLOW
from tests.browser.conftest import Visitors
from tests.browser.demo import Demo
from tests.browser.looking import look_over

CHART = "svg.b-chart"


def test_the_bars_move_when_somebody_else_deploys(visit: Visitors, place: str) -> None:
    carol, bob = visit("carol"), visit("bob")
    carol.goto(f"{place}quota/")
    pods = carol.locator("[data-fragment=figures] tr", has=carol.get_by_role("rowheader", name="Pods")).locator("td")
    acts.mark(carol)
    before = int(pods.first.inner_text())
    acts.make_app(bob, place, "moved", HELLO, replicas=2)
    expect(pods.first).to_have_text(str(before + 2), timeout=SLOW)
    assert acts.same_page(carol)
    expect(carol.locator("[data-fragment=seen]")).to_contain_text(re.compile("just now|ago"))
    look_over(carol)
    carol.goto("/t/payments/quota/")
    look_over(carol)


def give_it_a_past(demo: Demo, namespace: str) -> None:
    """Thirty days of memory in the demo's database, which no test can wait for: 6 GiB used, 14 once, 8 reserved."""
    gib, hour = 1 << 30, 3600
    usual, once = [6 * gib, 6 * gib, 8 * gib, 24 * gib], [6 * gib, 14 * gib, 14 * gib, 24 * gib]
    first = int(time.time()) // hour * hour - 720 * hour
    moments = [time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(first + hour * n)) for n in range(720)]
    with closing(sqlite3.connect(demo.process.log.parent / "data" / "berth.sqlite3", timeout=20)) as database, database:
        found = database.execute(
            "SELECT team_id, id, cluster_name FROM tenants_namespace WHERE cluster_name = ?", [namespace]
        )
        team, pk, place = found.fetchone()
        database.executemany(
            'INSERT INTO tenants_sample (team_id, namespace_id, place, seconds, at, "values") '
            "VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    team,
                    pk,
                    place,
                    hour,
                    at,
                    json.dumps({"memory": once if n == 500 else usual}),
                )
                for n, at in enumerate(moments)
            ],
        )


def test_the_month_is_drawn_and_told(visit: Visitors, demo: Demo, place: str) -> None:
    give_it_a_past(demo, "payments-lab")
    alice = visit("alice")
    alice.goto(f"{place}quota/?resource=memory")
    expect(alice.locator(CHART).get_by_text(re.compile("^peak 14, "))).to_be_visible(timeout=SLOW)
    expect(alice.locator(CHART).get_by_text("24 granted")).to_be_visible()
    alice.get_by_text("The figures").click()
    expect(alice.get_by_role("region", name="Figures of Memory").get_by_role("row").nth(29)).to_be_visible()
    look_over(alice)
    alice.get_by_role("link", name="CPU", exact=True).click()
    expect(alice.get_by_role("heading", name=re.compile("^CPU"))).to_be_visible()
    expect(alice).to_have_url(re.compile("resource=cpu"))
