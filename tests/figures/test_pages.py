"""The quota pages: bars, ages, raises, requests, the chart."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import Cause, ClusterState, Grant, Namespace, QuotaRequest, Team, User
from tenants.models.granting import State
from tenants.selectors import quota
from tests import factories
from tests.factories import GIB
from tests.figures.samples import make_samples
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
PAGE = "/t/payments/n/dev/quota/"


def read(user: User, path: str = PAGE, **headers: str) -> str:
    answer = signed_in(user).get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def raised(namespace: Namespace, days: int, *, limit: int = 24 * GIB, back_to: int = 8 * GIB) -> None:
    namespace.limits = {**namespace.limits, "memory": limit}
    namespace.save()
    Grant.objects.create(
        team=namespace.team, namespace=namespace, place="p", resource="memory", old=back_to, new=limit,
        cause=Cause.REQUEST, until=timezone.localdate() + timedelta(days=days), back_to=back_to,
    )  # fmt: skip


def test_every_resource_has_its_bar(alice: User, namespace: Namespace) -> None:
    namespace.limits = {**namespace.limits, "storage:fast": 10 * GIB, "nvidia.com/gpu": 2}
    namespace.save()
    names = [line.name for line in quota.page_context(namespace)["lines"]]
    assert names == [
        "CPU", "Memory", "Storage", "Pods", "Volumes", "Apps with a port", "Secrets", "Storage of class fast",
        "nvidia.com/gpu",
    ]  # fmt: skip
    assert "nvidia.com/gpu" in read(alice)


def test_a_raise_says_until_when_and_what_comes_then(carol: User, team: Team, namespace: Namespace) -> None:
    raised(namespace, 10)
    assert "then 8 GiB" in read(carol)


def test_after_the_end_it_says_how_much_is_over(namespace: Namespace) -> None:
    raised(namespace, -1, limit=11 * GIB)
    line = next(line for line in quota.page_context(namespace)["lines"] if line.resource == "memory")
    assert line.note.startswith("over by 3 GiB: the raise ended on")


def test_more_taken_than_granted_is_said(namespace: Namespace) -> None:
    namespace.usage = {"memory": 9 * GIB}
    line = next(line for line in quota.page_context(namespace)["lines"] if line.resource == "memory")
    assert (line.free, line.over, line.tight) == ("0", "1", True)


def test_figures_have_their_age(alice: User, namespace: Namespace) -> None:
    namespace.used_at = timezone.now() - timedelta(minutes=7)
    namespace.save()
    assert "7 min ago" in read(alice)


def test_a_silent_cluster_is_said(alice: User, namespace: Namespace) -> None:
    now = timezone.now()
    ClusterState.objects.update_or_create(pk="default", defaults={"answers": False, "since": now})
    assert "The cluster is silent" in read(alice)
    assert "The cluster is silent" in read(alice, "/t/payments/quota/")


def test_open_requests_stand_beside_the_bars(alice: User, namespace: Namespace) -> None:
    request = QuotaRequest.objects.create(namespace=namespace, author=alice, state=State.SUBMITTED)
    request.wants.create(namespace=namespace, resource="memory", before=8 * GIB, wanted=12 * GIB, open=True)
    shown = quota.page_context(namespace)["asked"]
    assert [(one.words, one.state) for one in shown] == [("Memory 8 → 12 GiB", "Waiting for a decision")]
    assert f"/quota/requests/{request.pk}/" in read(alice)


def test_a_draft_is_shown_to_its_author_alone(alice: User, andy: User, team: Team, namespace: Namespace) -> None:
    draft = QuotaRequest.objects.create(namespace=namespace, author=alice)
    assert f"draft {draft.pk}" in read(alice)
    assert f"draft {draft.pk}" not in read(andy)


def test_the_chart_is_of_the_resource_that_is_asked_for(alice: User, namespace: Namespace) -> None:
    make_samples(namespace, [(1, 1, 1)] * 10, resource="pods")
    assert "Pods of payments-dev" in read(alice, f"{PAGE}?resource=pods")


def test_a_resource_that_is_not_there_shows_the_tightest(alice: User, namespace: Namespace) -> None:
    namespace.usage = {"memory": 8 * GIB}
    namespace.save()
    make_samples(namespace, [(GIB, GIB, GIB)] * 10)
    assert "Memory of payments-dev" in read(alice, f"{PAGE}?resource=gold")


def test_the_chart_alone_is_answered_to_htmx(alice: User, namespace: Namespace) -> None:
    html = read(alice, f"{PAGE}?resource=cpu&part=use", **{"HX-Request": "true"})
    assert "<h2" in html
    assert "<html" not in html


def test_the_chart_follows_the_quota_and_keeps_its_resource(alice: User, namespace: Namespace) -> None:
    html = read(alice, f"{PAGE}?resource=cpu")
    follows = re.search(
        r'hx-get="([^"]+)" hx-trigger="live:quota [^"]+" hx-target="#use" hx-replace-url="([^"]+)"', html
    )
    assert follows is not None
    assert follows[1].replace("&amp;", "&") == f"{PAGE}?resource=cpu&part=use"
    assert follows[2] == "?resource=cpu"


def test_the_team_s_page_has_the_sums(team: Team, plan: object) -> None:
    for name in ("a", "b"):
        place = factories.make_namespace(team, name)
        place.usage = {"memory": GIB}
        place.save()
    totals = {line.resource: line for line in quota.team_context(team)["totals"]}
    assert (totals["memory"].used, totals["memory"].limit) == ("2", "16")


def test_the_team_s_page_asks_the_same_whatever_it_has(  # type: ignore[no-untyped-def]
    alice: User, team: Team, namespace: Namespace, django_assert_max_num_queries
) -> None:
    browser: Client = signed_in(alice)
    browser.get("/t/payments/quota/")
    with django_assert_max_num_queries(40) as few:
        browser.get("/t/payments/quota/")
    for n in range(20):
        factories.make_app(factories.make_namespace(team, f"n{n}", plan=namespace.plan))
    with django_assert_max_num_queries(len(few)):
        browser.get("/t/payments/quota/")


def test_staff_of_the_site_see_it_without_its_buttons(sam: User, namespace: Namespace) -> None:
    assert "Request more" not in read(sam)
