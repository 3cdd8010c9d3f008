"""What becomes of a decision in the cluster: applied once the cluster enforces it, and why it waits."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone

from cluster import reads
from cluster.specs import NamespaceOutcome
from simcluster.server import SimCluster
from tenants import clusters, granting, outcomes
from tenants.models import Namespace, Notice, Operation, QuotaRequest, User
from tenants.models.granting import State
from tenants.rules.granting import Move
from tenants.services import quota_decisions
from tests.factories import GIB, make_quota_request
from tests.tasks.conftest import carry_out, deliver

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def decided(provisioned: Namespace, alice: User, dave: User) -> QuotaRequest:
    """12 GiB instead of 8, approved by dave; the cluster does not know of it yet."""
    asked = make_quota_request(provisioned, alice, memory=12 * GIB)
    return quota_decisions.decide(actor=dave, request=asked, revision=1, by=Move.APPROVE)


def enforced(namespace: Namespace) -> str:
    caller = clusters.connection("default").sync
    (quota,) = reads.objects(caller, "ResourceQuota", namespace.cluster_name)
    return str(quota["status"]["hard"]["requests.memory"])


def test_decision_counts_as_applied_once_the_cluster_enforces_it(decided: QuotaRequest) -> None:
    assert decided.state == State.APPROVED
    carry_out(Operation.objects.open().get())
    decided.refresh_from_db()
    assert (decided.state, enforced(decided.namespace)) == (State.APPLIED, "12Gi")
    assert decided.applied_at is not None


def test_what_the_cluster_refuses_is_told_to_both_and_tried_again(decided: QuotaRequest, cluster: SimCluster) -> None:
    cluster.fault("error", {"resource": "resourcequotas", "verb": "patch"}, code=403)
    operation = deliver(Operation.objects.open().get())
    decided.refresh_from_db()
    assert decided.state == State.APPROVED
    assert decided.failure
    told = Notice.objects.filter(kind="quota.delayed")
    assert {notice.person.username for notice in told} == {"alice", "dave"}
    assert operation.open
    carry_out(operation)
    decided.refresh_from_db()
    assert (decided.state, decided.failure) == (State.APPLIED, "")


def test_confirmation_that_comes_twice_is_one(decided: QuotaRequest) -> None:
    operation = carry_out(Operation.objects.open().get())
    deliver(operation)
    assert decided.steps.filter(by=Move.CONFIRM).count() == 1


def test_deletion_that_begins_while_the_limits_are_applied_confirms_nothing(
    decided: QuotaRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the cluster's answer and the confirmation, as a person's wish falls where it falls."""
    provisioned = outcomes.provisioned

    def then_deleted(namespace: Namespace, outcome: NamespaceOutcome) -> bool:
        Namespace.objects.filter(pk=namespace.pk).update(deleting_since=timezone.now())
        return provisioned(namespace, outcome)

    monkeypatch.setattr(outcomes, "provisioned", then_deleted)
    operation = deliver(Operation.objects.open().get())
    assert not operation.open
    decided.refresh_from_db()
    assert (decided.state, decided.applied_at) == (State.APPROVED, None)


def test_what_the_cluster_says_anew_at_each_try_is_told_once(decided: QuotaRequest) -> None:
    for seconds in (1, 2, 3):
        with transaction.atomic():
            granting.delayed(decided.namespace, f"it is busy since {seconds} s")
    decided.refresh_from_db()
    assert decided.failure == "it is busy since 3 s"
    assert Notice.objects.filter(kind="quota.delayed", person=decided.author).count() == 1
