"""Asking for quota, and giving it back, by calls: the same verbs and the same errors as the pages."""

from __future__ import annotations

import pytest

from tenants.models import Namespace, QuotaRequest, User
from tenants.rules.policy import Rule
from tests.api.conftest import Script
from tests.factories import GIB, make_app
from tests.quota.conftest import Ask, Live

pytestmark = pytest.mark.django_db
PLACE = "teams/payments/namespaces/dev"


@pytest.fixture
def api(alice: User, namespace: Namespace) -> Script:
    return Script(alice)


def test_request_is_made_sent_and_followed(api: Script, live: Live) -> None:
    live(rules=(Rule(name="Small", at_most={"memory": 10 * GIB}),))
    answer = api.post(f"{PLACE}/quota/requests", {"wants": {"memory": "10 GiB"}, "reason": "The sale"})
    made = answer.json()
    assert (answer.status_code, made["state"], made["rule"]) == (201, "approved", "Small")
    assert [step["move"] for step in made["thread"]] == ["submit", "approve"]
    followed = api.get(answer.headers["Location"]).json()
    assert followed == made
    want = followed["asked"][0]
    assert (want["resource"], want["unit"], want["wanted"]) == ("memory", "bytes", 10 * GIB)


def test_draft_is_changed_sent_and_withdrawn(api: Script) -> None:
    body = {"wants": {"cpu": "5500m"}, "reason": "The sale", "until": "2999-01-01", "draft": True}
    number = api.post(f"{PLACE}/quota/requests", body).json()["number"]
    refused = api.post(f"quota-requests/{number}/submit").json()["error"]
    assert set(refused["fields"]) == {"until"}
    changed = api.patch(f"quota-requests/{number}", {"until": None}).json()
    assert (changed["until"], changed["asked"][0]["wanted"], changed["reason"]) == (None, 5500, "The sale")
    assert api.post(f"quota-requests/{number}/submit").json()["state"] == "submitted"
    assert api.delete(f"quota-requests/{number}").status_code == 409
    assert api.post(f"quota-requests/{number}/withdraw", {"text": "Not now"}).json()["state"] == "withdrawn"


def test_errors_name_the_amount_in_the_body(api: Script, live: Live, ask: Ask) -> None:
    live(ceilings={"cpu": 9000})
    ask()
    wrong = {"cpu": 10, "pods": "many", "memory": "16 GiB"}
    fields = {}
    for resource, amount in wrong.items():
        answer = api.post(f"{PLACE}/quota/requests", {"wants": {resource: amount}, "reason": "The sale"}).json()
        fields[answer["error"]["code"]] = set(answer["error"]["fields"])
    assert fields == {"ceiling": {"wants.cpu"}, "invalid": {"wants.pods"}, "open": {"wants.memory"}}
    assert QuotaRequest.objects.count() == 1


def test_policy_is_not_asked_about_a_day_that_is_over(api: Script) -> None:
    answer = api.post(f"{PLACE}/quota/weigh", {"wants": {"memory": "10 GiB"}, "until": "2020-01-01"})
    assert (answer.status_code, set(answer.json()["error"]["fields"])) == (422, {"until"})


def test_policy_is_asked_without_a_request(api: Script, live: Live) -> None:
    live(rules=(Rule(name="Small", at_most={"memory": 10 * GIB}),))
    answer = api.post(f"{PLACE}/quota/weigh", {"wants": {"memory": "10 GiB", "pods": 30}}).json()
    assert not answer["approves"]
    assert {one["resource"]: one["approves"] for one in answer["verdicts"]} == {"memory": True, "pods": False}
    assert not QuotaRequest.objects.exists()


def test_limits_are_lowered_and_a_rollout_that_will_not_fit_is_confirmed(api: Script, namespace: Namespace) -> None:
    make_app(namespace, memory=2 * GIB, replicas=2)
    body = {"limits": {"memory": "5 GiB"}}
    refused = api.post(f"{PLACE}/quota/limits", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "unconfirmed")
    assert set(refused.json()["error"]["fields"]) == {"confirm"}
    done = api.post(f"{PLACE}/quota/limits", {**body, "confirm": True})
    assert (done.status_code, done.json()["operation"]["kind"]) == (202, "namespace.apply")
    assert set(api.post(f"{PLACE}/quota/limits", {"limits": {"memory": "4 GiB - 1"}}).json()["error"]["fields"]) == {
        "limits.memory"
    }


def test_token_needs_the_scope(alice: User, namespace: Namespace) -> None:
    reader = Script(alice, scopes=["read"])
    body = {"wants": {"memory": "10 GiB"}, "reason": "The sale"}
    assert reader.post(f"{PLACE}/quota/requests", body).status_code == 403
    assert reader.get(f"{PLACE}/quota/requests").json()["count"] == 0


def test_lists_show_what_is_open_or_all(api: Script, ask: Ask) -> None:
    number = ask().number
    ask(send=False)
    api.post(f"quota-requests/{number}/withdraw")
    for address in (f"{PLACE}/quota/requests", "teams/payments/quota-requests"):
        assert [one["state"] for one in api.get(address).json()["results"]] == ["draft"]
        assert api.get(f"{address}?state=all").json()["count"] == 2
