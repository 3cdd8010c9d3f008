"""Giving quota back: at once, never below what is taken, with a word where a rollout would not fit any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.errors import Forbidden, Invalid
from tenants.models import AuditEntry, Cause, Grant, Namespace, Operation, User
from tenants.rules.granting import Move
from tenants.rules.policy import Rule
from tenants.services import lowering, quota_decisions
from tests.factories import GIB, MIB, make_app, make_release, make_spec, make_volume
from tests.quota.conftest import Ask, Live

pytestmark = pytest.mark.django_db


def test_lower_limits_hold_at_once(alice: User, namespace: Namespace) -> None:
    lowered, operation = lowering.lower(actor=alice, namespace=namespace, wants={"memory": 4 * GIB, "pods": 10})
    assert (lowered.limits["memory"], lowered.limits["pods"], lowered.limits["cpu"]) == (4 * GIB, 10, 4000)
    assert (operation.kind, operation.generation) == ("namespace.apply", lowered.generation)
    assert set(Grant.objects.values_list("resource", "old", "new", "cause", "actor__username")) == {
        ("memory", 8 * GIB, 4 * GIB, "lowered", "alice"),
        ("pods", 20, 10, "lowered", "alice"),
    }
    line = AuditEntry.objects.get(action="quota.lower")
    assert line.detail == "memory to 4 GiB, pods to 10 pods"
    assert {change["field"]: change["new"] for change in line.changes} == {"memory": 4 * GIB, "pods": 10}


def test_developer_does_not_lower(bob: User, namespace: Namespace) -> None:
    with pytest.raises(Forbidden):
        lowering.lower(actor=bob, namespace=namespace, wants={"memory": 4 * GIB})


@pytest.mark.parametrize(
    ("resource", "most", "words"),
    [
        ("memory", 8 * GIB, "It has 8 GiB"),
        ("memory", 3 * GIB - 1, "3 GiB are used"),
        ("storage", 9 * GIB, "10 GiB are reserved"),
        ("nvidia.com/gpu", 0, "no nvidia.com/gpu"),
        ("pods", -1, "whole number"),
    ],
)
def test_limit_stays_above_what_is_taken(
    resource: str, most: int, words: str, alice: User, namespace: Namespace
) -> None:
    make_volume(namespace, size=10 * GIB)
    Namespace.objects.update(usage={"memory": 3 * GIB, "storage": 5 * GIB})
    with pytest.raises(Invalid) as caught:
        lowering.lower(actor=alice, namespace=namespace, wants={resource: most, "cpu": 3000})
    assert list(caught.value.fields) == [resource]
    assert words in caught.value.fields[resource]
    assert not Operation.objects.exists()


def test_limit_stays_above_the_plans_defaults_of_a_container(alice: User, namespace: Namespace) -> None:
    """The cluster would refuse a LimitRange with less."""
    with pytest.raises(Invalid) as caught:
        lowering.lower(actor=alice, namespace=namespace, wants={"memory": 255 * MIB})
    assert "256 MiB" in caught.value.fields["memory"]
    lowering.lower(actor=alice, namespace=namespace, wants={"memory": 256 * MIB})


def test_rollout_that_would_not_fit_is_said_and_must_be_meant(alice: User, namespace: Namespace) -> None:
    make_app(namespace, memory=2 * GIB, replicas=2)
    with pytest.raises(Invalid) as caught:
        lowering.lower(actor=alice, namespace=namespace, wants={"memory": 5 * GIB})
    assert (caught.value.code, list(caught.value.fields)) == ("unconfirmed", ["confirm"])
    assert "the next rollout of checkout will not fit" in caught.value.message
    lowered, _ = lowering.lower(actor=alice, namespace=namespace, wants={"memory": 5 * GIB}, confirmed=True)
    assert lowered.limits["memory"] == 5 * GIB


def test_room_of_a_rollout_on_its_way_is_not_taken_and_not_counted_twice(alice: User, namespace: Namespace) -> None:
    app = make_app(namespace, memory=2 * GIB, replicas=2)
    app.release = make_release(app, 2, make_spec(memory=2 * GIB, replicas=2), outcome="rolling")
    app.save()
    with pytest.raises(Invalid) as caught:
        lowering.lower(actor=alice, namespace=namespace, wants={"memory": 6 * GIB - 1}, confirmed=True)
    assert "6 GiB are reserved" in caught.value.fields["memory"]
    lowered, _ = lowering.lower(actor=alice, namespace=namespace, wants={"memory": 6 * GIB})
    assert lowered.limits["memory"] == 6 * GIB


def test_rollout_that_fits_is_no_matter(alice: User, namespace: Namespace) -> None:
    make_app(namespace, memory=2 * GIB, replicas=2)
    lowering.lower(actor=alice, namespace=namespace, wants={"memory": 6 * GIB})


def test_app_on_one_node_needs_no_room_for_a_rollout(alice: User, namespace: Namespace) -> None:
    make_app(namespace, memory=2 * GIB, one_node=True)
    lowering.lower(actor=alice, namespace=namespace, wants={"memory": 2 * GIB})


@pytest.fixture
def raised(dave: User, ask: Ask) -> Namespace:
    """Memory from 8 to 12 GiB for ten days."""
    request = ask(until=timezone.localdate() + timedelta(days=10))
    quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.APPROVE)
    return Namespace.objects.get()


def test_raise_for_a_time_ends_when_nothing_of_it_is_left(alice: User, raised: Namespace) -> None:
    lowering.lower(actor=alice, namespace=raised, wants={"memory": 8 * GIB})
    assert not Grant.objects.running().exists()


def test_part_of_a_raise_ends_when_the_raise_would(alice: User, raised: Namespace) -> None:
    """Lowered by a little it would else be for good."""
    before = Grant.objects.running().get()
    lowering.lower(actor=alice, namespace=raised, wants={"memory": 11 * GIB})
    running = Grant.objects.running().get()
    assert (running.new, running.back_to, running.until, running.request) == (
        11 * GIB,
        8 * GIB,
        before.until,
        before.request,
    )


def test_reclaimed_quota_says_so_in_the_ledger(alice: User, namespace: Namespace) -> None:
    lowering.lower(actor=alice, namespace=namespace, wants={"pods": 5}, cause=Cause.RECLAIMED)
    assert Grant.objects.get().cause == "reclaimed"
    assert AuditEntry.objects.filter(action="quota.reclaim").exists()


def test_lowered_quota_is_free_under_the_teams_ceiling(alice: User, namespace: Namespace, live: Live, ask: Ask) -> None:
    live(rules=(Rule(name="All"),), ceilings={"pods": 20})
    lowering.lower(actor=alice, namespace=namespace, wants={"pods": 10})
    assert ask(pods=20).state == "approved"
