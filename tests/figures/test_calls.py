"""Quota, history, unused quota and reports through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import ClusterState, Namespace, User
from tenants.services.tokens import create_token
from tests.factories import GIB
from tests.figures.samples import make_samples

pytestmark = pytest.mark.django_db
HERE = "/api/v1/teams/payments/namespaces/dev"


@pytest.fixture
def caller(alice: User) -> Client:
    return Client(
        headers={"Authorization": f"Bearer {create_token(actor=alice, name='s', scopes=['read'], days=1)[1]}"}
    )


def asked(caller: Client, path: str, status: int = 200) -> Any:
    answer = caller.get(path)
    assert answer.status_code == status, answer.content
    return answer.json()


def test_quota_has_used_reserved_free_and_limit_with_their_moment(caller: Client, namespace: Namespace) -> None:
    at = timezone.now()
    Namespace.objects.update(usage={"memory": 3 * GIB}, used_at=at)
    told = asked(caller, f"{HERE}/quota")
    row = next(row for row in told["rows"] if row["resource"] == "memory")
    assert {name: row[name] for name in ("unit", "limit", "used", "reserved", "free", "over")} == {
        "unit": "bytes", "limit": 8 * GIB, "used": 3 * GIB, "reserved": 3 * GIB, "free": 5 * GIB, "over": 0,
    }  # fmt: skip
    assert row["words"]["free"] == "5 GiB"
    assert told["at"] == at.isoformat().replace("+00:00", "Z")
    assert told["silent_since"] is None


def test_quota_says_that_the_cluster_is_silent(caller: Client, namespace: Namespace) -> None:
    since = timezone.now() - timedelta(minutes=3)
    ClusterState.objects.update_or_create(pk="default", defaults={"answers": False, "since": since})
    assert asked(caller, f"{HERE}/quota")["silent_since"] is not None


def test_history_has_the_samples_and_the_statistics(caller: Client, namespace: Namespace) -> None:
    make_samples(namespace, [(GIB, 2 * GIB, 3 * GIB)] * 10)
    told = asked(caller, f"{HERE}/quota/history?resource=memory&days=7")
    assert len(told["samples"]) == 10
    assert (told["unit"], told["statistics"]["peak"]) == ("bytes", 3 * GIB)


def test_history_of_what_is_not_there_is_refused_with_what_is(caller: Client, namespace: Namespace) -> None:
    told = asked(caller, f"{HERE}/quota/history?resource=gold", 422)
    assert "memory" in told["error"]["fields"]["resource"]


def test_unused_quota_is_listed(caller: Client, namespace: Namespace) -> None:
    make_samples(namespace, [(GIB, GIB, GIB)] * 24 * 30)
    (row,) = asked(caller, "/api/v1/reclaim")["results"]
    assert (row["namespace"], row["yours"], row["offers"][0]["most"]) == ("dev", False, 2 * GIB)


def test_a_report_is_csv(caller: Client, namespace: Namespace) -> None:
    answer = caller.get("/api/v1/teams/payments/usage.csv?period=month", headers={"Accept": "text/csv"})
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert b"".join(answer.streaming_content).startswith(b"from,to,team,namespace")  # type: ignore[attr-defined]


def test_a_report_whose_end_is_before_its_begin_is_refused(caller: Client, namespace: Namespace) -> None:
    told = asked(caller, "/api/v1/teams/payments/usage.csv?begin=2026-02-02&end=2026-02-01", 422)
    assert "turn them round" in told["error"]["message"]
