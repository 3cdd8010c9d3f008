"""The site's policy, plans and a team's walls, as a staff script sees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tenants.models import Namespace, Plan, Team, User
from tests.api.conftest import Script
from tests.factories import GIB, make_policy

Scripts = Callable[..., Script]
POLICY = {
    "rules": [
        {"name": "Small", "at_most": {"cpu": "8", "memory": "16 GiB"}, "raise_at_most": 0.5},
        {"name": "GPUs", "then": "approver", "resources": ["nvidia.com/gpu"], "labels": {"env": "prod"}},
    ],
    "ceilings": {"memory": "64 GiB"},
    "over_commit": {"cpu": 1.5},
    "extra": ["nvidia.com/gpu"],
}


@pytest.fixture
def staff(script: Scripts, dave: User) -> Script:
    return script(dave)


def test_a_policy_is_saved_tried_out_and_put_live(staff: Script) -> None:
    saved = staff.post("policies", {"policy": POLICY, "note": "First"})
    assert (saved.status_code, saved.json()["state"]) == (201, "draft")
    number = saved.json()["number"]
    assert staff.post("policies/try-out", {"policy": POLICY}).json() == {
        "days": 90,
        "total": 0,
        "approved": 0,
        "requests": [],
    }
    live = staff.post(f"policies/{number}/live", {})
    assert (live.json()["state"], live.json()["live_by"]) == ("holds", "dave")


def test_a_policy_that_is_sent_back_is_the_same(staff: Script) -> None:
    saved = staff.post("policies", {"policy": POLICY}).json()
    assert saved["policy"]["rules"][0]["at_most"] == {"cpu": "8000m", "memory": "16 GiB"}
    again = staff.post("policies", {"policy": saved["policy"], "based_on": saved["number"]})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "same")


def test_faults_are_told_by_field(staff: Script) -> None:
    body = {"rules": [{"name": "A", "at_most": {"gpu": 1}}], "over_commit": {"storage": 1.0}}
    error = staff.post("policies", {"policy": body}).json()["error"]
    assert set(error["fields"]) == {"rules.0.at_most.gpu", "over_commit.storage"}


def test_an_amount_without_its_unit_is_asked_for(staff: Script) -> None:
    answer = staff.post("policies", {"policy": {"ceilings": {"memory": "64"}}})
    assert answer.status_code == 422
    assert "unit" in str(answer.json()["error"]["fields"])


def test_who_saves_after_another_gets_409(staff: Script) -> None:
    seen = make_policy().pk
    assert staff.post("policies", {"policy": {"namespaces_max": 1}, "newest": seen}).status_code == 201
    late = staff.post("policies", {"policy": {"namespaces_max": 2}, "newest": seen})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "overtaken")


def test_a_plan_is_made_changed_and_retired(staff: Script, api: Script) -> None:
    limits = {"cpu": 2, "memory": "2 GiB", "storage": "10 GiB", "pods": 5, "claims": 1, "services": 2, "secrets": 3}
    assert staff.post("plans", {"name": "tiny", "title": "Tiny", **limits}).json()["memory"] == "2 GiB"
    changed = staff.patch("plans/tiny", {"cpu": "500m", "default_limit_memory": "128 MiB"}).json()
    assert (changed["cpu"], changed["default_limit_memory"], changed["pods"]) == ("500m", "128 MiB", 5)
    assert [plan["name"] for plan in api.get("plans").json()["results"]] == ["tiny"]
    staff.patch("plans/tiny", {"active": False})
    assert api.get("plans").json()["results"] == []
    assert not Plan.objects.get().active


def test_a_team_s_walls_are_set_one_by_one(staff: Script, team: Team, namespace: Namespace) -> None:
    make_policy(ceilings={"memory": 64 * GIB, "cpu": 1000})
    staff.patch("staff/teams/payments/quota", {"labels": {"env": "prod"}})
    shown = staff.patch("staff/teams/payments/quota", {"ceilings": {"memory": "4 GiB"}, "namespaces_max": 2}).json()
    assert (shown["labels"], shown["ceilings"], shown["namespaces_max"]) == ({"env": "prod"}, {"memory": "4 GiB"}, 2)
    walls = {wall["resource"]: wall for wall in shown["walls"]}
    assert walls["memory"] == {
        "resource": "memory",
        "granted": "8 GiB",
        "ceiling": "4 GiB",
        "own": True,
        "over": True,
    }
    assert (walls["cpu"]["ceiling"], walls["cpu"]["own"]) == ("1 core", False)
    assert staff.patch("staff/teams/payments/quota", {"namespaces_max": None}).json()["namespaces_max"] is None


def test_a_token_that_reads_changes_no_policy(script: Scripts, dave: User) -> None:
    reader = script(dave, scopes=("read",))
    assert reader.get("policies").status_code == 200
    assert reader.post("policies", {"policy": {}}).status_code == 403
