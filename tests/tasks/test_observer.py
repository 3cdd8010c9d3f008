"""The observer beside a worker: what the cluster says reaches the rows, and what drifted is put right."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.models import Q
from django.utils import timezone

from cluster import reads
from simcluster.server import SimCluster
from tenants import clusters, observer
from tenants.models import App, AuditEntry, ClusterState, Namespace, Operation, Release, Secret, Volume
from tenants.observer import healing
from tenants.releases import SecretKey
from tests.factories import make_app, make_release, make_secret, make_spec, make_volume
from tests.tasks.conftest import deliver, eventually, opened, running

pytestmark = pytest.mark.django_db(transaction=True)

IMAGE = "registry.example/hello:v1"


@pytest.fixture
def worker(cluster: SimCluster) -> Iterator[None]:
    """Carries out whatever is due, as a worker would."""

    def work(stop: threading.Event) -> None:
        while not stop.wait(0.03):
            now = timezone.now()
            due = Q(not_before__isnull=True, state="pending") | Q(not_before__lte=now)
            for operation in Operation.objects.open().filter(due):
                deliver(operation)
        connections.close_all()

    with running(work):
        yield


@pytest.fixture
def observing(worker: None) -> Iterator[None]:
    with running(observer.run):
        yield


@pytest.fixture
def app(observing: None, provisioned: Namespace) -> App:
    """An app whose first release serves."""
    row = make_app(provisioned, image=IMAGE, replicas=2)
    Release.objects.update(worked=False, outcome="pending")
    App.objects.update(serving=None, observed_generation=0)
    operation = opened(row, "app.apply")
    eventually(lambda: state(operation) == "succeeded", what="v1 is out")
    row.refresh_from_db()
    return row


@pytest.fixture
def hasty(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong repair would come at the second look, well within the seconds that a test waits for none."""
    monkeypatch.setattr(healing, "SETTLES", 0.2)


def state(operation: Operation) -> str:
    operation.refresh_from_db()
    return operation.state


def release(app: App, number: int, **changes: Any) -> Operation:
    app.release = make_release(app, number, make_spec(**({"image": IMAGE, "replicas": 2} | changes)))
    app.generation += 1
    app.save()
    return opened(app, "app.apply")


def deployment(app: App) -> dict[str, Any] | None:
    return reads.get(clusters.connection("default").sync, "Deployment", app.namespace.cluster_name, app.name)


def change(app: App, verb: str, body: dict[str, Any] | None = None) -> None:
    """Somebody's kubectl."""
    place = f"/apis/apps/v1/namespaces/{app.namespace.cluster_name}/deployments/{app.name}"
    clusters.connection("default").sync.call(
        verb, place, body=body, content_type="application/merge-patch+json" if body else "application/json"
    )


def repairs(noun: str) -> int:
    return AuditEntry.objects.filter(action="drift.repaired", actor_name="observer", target__startswith=noun).count()


def test_a_release_that_is_out_serves(app: App) -> None:
    assert app.health == "running"
    assert app.observed["ready"] == 2
    assert app.serving == app.release
    first = app.releases.get()
    assert (first.outcome, first.worked) == ("serving", True)
    available = app.condition("Available")
    assert available is not None
    assert available["status"] == "True"


def test_the_next_release_replaces_the_one_before(app: App) -> None:
    operation = release(app, 2, env={"A": "1"})
    eventually(lambda: state(operation) == "succeeded", what="v2 is out")
    assert list(app.releases.order_by("number").values_list("outcome", flat=True)) == ["replaced", "serving"]


def test_a_stuck_release_is_called_so_with_its_cause_and_the_old_one_serves_on(app: App) -> None:
    operation = release(app, 2, image="registry.example/hello:nope")
    eventually(lambda: state(operation) == "failed", seconds=40, what="v2 is stuck")
    app.refresh_from_db()
    assert app.health == "stuck"
    assert app.serving is not None
    assert app.serving.number == 1
    stuck = app.releases.get(number=2)
    assert (stuck.outcome, stuck.worked, stuck.finished_at) == ("stuck", False, None)
    assert stuck.outcome_reason == app.observed["diagnosis"]["title"]
    assert "tag" in operation.error_message


def outcome(app: App, number: int) -> str:
    return app.releases.get(number=number).outcome


def secret_call(app: App, verb: str, name: str = "", body: dict[str, Any] | None = None) -> None:
    place = f"/api/v1/namespaces/{app.namespace.cluster_name}/secrets"
    clusters.connection("default").sync.call(verb, f"{place}/{name}" if name else place, body=body)


def set_values(secret: Secret, **values: str) -> None:
    operation = opened(secret, "secret.apply", secret_payload=values)
    eventually(lambda: state(operation) == "succeeded", what="the secret is set")


def using_the_password(**versions: int) -> dict[str, Any]:
    return {
        "secret_env": {"PASSWORD": SecretKey("database", "PASSWORD")},
        "secret_versions": {"database": {"PASSWORD": versions["v"]}},
    }


def test_a_stuck_release_that_works_after_all_serves(app: App) -> None:
    release(app, 2, **using_the_password(v=1))
    eventually(lambda: outcome(app, 2) == "stuck", what="v2 lacks its secret")
    secret_call(app, "POST", body={"metadata": {"name": "database-v1"}, "stringData": {"PASSWORD": "x"}})
    eventually(lambda: outcome(app, 2) == "serving", what="v2 works after all")
    assert app.releases.get(number=2).outcome_reason == ""


def test_values_that_were_deleted_in_the_cluster_are_named_and_can_be_set_again(app: App) -> None:
    secret = make_secret(app.namespace, "database", "PASSWORD")
    set_values(secret, PASSWORD="one")
    secret_call(app, "DELETE", "database-v1")
    operation = release(app, 2, **using_the_password(v=1))
    eventually(lambda: state(operation) == "failed", what="v2 is stuck")
    app.refresh_from_db()
    assert app.observed["diagnosis"]["title"] == "The values of the secret database are gone from the cluster"
    assert "Set all values of database again" in operation.error_message
    secret.version, secret.keys, secret.generation = 2, {"PASSWORD": 2}, 2
    secret.save()
    set_values(secret, PASSWORD="two")
    release(app, 3, **using_the_password(v=2))
    eventually(lambda: outcome(app, 3) == "serving", what="v3 has its values")
    assert outcome(app, 2) == "abandoned"


def test_the_quota_s_use_is_kept_in_the_plan_s_units(app: App) -> None:
    def used() -> dict[str, int]:
        return Namespace.objects.get(pk=app.namespace_id).usage

    eventually(lambda: used().get("pods") == 2, what="usage")
    assert (used()["cpu"], used()["memory"]) == (500, 512 << 20)


def test_a_bound_claim_ends_its_operation(observing: None, provisioned: Namespace) -> None:
    volume = make_volume(provisioned)
    operation = opened(volume, "volume.apply")
    eventually(lambda: state(operation) == "succeeded", what="bound")
    volume.refresh_from_db()
    assert (volume.phase, volume.capacity) == ("Bound", volume.size)


def test_a_claim_that_waits_for_its_first_pod_is_no_failure(observing: None, provisioned: Namespace) -> None:
    volume = make_volume(provisioned, storage_class="late")
    operation = opened(volume, "volume.apply")
    eventually(lambda: state(operation) == "succeeded", what="waits for its first pod")
    volume.refresh_from_db()
    bound = volume.condition("Bound")
    assert volume.phase == "Pending"
    assert bound is not None
    assert (bound["status"], bound["reason"]) == ("Unknown", "WaitForFirstConsumer")


def test_a_changed_deployment_is_put_right_and_audited(app: App) -> None:
    change(app, "PATCH", {"spec": {"replicas": 0}})
    eventually(lambda: repairs("app"), seconds=10, what="the repair")
    eventually(lambda: (deployment(app) or {})["spec"]["replicas"] == 2, seconds=10, what="two replicas")
    entry = AuditEntry.objects.get(action="drift.repaired")
    assert (entry.door, entry.actor, entry.team) == ("observer", None, app.team)
    assert "spec.replicas" in entry.detail


def test_a_deleted_deployment_is_made_again(app: App) -> None:
    change(app, "DELETE")
    eventually(lambda: repairs("app"), seconds=10, what="the repair")
    eventually(lambda: deployment(app) is not None, seconds=10, what="the Deployment")
    eventually(lambda: not Operation.objects.open().exists(), what="all is confirmed")


@pytest.mark.usefixtures("hasty")
def test_a_field_of_somebody_else_is_no_drift(app: App) -> None:
    change(app, "PATCH", {"metadata": {"annotations": {"example.com/note": "mine"}}})
    time.sleep(3)
    assert repairs("app") == 0


def test_a_deleted_namespace_is_made_again_with_what_stood_in_it(app: App) -> None:
    before = Namespace.objects.get(pk=app.namespace_id).uid
    caller = clusters.connection("default").sync
    caller.call("DELETE", f"/api/v1/namespaces/{app.namespace.cluster_name}")
    eventually(lambda: repairs("namespace"), what="the repair")

    def again() -> bool:
        row = Namespace.objects.get(pk=app.namespace_id)
        return row.ready and row.uid != before

    eventually(again, seconds=30, what="the namespace is ready again")
    eventually(lambda: deployment(app) is not None, seconds=15, what="the app is there again")


@pytest.mark.usefixtures("hasty")
def test_what_is_being_deleted_is_not_repaired(app: App) -> None:
    app.deleting_since = timezone.now()
    app.generation += 1
    app.save()
    operation = opened(app, "app.delete")
    eventually(lambda: state(operation) == "succeeded", what="the app is gone")
    time.sleep(3)
    assert repairs("app") == 0
    assert deployment(app) is None


def test_a_lost_claim_is_made_again(observing: None, provisioned: Namespace) -> None:
    volume = make_volume(provisioned)
    operation = opened(volume, "volume.apply")
    eventually(lambda: state(operation) == "succeeded", what="bound")
    place = f"/api/v1/namespaces/{provisioned.cluster_name}/persistentvolumeclaims/{volume.name}"
    clusters.connection("default").sync.call("DELETE", place)
    eventually(lambda: repairs("volume"), seconds=10, what="the repair")
    eventually(lambda: Volume.objects.get(pk=volume.pk).phase == "Bound", what="bound again")


def test_a_silent_cluster_is_told_and_so_is_its_return(app: App, cluster: SimCluster) -> None:
    eventually(lambda: ClusterState.objects.filter(answers=True).exists(), what="it was heard")
    cluster.stop_answering()
    eventually(lambda: clusters.silent_since("default"), what="the silence")
    cluster.resume()
    eventually(lambda: clusters.silent_since("default") is None, what="the return")


def test_nothing_is_repaired_while_the_cluster_is_silent(
    app: App, cluster: SimCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was seen before may be long out of date: it is looked at again when the cluster is back."""
    monkeypatch.setattr(healing, "SETTLES", 1000.0)
    change(app, "DELETE")
    eventually(lambda: App.objects.get(pk=app.pk).health != "running", what="the drift was seen")
    cluster.stop_answering()
    eventually(lambda: clusters.silent_since("default"), what="the silence")
    monkeypatch.setattr(healing, "SETTLES", 0.0)  # from here on every look would be a repair
    with pytest.raises(AssertionError, match="not within"):
        eventually(lambda: repairs("app"), seconds=2)
    cluster.resume()
    eventually(lambda: repairs("app"), what="the repair, after the return")


def test_forms_know_the_storage_classes(app: App) -> None:
    known = eventually(lambda: ClusterState.objects.get().info, what="what forms need")
    assert {"standard", "late", "keep"} <= {found["name"] for found in known["storage_classes"]}
