"""Pages to ask for quota: nothing typed is lost, dead ends are said, a list costs as much however long it is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants import granting
from tenants.models import Namespace, QuotaRequest, Team, User
from tenants.rules.granting import Move
from tenants.rules.policy import Rule
from tenants.services import lowering, quota_decisions, quota_requests
from tests.factories import GIB, make_app
from tests.quota.conftest import Ask, Live
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
FORM = "/t/payments/n/dev/quota/request"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(alice: User, namespace: Namespace) -> Client:
    return signed_in(alice)


def weighed(browser: Client, **typed: str) -> str:
    return browser.post(f"{FORM}?part=weighed", typed, headers=HTMX).content.decode()


# -- the form --------------------------------------------------------------------------------------------


def test_draft_keeps_all_that_was_typed(browser: Client) -> None:
    typed = {"memory": "fourty", "cpu": "8", "until": "soon", "reason": "x" * 1200, "act": "draft"}
    address = browser.post(FORM, typed).headers["Location"]
    page = browser.get(address).content.decode()
    assert all(f'value="{text}"' in page for text in ("fourty", "8", "soon"))
    assert "x" * 1200 in page


def test_draft_keeps_what_was_typed_when_sending_it_is_refused(browser: Client) -> None:
    address = browser.post(FORM, {"cpu": "8", "act": "draft"}).headers["Location"]
    assert "Say why" in browser.post(address, {"cpu": "12", "memory": "2", "act": "send"}).content.decode()
    page = browser.get(address).content.decode()
    assert 'value="12"' in page
    assert 'value="2"' in page


def test_own_drafts_are_found_again(browser: Client, andy: User, ask: Ask) -> None:
    draft = ask(send=False)
    assert f"draft {draft.number}" in browser.get(FORM).content.decode()
    assert f"draft {draft.number}" not in signed_in(andy).get(FORM).content.decode()


def test_bare_number_counts_in_the_unit_beside_it(browser: Client) -> None:
    browser.post(FORM, {"memory": "12", "cpu": "5.5", "reason": "The sale", "act": "send"})
    wants = QuotaRequest.objects.get().wants.values_list("resource", "wanted")
    assert dict(wants) == {"memory": 12 * GIB, "cpu": 5500}


def test_what_the_policy_says_is_told_while_one_types(browser: Client, live: Live) -> None:
    live(rules=(Rule(name="Small", at_most={"memory": 10 * GIB}),), ceilings={"cpu": 9000})
    assert "Approved at once" in weighed(browser, memory="10")
    assert "more than 10 GiB" in weighed(browser, memory="11")
    assert "ceiling" in weighed(browser, memory="10", cpu="10")
    assert "It has 8 GiB already" in weighed(browser, memory="8")
    assert "Approved at once" not in weighed(browser, memory="10", until="2020-01-01")
    assert not QuotaRequest.objects.exists()


def test_over_the_ceiling_is_told_at_the_field(browser: Client, live: Live) -> None:
    live(ceilings={"cpu": 9000})
    page = browser.post(FORM, {"cpu": "10", "reason": "The sale", "act": "send"}).content.decode()
    assert 'id="id_cpu-error"' in page
    assert not QuotaRequest.objects.exists()


def test_nothing_is_asked_of_a_namespace_that_goes(browser: Client) -> None:
    Namespace.objects.update(deleting_since=timezone.now())
    assert browser.get(FORM).status_code == 409


# -- the request's page ----------------------------------------------------------------------------------


def test_page_says_who_did_what(browser: Client, dave: User, ask: Ask) -> None:
    request = ask(memory=12 * GIB)
    granted = {"memory": 10 * GIB}
    quota_decisions.decide(
        actor=dave, request=request, revision=1, by=Move.APPROVE_PART, granted=granted, text="Half of it"
    )
    granting.delayed(Namespace.objects.get(), "exceeded quota")
    page = browser.get(f"/quota/requests/{request.number}/").content.decode()
    assert all(
        words in page for words in ("dave", "approved a part of it", "Half of it", "exceeded quota", "tried again")
    )
    granting.confirmed(Namespace.objects.get())
    page = browser.get(f"/quota/requests/{request.number}/?part=live", headers=HTMX).content.decode()
    assert "Applied, in part" in page
    assert "exceeded quota" not in page


def test_approver_is_led_to_their_own_page(dave: User, ask: Ask) -> None:
    number = ask().number
    assert signed_in(dave).get(f"/quota/requests/{number}/").headers["Location"] == f"/approvals/{number}/"


def test_decided_meanwhile_is_said(browser: Client, dave: User, ask: Ask) -> None:
    request = ask()
    quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.REJECT, text="No")
    answer = browser.post(f"/quota/requests/{request.number}/edit/", {"memory": "9", "reason": "Less"})
    assert answer.status_code == 409
    assert "rejected already" in answer.content.decode()


def test_raise_is_extended_in_one_click(browser: Client, dave: User, ask: Ask) -> None:
    request = ask(until=timezone.localdate() + timedelta(days=7))
    quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.APPROVE)
    granting.confirmed(Namespace.objects.get())
    assert "Extend" in browser.get(f"/quota/requests/{request.number}/").content.decode()
    made = browser.post(f"/quota/requests/{request.number}/extend/").headers["Location"]
    again = browser.post(f"/quota/requests/{request.number}/extend/").headers["Location"]
    assert made == again == f"/quota/requests/{QuotaRequest.objects.latest('pk').number}/"
    assert QuotaRequest.objects.count() == 2


def test_changes_name_who_asked_who_approved_and_who_lowered(
    browser: Client, alice: User, andy: User, dave: User, ask: Ask
) -> None:
    def approve(request: QuotaRequest) -> QuotaRequest:
        decided = quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.APPROVE)
        granting.confirmed(Namespace.objects.get())
        decided.refresh_from_db()
        return decided

    first = approve(ask(until=timezone.localdate()))
    longer = approve(quota_requests.extend(actor=andy, request=first))
    lowering.lower(actor=alice, namespace=first.namespace, wants={"memory": 10 * GIB})
    told = [
        " ".join(re.sub("<[^>]*>", " ", item).split())
        for item in re.findall("(?s)<li>.*?</li>", browser.get("/t/payments/n/dev/quota/").content.decode())
    ]
    assert longer.until is not None
    day = f"{longer.until:%-d %b}"
    lines = [
        "Memory 12 → 10 GiB lowered by alice",
        f"Memory 12 GiB until {day}, extended request {longer.number} by andy, approved by dave",
        f"Memory 8 → 12 GiB request {first.number} by alice, approved by dave",
    ]
    assert [any(line in one for one in told) for line in lines] == [True] * 3, told


def test_home_shows_what_waits_for_changes(browser: Client, bob: User, dave: User, ask: Ask) -> None:
    request = ask()
    quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.ASK_CHANGES, text="Less")
    words = f"Changes are asked of request {request.number}"
    assert words in browser.get("/").content.decode()
    assert words not in signed_in(bob).get("/").content.decode()


# -- lists, and giving back ------------------------------------------------------------------------------


def test_list_costs_as_much_with_many_requests(browser: Client, alice: User, team: Team, ask: Ask) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/t/payments/quota/requests/?all=1").status_code == 200
        return len(queries)

    quota_requests.withdraw(actor=alice, request=ask())
    few = cost()
    for _ in range(8):
        quota_requests.withdraw(actor=alice, request=ask(memory=9 * GIB, cpu=8000))
    assert cost() == few


def test_lowering_asks_whether_a_rollout_that_will_not_fit_is_meant(browser: Client, namespace: Namespace) -> None:
    make_app(namespace, memory=2 * GIB, replicas=2)
    page = browser.post("/t/payments/n/dev/quota/lower", {"memory": "5"}).content.decode()
    assert "the next rollout of checkout will not fit" in page
    assert browser.post("/t/payments/n/dev/quota/lower", {"memory": "5", "confirm": "on"}).status_code == 302
    assert Namespace.objects.get().limits["memory"] == 5 * GIB


# -- what cannot be read, and what giving back leaves ----------------------------------------------------


@pytest.mark.parametrize("typed", [{"memory": "lots"}, {"memory": "lots", "cpu": "5"}])
def test_an_amount_that_cannot_be_read_is_said_while_one_types(browser: Client, typed: dict[str, str]) -> None:
    page = weighed(browser, **typed)
    assert "It cannot be sent like this" in page
    assert "Memory:" in page
    assert "Write a number and a unit" in page


LOWER = "/t/payments/n/dev/quota/lower"


def left(browser: Client, **typed: str) -> str:
    return browser.post(f"{LOWER}?part=left", typed, headers=HTMX).content.decode()


def test_what_lowering_leaves_is_said_while_one_types(browser: Client, namespace: Namespace) -> None:
    make_app(namespace, memory=2 * GIB, replicas=2)
    assert "2 GiB would be free" in left(browser, memory="6")
    Namespace.objects.update(usage={"memory": 5 * GIB})
    assert "2.5 GiB would be free" in left(browser, memory="7.5")
    Namespace.objects.update(usage={})
    assert "the next rollout of checkout will not fit: it takes 2 GiB more for a while" in left(browser, memory="5")
    assert "4 GiB are reserved" in left(browser, memory="3")
    assert "Write a number and a unit" in left(browser, memory="lots")
    assert Namespace.objects.get().limits["memory"] == 8 * GIB


def test_one_is_said_as_one(browser: Client, namespace: Namespace) -> None:
    make_app(namespace, replicas=2)
    assert "With 2 pods the next rollout of checkout will not fit: it takes 1 pod more" in left(browser, pods="2")
