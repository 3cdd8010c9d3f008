"""More quota through all processes: asked for, granted for a time, applied by the cluster, and gone back."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.processes.script import Berth, Json
from tests.processes.stack import Stack
from tests.processes.witness import Witness

pytestmark = [pytest.mark.services, pytest.mark.timeout(300), pytest.mark.xdist_group("processes")]

APPROVER = """
from tenants.models import StaffRole, User
from tenants.services.tokens import create_token
user, _ = User.objects.get_or_create(username="petra", defaults={"email": "petra@berth.test"})
User.objects.filter(pk=user.pk).update(staff_role=StaffRole.APPROVER)
user.refresh_from_db()
print(create_token(actor=user, name="approvals", scopes=["read", "site"], days=1)[1])
"""
A_DAY_LATER = """
from datetime import timedelta
from django.utils import timezone
from tenants.models import Grant, QuotaRequest
over = timezone.localdate() - timedelta(days=1)
Grant.objects.running().filter(request={number}).update(until=over)
QuotaRequest.objects.filter(pk={number}).update(granted_until=over)
"""


@pytest.fixture
def owner(stack: Stack) -> Iterator[Berth]:
    berth = stack.script()
    yield berth
    berth.close()


@pytest.fixture
def approver(stack: Stack) -> Iterator[Berth]:
    token = stack.manage("shell", "--no-imports", "-c", APPROVER).strip().splitlines()[-1]
    berth = Berth(stack.urls[1], token)
    yield berth
    berth.close()


@pytest.fixture
def place(owner: Berth) -> Iterator[Json]:
    """A namespace of a team of its own, with what the plan "small" gives: 4 GiB of memory."""
    team = f"quota-{secrets.token_hex(3)}"
    home = f"teams/{team}/namespaces/dev"
    owner.post("teams", {"name": team.capitalize(), "slug": team})
    owner.follow(owner.post(f"teams/{team}/namespaces", {"name": "dev", "plan": "small"}))
    yield {"home": home, **owner.until(home, lambda found: bool(found["ready"]))}
    owner.follow(owner.delete(home, confirm=owner.get(home)["cluster_name"]))


def memory(witness: Witness, place: Json) -> str:
    """The limit that the cluster itself enforces."""
    (quota,) = witness.items(place["cluster_name"], "resourcequotas")
    return str(quota["status"].get("hard", {}).get("requests.memory"))


def test_raise_for_a_time_is_applied_by_the_cluster_and_goes_back(
    stack: Stack, owner: Berth, approver: Berth, place: Json, witness: Witness
) -> None:
    before = memory(witness, place)
    asked = owner.post(
        f"{place['home']}/quota/requests",
        {"wants": {"memory": "40 GiB"}, "reason": "Twice the orders", "until": "2030-01-08"},
    )
    number = asked["number"]
    assert asked["state"] == "submitted"
    seen = approver.get(f"approvals/{number}")
    assert seen["why_not"] == ""
    granted = {"decision": "approve_part", "revision": 1, "granted": {"memory": "20 GiB"}, "over_capacity": True}
    stack.worker.kill()
    decided = approver.post(f"quota-requests/{number}/decision", {**granted, "until": "2029-01-08"})
    assert decided["state"] == "partly_approved"
    assert memory(witness, place) == before
    stack.worker.start()
    applied = owner.until(f"quota-requests/{number}", lambda found: found["state"] == "applied")
    assert applied["applied_at"]
    assert memory(witness, place) == "20Gi"
    stack.manage("shell", "--no-imports", "-c", A_DAY_LATER.format(number=number))
    owner.until(f"quota-requests/{number}", lambda found: found["state"] == "expired")
    witness.until("the limit is back", lambda: memory(witness, place) == before)
