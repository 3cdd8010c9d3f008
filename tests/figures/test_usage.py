"""Samples → statistics and the chart."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from tenants.models import App, Cause, Grant, Namespace
from tenants.selectors import usage
from tests.factories import GIB
from tests.figures.samples import make_samples

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def drawn(chart: usage.Chart) -> ET.Element:
    html = render_to_string("components/usage_chart.html", {"chart": chart})
    begin = html.index('<svg class="b-chart" ')
    return ET.fromstring(html[begin : html.index("</svg>", begin) + 6])


def words(svg: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in svg.iter("text")]


def test_the_peak_is_the_most_that_was_used_or_reserved(namespace: Namespace) -> None:
    begin = make_samples(namespace, [(GIB, 2 * GIB, 3 * GIB), (GIB, 5 * GIB, 3 * GIB), (GIB, GIB, 4 * GIB)])
    found = usage.statistics(namespace)["memory"]
    assert (found.peak, found.peak_at) == (5 * GIB, begin + timedelta(hours=1))


def test_the_percentile_leaves_out_the_top_twentieth_of_the_time(namespace: Namespace) -> None:
    make_samples(namespace, [(n, n, 0) for n in range(1, 101)])
    assert usage.statistics(namespace)["memory"].percentile == 95


def test_the_trend_compares_the_two_weeks(namespace: Namespace) -> None:
    make_samples(namespace, [(1000, 1000, 0)] * 168 + [(1500, 1500, 0)] * 168)
    trend = usage.statistics(namespace)["memory"].trend
    assert trend is not None
    assert trend == pytest.approx(0.5, abs=0.02)


def test_without_samples_what_is_used_now_is_the_peak(namespace: Namespace) -> None:
    namespace.usage = {"memory": GIB}
    found = usage.statistics(namespace)["memory"]
    assert (found.peak, found.percentile, found.trend) == (GIB, GIB, None)


def test_a_span_that_is_being_rolled_up_counts_once(namespace: Namespace) -> None:
    make_samples(namespace, [(100, 100, 0)], seconds=3600)
    make_samples(namespace, [(100, 100, 0)] * 12, seconds=300)
    assert [point.seconds for point in usage.history(namespace, "memory")] == [3600]


def test_days_have_the_mean_and_the_most(namespace: Namespace) -> None:
    make_samples(namespace, [(GIB, 2 * GIB, 3 * GIB)] * 48)
    day = usage.by_day(usage.history(namespace, "memory"), "memory")[0]
    assert (day.mean, day.most, day.reserved, day.limit) == ("1", "2", "3", "8")


def test_the_chart_says_what_it_shows(namespace: Namespace) -> None:
    make_samples(namespace, [(GIB, 2 * GIB, 3 * GIB)] * 100)
    svg = drawn(usage.chart(namespace, "memory"))
    title, about = svg.find("title"), svg.find("desc")
    assert title is not None
    assert title.text
    assert title.text.startswith("Memory of payments-dev")
    assert about is not None
    assert about.text
    assert "reserved between 0 GiB and 3 GiB" in about.text
    assert {"8 granted", "0 used"} <= set(words(svg))


def test_lines_of_others_are_on_the_chart_with_their_words(namespace: Namespace) -> None:
    make_samples(namespace, [(GIB, 2 * GIB, 3 * GIB)] * 10)
    lines = [usage.Extra("wanted", 40 * GIB, "requested"), usage.Extra("part", 32 * GIB, "your part")]
    svg = drawn(usage.chart(namespace, "memory", 14, lines))
    assert {"40 requested", "32 your part"} <= set(words(svg))
    assert svg.find("line[@class='wanted']") is not None


def test_labels_at_the_right_never_cover_each_other(namespace: Namespace) -> None:
    make_samples(namespace, [(0, 0, 0)] * 10)
    namespace.limits = {**namespace.limits, "memory": GIB}
    chart = usage.chart(namespace, "memory", 14, [usage.Extra("wanted", GIB, "requested")])
    places = sorted(label.y for label in chart.labels)
    assert all(after - before >= 13 for before, after in itertools.pairwise(places))
    assert places[-1] <= 211


def test_changes_of_the_quota_and_releases_are_marked(namespace: Namespace, app_row: App) -> None:
    make_samples(namespace, [(GIB, 2 * GIB, 3 * GIB)] * 100)
    grant = Grant.objects.create(
        team=namespace.team, namespace=namespace, place="p", resource="memory", old=4 * GIB, new=8 * GIB,
        cause=Cause.LOWERED,
    )  # fmt: skip
    Grant.objects.filter(pk=grant.pk).update(at=timezone.now() - timedelta(days=2))
    app_row.releases.update(created_at=timezone.now() - timedelta(days=3))
    chart = usage.chart(namespace, "memory")
    assert [change.words for change in chart.changes] == ["4 → 8"]
    assert [release.words for release in chart.releases] == [f"{app_row.name} v1"]
    assert [mark for _, mark in chart.marks] == ["Quota 4 → 8 GiB", f"Release {app_row.name} v1"]


def test_time_that_nobody_saw_breaks_the_line(namespace: Namespace) -> None:
    begin = make_samples(namespace, [(GIB, GIB, GIB)] * 240)
    namespace.samples.filter(at__gte=begin + timedelta(hours=50), at__lt=begin + timedelta(hours=120)).delete()
    assert usage.chart(namespace, "memory").used.count("M") == 2


def test_before_the_first_sample_the_chart_says_so(namespace: Namespace) -> None:
    html = render_to_string("components/usage_chart.html", {"chart": usage.chart(namespace, "memory")})
    assert "five minutes" in html
    assert "<svg" not in html


@pytest.mark.parametrize("peak", [7.9, 7.6, 7.0, 4.0])
def test_no_line_crosses_the_words_of_the_peak(namespace: Namespace, peak: float) -> None:
    make_samples(namespace, [(GIB, int(peak * GIB), GIB)] + [(GIB, GIB, GIB)] * 10)
    chart = usage.chart(namespace, "memory")
    assert chart.peak is not None
    granted = 16  # the top of the drawing: nothing is higher than the limit
    assert not chart.peak.y - 10 < granted < chart.peak.y + 2
    assert chart.peak.y >= 10
