"""Reports that are longer than what is sent at once: the database's connection is let go in between."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from tenants.models import Cause, Grant, Namespace, User
from tenants.selectors import chargeback
from tenants.services.tokens import create_token
from tests.signing_in import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
DAYS = 9
ASKED = "begin=2026-10-01&end=2026-10-09"


@pytest.fixture
def many_lines(namespace: Namespace, other_namespace: Namespace) -> int:
    """Two teams whose lines together are more than one batch, each of them less."""
    each = chargeback.BATCH // (DAYS * 2) + 1
    for place in (namespace, other_namespace):
        Grant.objects.bulk_create(
            Grant(
                team=place.team,
                namespace=place,
                place=f"{place.cluster_name}-{number}",
                resource="memory",
                old=0,
                new=1,
                cause=Cause.PLAN,
            )
            for number in range(each)
        )
    Grant.objects.update(at=datetime(2026, 9, 1, tzinfo=UTC) - timedelta(days=1))
    return 2 * each * DAYS


def read(answer: object) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(text.splitlines()))


def test_the_site_s_page_has_all_lines_of_all_teams(dave: User, many_lines: int) -> None:
    lines = read(signed_in(dave).get(f"/staff/usage.csv?{ASKED}"))
    assert len(lines) == many_lines > chargeback.BATCH
    assert {line["team"] for line in lines} == {"ledgers", "payments"}


def test_the_site_s_call_has_all_lines_of_all_teams(dave: User, many_lines: int) -> None:
    _, token = create_token(actor=dave, name="s", scopes=["read", "site"], days=1)
    caller = Client(headers={"Authorization": f"Bearer {token}"})
    assert len(read(caller.get(f"/api/v1/staff/usage.csv?{ASKED}"))) == many_lines
