"""Grants and use as CSV."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta

import pytest

from tenants.models import Cause, Grant, Namespace, Sample, Team, User
from tenants.selectors import chargeback
from tests.factories import GIB, make_namespace
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 10, 5, tzinfo=UTC)


def grant(namespace: Namespace, at: datetime, old: int, new: int, place: str = "", resource: str = "memory") -> None:
    made = Grant.objects.create(
        team=namespace.team,
        namespace=namespace,
        place=place or namespace.cluster_name,
        resource=resource,
        old=old,
        new=new,
        cause=Cause.PLAN,
    )
    made.at = at
    made.save()


def sample(namespace: Namespace, at: datetime, mean: float, most: int, resource: str = "memory") -> None:
    Sample.objects.create(
        team=namespace.team,
        namespace=namespace,
        place=namespace.cluster_name,
        seconds=3600,
        at=at,
        values={resource: [mean, most, most, 0]},
    )


def made_again(namespace: Namespace) -> Namespace:
    """Deletes it and makes another under its name."""
    Namespace.objects.filter(pk=namespace.pk).delete()
    return make_namespace(namespace.team, namespace.name, plan=namespace.plan)


def report(team: Team, first: datetime, last: datetime, period: str = "day") -> list[dict[str, str]]:
    text = b"".join(chargeback.as_csv(chargeback.lines([team], first.date(), last.date(), period))).decode()
    return list(csv.DictReader(text.splitlines()))


def test_what_was_granted_is_weighted_by_time(namespace: Namespace) -> None:
    grant(namespace, DAY - timedelta(days=9), 0, 8 * GIB)
    grant(namespace, DAY + timedelta(hours=18), 8 * GIB, 16 * GIB)
    (line,) = report(namespace.team, DAY, DAY)
    assert (line["granted_mean"], line["unit"], line["used_mean"]) == ("10", "GiB", "")
    assert line["granted_hours"] == "240"


def test_means_of_grant_and_use_are_of_the_same_hours(namespace: Namespace) -> None:
    """8 GiB until six in the evening, 16 after it, and the cluster was silent until nine."""
    grant(namespace, DAY - timedelta(days=9), 0, 8 * GIB)
    grant(namespace, DAY + timedelta(hours=18), 8 * GIB, 16 * GIB)
    for hour in (21, 22, 23):
        sample(namespace, DAY + timedelta(hours=hour), 12 * GIB, 12 * GIB)
    (line,) = report(namespace.team, DAY, DAY)
    assert (line["granted_mean"], line["used_mean"], line["hours_measured"]) == ("16", "12", "3")
    assert line["granted_hours"] == "240"


def test_span_in_which_a_namespace_began_counts_from_its_first_grant(namespace: Namespace) -> None:
    grant(namespace, DAY + timedelta(minutes=45), 0, 8 * GIB)
    sample(namespace, DAY, 6 * GIB, 6 * GIB)
    (line,) = report(namespace.team, DAY, DAY)
    assert (line["granted_mean"], line["used_mean"]) == ("8", "6")


def test_use_has_mean_most_and_how_long_it_was_measured(namespace: Namespace) -> None:
    sample(namespace, DAY, GIB, 2 * GIB)
    sample(namespace, DAY + timedelta(hours=3), 3 * GIB, 4 * GIB)
    (line,) = report(namespace.team, DAY, DAY)
    assert (line["used_mean"], line["used_most"], line["hours_measured"]) == ("2", "4", "2")


def test_days_follow_each_other_and_months_too(namespace: Namespace) -> None:
    grant(namespace, DAY, 0, GIB)
    days = report(namespace.team, DAY, DAY + timedelta(days=2))
    assert [line["from"] for line in days] == ["2026-10-05", "2026-10-06", "2026-10-07"]
    months = report(namespace.team, DAY, datetime(2026, 11, 3, tzinfo=UTC), "month")
    assert [(line["from"], line["to"]) for line in months] == [
        ("2026-10-05", "2026-10-31"), ("2026-11-01", "2026-11-03"),
    ]  # fmt: skip


def test_a_namespace_that_is_gone_is_charged_until_its_last_sample(namespace: Namespace) -> None:
    grant(namespace, DAY, 0, 8 * GIB)
    sample(namespace, DAY + timedelta(hours=11), GIB, GIB)
    Grant.objects.update(namespace=None)
    Sample.objects.update(namespace=None)
    first, *rest = report(namespace.team, DAY, DAY + timedelta(days=1))
    assert (first["granted_mean"], first["granted_hours"], rest) == ("8", "96", [])


def test_one_made_again_under_the_name_of_a_gone_one_is_charged_from_its_own_beginning(namespace: Namespace) -> None:
    """4 GiB until eleven, nothing until eighteen, 8 GiB since."""
    grant(namespace, DAY - timedelta(days=9), 0, 4 * GIB)
    sample(namespace, DAY + timedelta(hours=10), GIB, GIB)
    again = made_again(namespace)
    grant(again, DAY + timedelta(hours=18), 0, 8 * GIB)
    first, second = report(namespace.team, DAY, DAY + timedelta(days=1))
    assert (first["granted_hours"], second["granted_hours"]) == (str(11 * 4 + 6 * 8), str(24 * 8))
    assert first["granted_mean"] == "4"  # of the hour that was measured


def test_what_only_the_gone_one_had_ends_with_it(namespace: Namespace) -> None:
    """Two of one name are gone: the first had a GPU until eleven, the second none."""
    grant(namespace, DAY, 0, 1, resource="nvidia.com/gpu")
    sample(namespace, DAY + timedelta(hours=10), 1, 1, resource="nvidia.com/gpu")
    again = made_again(namespace)
    grant(again, DAY + timedelta(hours=12), 0, 8 * GIB)
    sample(again, DAY + timedelta(hours=20), GIB, GIB)
    made_again(again)
    assert {line["resource"]: line["granted_hours"] for line in report(namespace.team, DAY, DAY)} == {
        "nvidia.com/gpu": "11", "memory": str(9 * 8),
    }  # fmt: skip


def test_a_cell_that_a_spreadsheet_would_reckon_is_text(namespace: Namespace) -> None:
    grant(namespace, DAY, 0, GIB, place="=cmd|' /C calc'!A0")
    (line,) = report(namespace.team, DAY, DAY)
    assert line["namespace"].startswith("'=")


def test_the_file_is_for_who_answers_for_the_team(alice: User, bob: User, dave: User, team: Team) -> None:
    for user, status in ((alice, 200), (bob, 403), (dave, 200)):
        assert signed_in(user).get("/t/payments/usage.csv?period=month").status_code == status


def test_too_long_a_time_is_said(alice: User, team: Team) -> None:
    answer = signed_in(alice).get("/t/payments/usage.csv?begin=2020-01-01&end=2026-01-01")
    assert answer.status_code == 422
    assert "At most 400 days" in answer.content.decode()


def test_the_site_s_file_has_all_teams(dave: User, namespace: Namespace, other_namespace: Namespace) -> None:
    grant(namespace, DAY, 0, GIB)
    grant(other_namespace, DAY, 0, GIB)
    answer = signed_in(dave).get("/staff/usage.csv?begin=2026-10-05&end=2026-10-05")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert [line["team"] for line in csv.DictReader(text.splitlines())] == ["ledgers", "payments"]
