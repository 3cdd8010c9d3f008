"""The words that lists and ledgers are made of, from rows and from what a cluster said."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.pruned import Event, prune
from tenants.models import App
from tenants.selectors import apps, changes, ledger
from tests.factories import make_release, make_spec

DIGEST = "sha256:" + "ab" * 32


def told(
    message: str, pod: str, *, at: str = "12:00:01Z", version: int = 1, kind: str = "Pod", count: int = 1
) -> Event:
    found: Event = prune(
        "Event",
        {
            "metadata": {"name": f"{pod}.{version}", "namespace": "payments-dev", "resourceVersion": str(version)},
            "involvedObject": {"kind": kind, "name": pod},
            "type": "Warning",
            "message": message,
            "count": count,
            "lastTimestamp": f"2026-11-23T{at}",
        },
    )
    return found


def shown(app: App, *events: Event) -> list[dict[str, Any]]:
    return apps.live_context(app, None, events)["events"]


def test_tags_that_worked_are_tags_and_no_digests(app_row: App) -> None:
    for number, image in enumerate(("shop:1", f"shop@{DIGEST}", f"r:5000/shop:2@{DIGEST}", "shop"), start=2):
        make_release(app_row, number, make_spec(image=image), worked=True)
    assert ledger.tags_before(app_row) == ["2", "1", "1.4.0"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("r:5000/shop:1", "r:5000/shop:2", "image 1 → 2"),
        ("shop:1", "store:1", "image → store:1"),
        ("shop:1", f"shop@{DIGEST}", f"image 1 → {DIGEST[:19]}"),
        ("shop:1", f"shop:1@{DIGEST}", "image 1 by another digest"),
    ],
)
def test_change_of_an_image_in_words(old: str, new: str, says: str) -> None:
    assert changes.sentence([{"field": "image", "old": old, "new": new}]) == says


def test_events_of_one_second_come_in_the_order_in_which_they_were_told(app_row: App) -> None:
    scheduled = {"eventTime": "2026-11-23T12:00:01.900000Z", "lastTimestamp": None}
    early: Event = prune(
        "Event",
        {
            "metadata": {"name": "e", "resourceVersion": "9"},
            "involvedObject": {"kind": "Pod", "name": "checkout-1-aaaaa"},
            "message": "Successfully assigned",
            **scheduled,
        },
    )
    pulling = told("Pulling image", "checkout-1-aaaaa", version=10)
    pulled = told("Pulled image", "checkout-1-aaaaa", version=11)
    words = [line["words"] for line in shown(app_row, pulled, early, pulling)]
    assert words == ["Pulled image", "Pulling image", "Successfully assigned"]


def test_one_sentence_of_many_pods_stands_once(app_row: App) -> None:
    two = [told("Back-off", f"checkout-1-aaaa{n}", version=n, count=2) for n in (1, 2)]
    assert [line["about"] for line in shown(app_row, *two)] == ["pods aaaa2 and aaaa1, 4 times"]
    once = [told("Started", f"checkout-1-aaaa{n}", version=n) for n in (1, 2)]
    assert [line["about"] for line in shown(app_row, *once)] == ["pods aaaa2 and aaaa1"]
    merged = told("(combined from similar events): Back-off", "checkout-1-aaaa3", version=3)
    assert [line["about"] for line in shown(app_row, *two, merged)] == ["3 pods, 5 times"]
    other = told("Back-off", "checkout", version=4, kind="Deployment")
    assert [line["about"] for line in shown(app_row, two[0], other)] == ["Deployment", "pod aaaa1, 2 times"]
