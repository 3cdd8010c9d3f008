"""The approvers' pages: the queue, one request, and what deciding there does and says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.models import ClusterState, Namespace, Plan, QuotaRequest, Team, User
from tenants.models.granting import State
from tests.factories import GIB, make_member, make_namespace, make_policy, make_quota_request, make_team
from tests.figures.samples import make_samples
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_dave(dave: User) -> Client:
    return signed_in(dave)


@pytest.fixture
def asked(namespace: Namespace, alice: User) -> QuotaRequest:
    """12 GiB, where there are 8, and 6 cores, where there are 4."""
    return make_quota_request(namespace, alice, memory=12 * GIB, cpu=6000)


def queue(client: Client, **query: str) -> list[int]:
    return [row.request.number for row in client.get("/approvals/", query).context["shown"]]


def decision(asked: QuotaRequest, **fields: str) -> dict[str, str]:
    return {"decision": "approve", "revision": str(asked.revision), "text": "", **fields}


@pytest.fixture
def three(namespace: Namespace, other_team: Team, alice: User, erin: User) -> list[int]:
    """By age: a small raise of payments that nothing stands against, ledgers' over a ceiling, payments' big one."""
    now = timezone.now()
    ledgers = make_namespace(other_team, "web")
    Team.objects.filter(pk=other_team.pk).update(ceilings={"memory": 9 * GIB})
    make_policy(rules=[{"name": "small", "raise_at_most": 0.5}])
    made = [
        make_quota_request(namespace, alice, cpu=5000),
        make_quota_request(ledgers, erin, memory=16 * GIB),
        make_quota_request(namespace, alice, memory=40 * GIB),
    ]
    for hours, request in zip((3, 2, 1), made, strict=True):
        QuotaRequest.objects.filter(pk=request.pk).update(submitted_at=now - timedelta(hours=hours))
    return [request.number for request in made]


def test_longest_waiting_comes_first(as_dave: Client, three: list[int]) -> None:
    assert queue(as_dave) == three


def test_queue_is_sorted_and_filtered(as_dave: Client, three: list[int]) -> None:
    small, over, big = three
    assert queue(as_dave, sort="size") == [big, over, small]
    assert queue(as_dave, sort="team") == [over, small, big]
    assert queue(as_dave, hint="yes") == [small]
    assert queue(as_dave, hint="no") == [big]
    assert queue(as_dave, hint="wall") == [over]
    assert queue(as_dave, q="ledg") == [over]
    assert queue(as_dave, state="changes") == []


def test_what_waits_is_weighed_by_the_policy_that_holds_now(
    as_dave: Client, three: list[int], alice: User, namespace: Namespace
) -> None:
    small, over, big = three
    make_policy(rules=[{"name": "tiny", "raise_at_most": 0.1}], ceilings={"memory": 20 * GIB})
    assert queue(as_dave, hint="no") == [small]
    assert queue(as_dave, hint="wall") == [over, big]
    says = "Rule 1 would not approve the CPU:"
    pages = [as_dave.get(where) for where in ("/approvals/", f"/approvals/{small}/")]
    pages.append(signed_in(alice).get(f"/quota/requests/{small}/"))
    assert all(says in page.content.decode() for page in pages)
    assert all("the raise is over 10%" in page.content.decode() for page in pages)


def test_what_was_decided_keeps_what_was_said_when_it_was_sent(
    as_dave: Client, namespace: Namespace, alice: User
) -> None:
    said = {"resource": "cpu", "approves": False, "number": 0, "rule": "", "why": "no rule approves raises of CPU"}
    make_quota_request(
        namespace, alice, cpu=5000, state=State.REJECTED, decided_at=timezone.now(), verdict={"cpu": said}
    )
    make_policy(rules=[{"name": "all"}])
    (row,) = as_dave.get("/approvals/", {"state": "decided"}).context["shown"]
    assert (row.hint.kind, row.hint.why) == ("warn", "no rule approves raises of CPU")


def test_drafts_and_what_is_decided_do_not_wait(as_dave: Client, namespace: Namespace, alice: User) -> None:
    make_quota_request(namespace, alice, state=State.DRAFT)
    done = make_quota_request(namespace, alice, state=State.REJECTED, decided_at=timezone.now())
    assert queue(as_dave) == []
    assert queue(as_dave, state="decided") == [done.number]


@pytest.mark.parametrize("hint", ["", "no"])
def test_queue_takes_as_many_queries_for_ten_as_for_five_hundred(
    as_dave: Client, alice: User, plan: Plan, hint: str
) -> None:
    counts = []
    for number in range(50):
        team = make_team(f"t{number}", owner=alice)
        for name in range(10):
            make_quota_request(make_namespace(team, f"n{name}", plan=plan), alice)
        if number in (0, 49):
            with CaptureQueriesContext(connection) as queries:
                answer = as_dave.get("/approvals/", {"hint": hint})
            counts.append((answer.context["shown"].paginator.count, len(queries)))
    assert counts == [(10, counts[0][1]), (500, counts[0][1])]


def test_sidebar_of_staff_counts_what_waits(as_dave: Client, asked: QuotaRequest) -> None:
    page = as_dave.get("/staff/teams/").content.decode()
    assert 'hx-get="/approvals/?part=count"' in page
    assert as_dave.get("/approvals/?part=count", headers={"HX-Request": "true"}).content.decode().strip() == "1"


def test_page_says_what_is_asked_and_what_the_policy_says(as_dave: Client, asked: QuotaRequest) -> None:
    make_policy(rules=[{"name": "small raises", "raise_at_most": 0.2}])
    page = as_dave.get(f"/approvals/{asked.number}/").content.decode()
    assert "Payments asks for 12 GiB memory and 6 cores" in page
    assert "Rule 1 would not approve the memory:" in page
    assert "Approve 12 GiB, 6 cores" in page


def test_page_tells_no_figures_before_anything_was_measured(as_dave: Client, asked: QuotaRequest) -> None:
    page = as_dave.get(f"/approvals/{asked.number}/").content.decode()
    assert "Nothing is measured yet" in page
    assert "of the time at most" not in page
    assert '<td data-label="Peak, 2 weeks">–</td>' in page


def test_page_says_what_the_cluster_has_left(as_dave: Client, asked: QuotaRequest) -> None:
    info = {"allocatable": {"memory": 20 * GIB, "cpu": 4000}}
    ClusterState.objects.create(alias="default", since=timezone.now(), info=info)
    page = as_dave.get(f"/approvals/{asked.number}/")
    assert page.context["room"].endswith("has 12 GiB not granted, no CPU left to grant")


def test_button_and_hints_follow_what_is_typed(as_dave: Client, asked: QuotaRequest) -> None:
    make_policy(rules=[{"name": "small raises", "raise_at_most": 0.25}])
    day = timezone.localdate() + timedelta(days=9)
    fields = {"decision": "approve_part", "granted-0": "10", "granted-1": "4", "timed": "on", "until": day.isoformat()}
    typed, htmx = decision(asked, **fields), {"HX-Request": "true"}
    said = as_dave.post(f"/approvals/{asked.number}/beside/", typed, headers=htmx).content.decode()
    assert "Memory +25%: 10 GiB over the peak. Rule 1 would approve this." in said
    assert f"until {day.day} " in said


def test_what_the_cluster_lacks_is_said_while_one_types_with_its_tick(as_dave: Client, asked: QuotaRequest) -> None:
    ClusterState.objects.create(alias="default", since=timezone.now(), info={"allocatable": {"memory": 9 * GIB}})
    where, htmx = f"/approvals/{asked.number}/beside/", {"HX-Request": "true"}
    said = as_dave.post(where, decision(asked), headers=htmx).content.decode()
    assert "The cluster has 3 GiB memory too little left for this." in said
    assert 'name="over_capacity"' in said
    fits = decision(asked, decision="approve_part", **{"granted-0": "9", "granted-1": "4.967"})
    said = as_dave.post(where, fits, headers=htmx).content.decode()
    assert 'name="over_capacity"' not in said
    assert "4.97 cores over the peak" in said


def test_the_chart_draws_the_part_that_is_typed(as_dave: Client, asked: QuotaRequest, namespace: Namespace) -> None:
    fields = {"decision": "approve_part", "granted-0": "10", "granted-1": "4", "resource": "memory"}
    where, htmx = f"/approvals/{asked.number}/beside/", {"HX-Request": "true"}
    said = as_dave.post(where, decision(asked, **fields), headers=htmx).content.decode()
    assert 'id="drawing"' not in said, "before anything was measured the page has no place for it"
    make_samples(namespace, [(GIB, GIB, GIB)])
    said = as_dave.post(where, decision(asked, **fields), headers=htmx).content.decode()
    assert 'id="drawing" hx-swap-oob' in said
    assert "10 your part" in said
    assert "your part" not in as_dave.post(where, decision(asked, resource="memory"), headers=htmx).content.decode()


def test_part_is_approved_in_the_units_of_the_page(as_dave: Client, asked: QuotaRequest, namespace: Namespace) -> None:
    fields = {"decision": "approve_part", "granted-0": "10", "granted-1": "4500m"}
    answer = as_dave.post(f"/approvals/{asked.number}/", decision(asked, **fields))
    assert answer.status_code == 302
    namespace.refresh_from_db()
    assert (namespace.limits["memory"], namespace.limits["cpu"]) == (10 * GIB, 4500)


def test_reject_needs_a_reason_at_its_field(as_dave: Client, asked: QuotaRequest) -> None:
    answer = as_dave.post(f"/approvals/{asked.number}/", decision(asked, decision="reject"))
    assert answer.context["form"].errors["text"]
    asked.refresh_from_db()
    assert asked.state == State.SUBMITTED


def test_more_than_the_cluster_has_shows_the_box_to_tick(as_dave: Client, asked: QuotaRequest) -> None:
    ClusterState.objects.create(alias="default", since=timezone.now(), info={"allocatable": {"memory": 9 * GIB}})
    where = f"/approvals/{asked.number}/"
    page = as_dave.post(where, decision(asked)).content.decode()
    assert 'name="over_capacity"' in page
    assert as_dave.post(where, decision(asked, over_capacity="on")).status_code == 302


def test_password_is_asked_for_and_what_was_typed_comes_back(dave: User, asked: QuotaRequest) -> None:
    browser = signed_in(dave, ago=3600)
    sent = decision(asked, decision="reject", text="The cluster is full")
    answer = browser.post(f"/approvals/{asked.number}/", sent)
    assert "/accounts/reauthenticate/" in answer["Location"]
    asked.refresh_from_db()
    assert asked.state == State.SUBMITTED
    assert "The cluster is full" in browser.get(f"/approvals/{asked.number}/").content.decode()


def test_request_that_was_changed_is_shown_as_it_is_now(as_dave: Client, asked: QuotaRequest) -> None:
    seen = decision(asked, text="Fine")
    asked.wants.filter(resource="memory").update(wanted=16 * GIB)
    QuotaRequest.objects.update(revision=2)
    answer = as_dave.post(f"/approvals/{asked.number}/", seen)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "was changed after you opened it: look again" in page
    assert "16 GiB memory" in page
    assert 'name="revision" value="2"' in page
    assert "Fine" in page


def test_second_approver_is_told_on_the_page(as_dave: Client, asked: QuotaRequest) -> None:
    QuotaRequest.objects.update(state=State.REJECTED)
    answer = as_dave.post(f"/approvals/{asked.number}/", decision(asked))
    assert answer.status_code == 409
    assert "is rejected already" in answer.content.decode()


def test_who_may_not_decide_reads_why(as_dave: Client, asked: QuotaRequest, dave: User, team: Team) -> None:
    make_member(team, dave, "viewer")
    page = as_dave.get(f"/approvals/{asked.number}/").content.decode()
    assert "you are in Payments." in page
    assert 'name="decision"' not in page


def test_next_leads_to_the_one_after(as_dave: Client, three: list[int]) -> None:
    context = as_dave.get(f"/approvals/{three[0]}/").context
    assert (context["place"], context["waiting"], context["following"]) == (1, 3, three[1])


def test_clusters_say_what_is_left(as_dave: Client, namespace: Namespace) -> None:
    info = {"version": "v1.37.2", "nodes": 1, "allocatable": {"memory": 32 * GIB}}
    ClusterState.objects.create(alias="default", since=timezone.now(), info=info)
    make_policy(over_commit={"memory": 1.5})
    (cluster,) = as_dave.get("/clusters/").context["clusters"]
    (line,) = cluster.lines
    assert (line.allocatable, line.grantable, line.granted, line.left) == ("32", "48", "8", "40")


# -- a page that stands open while the request goes on -----------------------------------------------------


def live(client: Client, asked: QuotaRequest, **seen: str) -> str:
    return client.get(
        f"/approvals/{asked.number}/", {"part": "live", **seen}, headers={"HX-Request": "true"}
    ).content.decode()


def test_form_comes_when_a_request_is_sent_again(as_dave: Client, asked: QuotaRequest) -> None:
    QuotaRequest.objects.filter(pk=asked.pk).update(state=State.CHANGES_ASKED)
    page = as_dave.get(f"/approvals/{asked.number}/")
    assert 'id="decision"' not in page.content.decode()
    QuotaRequest.objects.filter(pk=asked.pk).update(state=State.SUBMITTED)
    now = live(as_dave, asked, seen=page.context["seen"])
    assert 'id="decision"' in now
    assert "It changed while you looked" in now


def test_form_stays_as_it_is_while_its_request_does(as_dave: Client, asked: QuotaRequest) -> None:
    seen = as_dave.get(f"/approvals/{asked.number}/").context["seen"]
    assert 'id="decision"' not in live(as_dave, asked, seen=seen)


def test_message_that_is_typed_stays_when_the_request_is_changed(as_dave: Client, asked: QuotaRequest) -> None:
    seen = as_dave.get(f"/approvals/{asked.number}/").context["seen"]
    QuotaRequest.objects.filter(pk=asked.pk).update(revision=2)
    now = live(as_dave, asked, seen=seen, text="Why so much?")
    assert "Why so much?" in now
    assert 'name="revision" value="2"' in now


def test_form_goes_when_another_decided(as_dave: Client, asked: QuotaRequest) -> None:
    seen = as_dave.get(f"/approvals/{asked.number}/").context["seen"]
    QuotaRequest.objects.filter(pk=asked.pk).update(state=State.REJECTED)
    now = live(as_dave, asked, seen=seen)
    assert 'id="decide"' in now
    assert 'id="decision"' not in now


def test_a_later_day_than_asked_is_refused_while_one_types(as_dave: Client, asked: QuotaRequest) -> None:
    until = timezone.localdate() + timedelta(days=30)
    QuotaRequest.objects.filter(pk=asked.pk).update(until=until)
    fields = decision(asked, timed="on", until=(until + timedelta(days=1)).isoformat())
    beside = as_dave.post(f"/approvals/{asked.number}/beside/", fields, headers={"HX-Request": "true"}).content.decode()
    assert f"Asked until {until:%-d %b %Y}: choose that day or an earlier one." in beside
    fields["until"] = until.isoformat()
    beside = as_dave.post(f"/approvals/{asked.number}/beside/", fields, headers={"HX-Request": "true"}).content.decode()
    assert "choose that day" not in beside


def test_an_extension_says_from_which_day_to_which(as_dave: Client, asked: QuotaRequest, alice: User) -> None:
    today = timezone.localdate()
    first, last = today + timedelta(days=10), today + timedelta(days=40)
    QuotaRequest.objects.filter(pk=asked.pk).update(state=State.APPLIED, granted_until=first)
    longer = make_quota_request(asked.namespace, alice, pods=30)
    QuotaRequest.objects.filter(pk=longer.pk).update(extends=asked, until=last)
    for page in (
        as_dave.get(f"/approvals/{longer.number}/"),
        signed_in(alice).get(f"/quota/requests/{longer.number}/"),
    ):
        html = page.content.decode()
        assert f"{first:%-d %b %Y}" in html
        assert f"{last:%-d %b %Y}" in html
        assert "+30 days" in html
