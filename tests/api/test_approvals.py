"""Calls of approvers: the queue, one request, the decision; and the clusters."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tenants.models import ClusterState, Namespace, QuotaRequest, User
from tests.api.conftest import Script
from tests.factories import GIB, make_quota_request

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(namespace: Namespace, alice: User) -> QuotaRequest:
    return make_quota_request(namespace, alice, memory=12 * GIB, cpu=6000)


def decide(script: Script, asked: QuotaRequest, **body: object) -> tuple[int, dict[str, object]]:
    answer = script.post(f"quota-requests/{asked.number}/decision", {"revision": 1, **body})
    return answer.status_code, answer.json()


def test_queue_says_what_is_asked(dave: User, asked: QuotaRequest) -> None:
    (row,) = Script(dave).get("approvals").json()["results"]
    assert row["raise"] == 0.5
    assert row["request"]["asked"][0] == {
        "resource": "memory",
        "unit": "bytes",
        "before": 8 * GIB,
        "wanted": 12 * GIB,
        "granted": None,
        "words": "12 GiB memory",
    }


def test_one_request_says_whether_it_is_mine_to_decide(dave: User, sam: User, asked: QuotaRequest) -> None:
    assert Script(dave).get(f"approvals/{asked.number}").json()["why_not"] == ""
    assert Script(sam).get(f"approvals/{asked.number}").json()["why_not"] == "it takes an approver of the site."


def test_part_is_granted_in_amounts_as_people_write_them(dave: User, asked: QuotaRequest) -> None:
    sent = {"decision": "approve_part", "granted": {"memory": "10 GiB", "cpu": "4500m"}, "until": "2030-01-08"}
    status, told = decide(Script(dave), asked, **sent)
    assert (status, told["state"], told["granted_until"]) == (200, "partly_approved", "2030-01-08")
    asked.namespace.refresh_from_db()
    assert asked.namespace.limits["cpu"] == 4500


def test_amounts_with_an_approval_of_all_are_refused_instead_of_giving_all(dave: User, asked: QuotaRequest) -> None:
    status, told = decide(Script(dave), asked, decision="approve", granted={"cpu": "4500m"})
    assert (status, list(told["error"]["fields"])) == (422, ["granted"])  # type: ignore[index]
    asked.namespace.refresh_from_db()
    assert asked.namespace.limits["cpu"] == 4000


def test_amount_that_cannot_be_read_is_named(dave: User, asked: QuotaRequest) -> None:
    status, told = decide(Script(dave), asked, decision="approve_part", granted={"memory": "lots"})
    assert status == 422
    assert "memory" in str(told["error"])


def test_request_that_was_changed_answers_409(dave: User, asked: QuotaRequest) -> None:
    QuotaRequest.objects.update(revision=2)
    status, told = decide(Script(dave), asked, decision="approve")
    assert (status, told["error"]["code"]) == (409, "changed")  # type: ignore[index]


def test_capacity_must_be_confirmed(dave: User, asked: QuotaRequest) -> None:
    ClusterState.objects.create(alias="default", since=timezone.now(), info={"allocatable": {"memory": 9 * GIB}})
    status, told = decide(Script(dave), asked, decision="approve")
    assert (status, list(told["error"]["fields"])) == (422, ["over_capacity"])  # type: ignore[index]
    assert decide(Script(dave), asked, decision="approve", over_capacity=True)[0] == 200


def test_clusters_are_told_in_whole_numbers(sam: User, namespace: Namespace) -> None:
    info = {"version": "v1.37.2", "nodes": 2, "allocatable": {"memory": 32 * GIB}}
    ClusterState.objects.create(alias="default", since=timezone.now(), info=info)
    (cluster,) = Script(sam).get("clusters").json()
    assert (cluster["nodes"], cluster["silent_since"], cluster["namespaces"]) == (2, None, 1)
    (memory,) = cluster["capacity"]
    assert (memory["allocatable"], memory["granted"], memory["left"]) == (32 * GIB, 8 * GIB, 24 * GIB)


@pytest.mark.parametrize(("scope", "lacks"), [("read", "site"), ("site", "read")])
def test_to_look_takes_two_scopes_and_the_refusal_names_the_one_that_lacks(dave: User, scope: str, lacks: str) -> None:
    answer = Script(dave, [scope]).get("approvals")
    assert (answer.status_code, answer.json()["error"]["message"]) == (403, f"This token lacks the scope “{lacks}”.")
