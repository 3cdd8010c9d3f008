"""A worker is killed (-9) before each of its steps; the next one ends the work, and its effect is there once.

A step is a statement to the database or a request to the cluster. The process that dies is a fork: it shares nothing
with the test but the database's file and the cluster's address.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections
from django.utils import timezone
from pytest_django import Settings

from cluster import quantities, reads
from tenants import clusters, operations
from tenants.models import App, AuditEntry, Grant, Namespace, Operation, QuotaRequest, Secret, Team, User, Volume
from tenants.models.granting import State
from tenants.rules.granting import Move
from tenants.services import quota_decisions
from tests.factories import GIB, make_app, make_namespace, make_quota_request, make_secret, make_volume
from tests.tasks.conftest import carry_out, deliver, opened

pytestmark = pytest.mark.django_db(transaction=True)

# Long enough for a step, short enough for a test: after it the next worker may take over.
LEASE = 0.05


@pytest.fixture(autouse=True)
def short_lease(settings: Settings) -> None:
    settings.OPERATION_LEASE = LEASE


@contextmanager
def steps(before_each: Callable[[str], None]) -> Iterator[None]:
    """Calls `before_each` with the text of every statement to the database and every request to the cluster, before."""
    on = True

    def audit(event: str, args: Any) -> None:
        if on and event == "http.client.send":
            before_each(str(args[1]))

    def execute(run: Callable[..., Any], sql: str, *args: Any) -> Any:
        before_each(sql)
        return run(sql, *args)

    sys.addaudithook(audit)
    with connection.execute_wrapper(execute):
        yield
    on = False


def die_at(operation: Operation, step: int, *, after: str = "") -> bool:
    """Has another process carry out the operation, killed before its n-th step. False when it took fewer steps.

    Steps count once there was one whose text has `after` in it.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        _carry_out_and_die(operation, step, after)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def _carry_out_and_die(operation: Operation, step: int, after: str) -> None:
    taken, counts = 0, not after

    def count(text: str) -> None:
        nonlocal taken, counts
        taken += counts
        counts = counts or after in text
        if taken == step:
            os.kill(os.getpid(), signal.SIGKILL)

    code = 1
    try:
        with steps(count):
            deliver(operation)
        code = 0
    finally:
        os._exit(code)


def kill_at_every_step(
    make: Callable[[], Operation], check: Callable[[Operation], None], *, stride: int = 1, after: str = ""
) -> int:
    """Each round has rows and a wish of its own, and dies `stride` steps later. Returns how many steps there were."""
    step = 1 - stride
    while True:
        step += stride
        operation = make()
        died = die_at(operation, step, after=after)
        if died:
            time.sleep(LEASE)
        operation.refresh_from_db()
        if operation.open:
            carry_out(operation)
        check(operation)
        if not died:
            return step - 1


def provision(place: Namespace) -> Namespace:
    carry_out(opened(place, "namespace.apply"))
    place.refresh_from_db()
    return place


def fresh(name: str) -> Callable[[], str]:
    """Names that were not used yet."""
    numbers = iter(range(1000))
    return lambda: f"{name}{next(numbers)}"


def test_provisioning_survives_a_kill_at_every_step(place: Namespace) -> None:
    numbers = iter(range(1000))

    def make() -> Operation:
        row = make_namespace(place.team, f"{place.name}-{next(numbers)}", ready=False)
        return opened(row, "namespace.apply")

    def check(operation: Operation) -> None:
        row = Namespace.objects.get(pk=operation.target_id)
        assert operation.state == "succeeded"
        assert row.ready

    assert kill_at_every_step(make, check, stride=5) > 10


def test_a_rollout_survives_a_kill_at_every_step(place: Namespace) -> None:
    place.limits["services"] = 100
    place.save()
    provisioned = provision(place)
    name = fresh("app")

    def make() -> Operation:
        return opened(make_app(provisioned, name(), replicas=0), "app.apply")

    def check(operation: Operation) -> None:
        app = App.objects.get(pk=operation.target_id)
        assert operation.state == "confirming"
        assert app.observed_generation == app.generation
        deployment = reads.get(clusters.connection("default").sync, "Deployment", provisioned.cluster_name, app.name)
        assert deployment is not None
        assert deployment["metadata"]["generation"] == 1

    assert kill_at_every_step(make, check) > 5


def test_a_secret_survives_a_kill_at_every_step(provisioned: Namespace) -> None:
    name = fresh("secret")

    def make() -> Operation:
        return opened(make_secret(provisioned, name()), "secret.apply", secret_payload={"PASSWORD": "canary"})

    def check(operation: Operation) -> None:
        secret = Secret.objects.get(pk=operation.target_id)
        assert (operation.state, operation.sealed) == ("succeeded", None)
        found = reads.get(clusters.connection("default").sync, "Secret", provisioned.cluster_name, f"{secret.name}-v1")
        assert found is not None
        assert found["data"] == {"PASSWORD": "Y2FuYXJ5"}

    assert kill_at_every_step(make, check) > 5


def test_a_claim_survives_a_kill_at_every_step(place: Namespace) -> None:
    place.limits["claims"] = 100
    place.save()
    provision(place)
    name = fresh("volume")

    def make() -> Operation:
        return opened(make_volume(place, name(), size=1 << 20), "volume.apply")

    def check(operation: Operation) -> None:
        volume = Volume.objects.get(pk=operation.target_id)
        assert operation.state == "confirming"
        assert volume.observed_generation == volume.generation

    assert kill_at_every_step(make, check) > 5


def test_deleting_an_app_survives_a_kill_at_every_step(provisioned: Namespace) -> None:
    name = fresh("app")

    def make() -> Operation:
        app = make_app(provisioned, name(), replicas=0)
        carry_out(opened(app, "app.apply"))
        app.generation += 1
        app.deleting_since = timezone.now()
        app.save()
        return opened(app, "app.delete")

    def check(operation: Operation) -> None:
        assert operation.state == "succeeded"
        assert not App.objects.filter(pk=operation.target_id).exists()
        name = operation.target_name.rpartition("/")[2]
        place = (clusters.connection("default").sync, "Deployment", provisioned.cluster_name, name)
        assert reads.metadata(*place) is None

    assert kill_at_every_step(make, check) > 5


def test_deleting_a_namespace_survives_a_kill_at_every_step(place: Namespace) -> None:
    numbers = iter(range(1000))

    def make() -> Operation:
        number = next(numbers)
        team = Team.objects.create(slug=f"k{place.pk}-{number}", name="Waits", deleting_since=timezone.now())
        row = make_namespace(team, "dev", ready=False)
        carry_out(opened(row, "namespace.apply"))
        make_app(row)
        row.refresh_from_db()
        row.deleting_since = timezone.now()
        row.generation += 1
        row.save()
        return opened(row, "namespace.delete")

    def check(operation: Operation) -> None:
        assert operation.state == "succeeded"
        assert not Namespace.objects.filter(pk=operation.target_id).exists()
        assert not Team.objects.filter(slug=operation.team_slug).exists()

    assert kill_at_every_step(make, check) > 5


def test_a_raise_survives_a_kill_once_the_cluster_has_it(provisioned: Namespace, alice: User, dave: User) -> None:
    """From the cluster's taking of the limit to the request's confirmation and the operation's end."""
    memory = iter(range(9 * GIB, 1000 * GIB, GIB))

    def make() -> Operation:
        asked = make_quota_request(provisioned, alice, memory=next(memory))
        quota_decisions.decide(actor=dave, request=asked, revision=1, by=Move.APPROVE)
        return Operation.objects.open().get()

    def check(operation: Operation) -> None:
        request = QuotaRequest.objects.latest("pk")
        (want,) = request.wants.all()
        assert (operation.state, request.state) == ("succeeded", State.APPLIED)
        assert [step.by for step in request.steps.order_by("pk")] == [Move.SUBMIT, Move.APPROVE, Move.CONFIRM]
        lines = AuditEntry.objects.filter(target_noun="quota_request", target_id=str(request.pk))
        assert Counter(lines.values_list("action", flat=True)) == {"quota.approve": 1, "quota.confirm": 1}
        assert Grant.objects.filter(request=request).count() == 1
        (quota,) = reads.objects(clusters.connection("default").sync, "ResourceQuota", provisioned.cluster_name)
        assert quantities.parse_size(quota["status"]["hard"]["requests.memory"]) == want.granted

    assert (
        kill_at_every_step(
            make, check, stride=3, after=f"PATCH /api/v1/namespaces/{provisioned.cluster_name}/resourcequotas/"
        )
        > 10
    )


def test_what_a_killed_worker_held_is_published_again(provisioned: Namespace) -> None:
    operation = opened(make_app(provisioned), "app.apply")
    assert die_at(operation, 4)
    operation.refresh_from_db()
    assert operation.state == "running"
    time.sleep(LEASE)
    assert operations.redrive() == 1
