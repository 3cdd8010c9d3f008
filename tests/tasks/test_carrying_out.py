"""Each task against a cluster: what stands there afterwards, what the rows say, and what a cluster's moods do to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from cluster import reads
from simcluster.server import SimCluster
from tenants import clusters, operations
from tenants.models import App, AuditEntry, ClusterState, Namespace, Operation, Secret, Team, Volume
from tenants.tasks.carry import settle
from tests.factories import make_app, make_namespace, make_secret, make_volume
from tests.tasks.conftest import carry_out, deliver, opened

pytestmark = pytest.mark.django_db(transaction=True)


def stands(kind: str, namespace: Namespace, name: str) -> bool:
    caller = clusters.connection("default").sync
    return reads.metadata(caller, kind, namespace.cluster_name, name) is not None


def test_a_namespace_is_ready_when_every_part_is_confirmed(place: Namespace) -> None:
    operation = carry_out(opened(place, "namespace.apply"))
    place.refresh_from_db()
    assert operation.state == "succeeded"
    assert place.ready
    assert [c["type"] for c in place.conditions] == [
        "Namespace",
        "Quota",
        "Limits",
        "NetworkPolicy",
        "PodSecurity",
        "Rights",
    ]
    assert place.observed_generation == place.generation
    assert place.uid


def test_a_foreign_namespace_of_that_name_is_not_taken(cluster: SimCluster, team: Team) -> None:
    row = make_namespace(team, "foreign", ready=False)
    caller = clusters.connection("default").sync
    caller.call("POST", "/api/v1/namespaces", body={"metadata": {"name": row.cluster_name}})
    operation = deliver(opened(row, "namespace.apply"))
    assert (operation.state, operation.error_code) == ("failed", "taken")


def test_an_app_waits_for_the_observer_once_applied(provisioned: Namespace) -> None:
    app = make_app(provisioned)
    App.objects.update(observed_generation=0)
    operation = carry_out(opened(app, "app.apply"))
    app.refresh_from_db()
    assert operation.state == "confirming"
    assert app.observed_generation == app.generation
    assert stands("Deployment", provisioned, app.name)
    assert stands("Service", provisioned, app.name)


def test_an_app_waits_for_its_namespace(place: Namespace) -> None:
    app = make_app(place)
    operation = deliver(opened(app, "app.apply"))
    assert (operation.state, operation.error_code) == ("waiting", "namespace_not_ready")
    carry_out(opened(place, "namespace.apply"))
    assert carry_out(operation).state == "confirming"


def test_the_wanted_release_is_applied_whichever_change_is_delivered(provisioned: Namespace) -> None:
    """Reordered messages: the second change is carried out first, the first one finds nothing left to do."""
    app = make_app(provisioned)
    first = opened(app, "app.apply")
    app.generation += 1
    app.save()
    second = opened(app, "app.apply")
    carry_out(second)
    first = deliver(first)
    assert (first.state, second.state) == ("superseded", "confirming")


def test_a_deleted_app_is_not_applied(provisioned: Namespace) -> None:
    app = make_app(provisioned, "deleted")
    operation = opened(app, "app.apply")
    App.objects.filter(pk=app.pk).update(deleting_since=timezone.now())
    assert deliver(operation).state == "superseded"
    assert not stands("Deployment", provisioned, "deleted")


def test_an_app_s_row_goes_when_its_pods_are_gone(provisioned: Namespace) -> None:
    app = make_app(provisioned)
    carry_out(opened(app, "app.apply"))
    app.generation += 1
    app.deleting_since = timezone.now()
    app.save()
    operation = carry_out(opened(app, "app.delete"))
    assert operation.state == "succeeded"
    assert not App.objects.filter(pk=app.pk).exists()
    assert not stands("Deployment", provisioned, app.name)


def test_a_quota_s_refusal_is_told_in_the_cluster_s_words(provisioned: Namespace) -> None:
    volume = make_volume(provisioned, size=1 << 50)
    operation = carry_out(opened(volume, "volume.apply"))
    volume.refresh_from_db()
    assert (operation.state, operation.error_code) == ("failed", "quota_exceeded")
    assert "exceeded quota" in operation.error_message
    applied = volume.condition("Applied")
    assert applied is not None
    assert applied["status"] == "False"
    assert AuditEntry.objects.filter(action="volume.apply", outcome="failed").count() == 1


def test_a_volume_is_claimed_and_its_row_goes_with_the_claim(provisioned: Namespace) -> None:
    volume = make_volume(provisioned)
    assert carry_out(opened(volume, "volume.apply")).state == "confirming"
    assert stands("PersistentVolumeClaim", provisioned, volume.name)
    volume.generation += 1
    volume.deleting_since = timezone.now()
    volume.save()
    carry_out(opened(volume, "volume.delete"))
    assert not Volume.objects.exists()
    assert not stands("PersistentVolumeClaim", provisioned, volume.name)


def test_each_change_of_a_secret_is_a_version_of_its_own(provisioned: Namespace) -> None:
    secret = make_secret(provisioned)
    first = carry_out(opened(secret, "secret.apply", secret_payload={"PASSWORD": "one"}))
    secret.keys, secret.version, secret.generation = {"PASSWORD": 1, "USER": 2}, 2, 2
    secret.save()
    second = carry_out(opened(secret, "secret.apply", secret_payload={"USER": "two"}))
    assert (first.state, second.state) == ("succeeded", "succeeded")
    assert clusters.gateway("default").secret_versions(provisioned.cluster_name, secret.name) == {1, 2}


def test_a_version_that_nothing_can_use_goes(provisioned: Namespace) -> None:
    secret = make_secret(provisioned)
    carry_out(opened(secret, "secret.apply", secret_payload={"PASSWORD": "one"}))
    secret.keys, secret.version, secret.generation = {"PASSWORD": 2}, 2, 2
    secret.save()
    carry_out(opened(secret, "secret.apply", secret_payload={"PASSWORD": "two"}))
    assert clusters.gateway("default").secret_versions(provisioned.cluster_name, secret.name) == {2}


def test_a_version_that_a_release_can_go_back_to_stays(provisioned: Namespace) -> None:
    secret = make_secret(provisioned)
    carry_out(opened(secret, "secret.apply", secret_payload={"PASSWORD": "one"}))
    make_app(provisioned, secret_versions={secret.name: {"PASSWORD": 1}})
    secret.keys, secret.version, secret.generation = {"PASSWORD": 2}, 2, 2
    secret.save()
    carry_out(opened(secret, "secret.apply", secret_payload={"PASSWORD": "two"}))
    assert clusters.gateway("default").secret_versions(provisioned.cluster_name, secret.name) == {1, 2}


def test_a_secret_s_row_goes_with_its_versions(provisioned: Namespace) -> None:
    secret = make_secret(provisioned)
    carry_out(opened(secret, "secret.apply", secret_payload={"PASSWORD": "one"}))
    secret.generation += 1
    secret.deleting_since = timezone.now()
    secret.save()
    carry_out(opened(secret, "secret.delete"))
    assert not Secret.objects.exists()
    assert clusters.gateway("default").secret_versions(provisioned.cluster_name, "database") == set()


def test_a_deleted_namespace_takes_its_rows_and_the_team_that_waits_for_it(provisioned: Namespace) -> None:
    app = make_app(provisioned)
    make_volume(provisioned)
    make_secret(provisioned)
    carry_out(opened(app, "app.apply"))
    Team.objects.update(deleting_since=timezone.now())
    provisioned.generation += 1
    provisioned.deleting_since = timezone.now()
    provisioned.save()
    operation = opened(provisioned, "namespace.delete")
    deliver(operation)
    assert operation.state == "confirming"
    assert set(operation.progress) == {"kinds", "finalizers", "retained", "message"}
    carry_out(operation)
    assert operation.state == "succeeded"
    assert not Namespace.objects.exists()
    assert not App.objects.exists()
    assert not Team.objects.exists()


def test_a_team_with_another_namespace_stays(provisioned: Namespace) -> None:
    make_namespace(provisioned.team, "other")
    Team.objects.update(deleting_since=timezone.now())
    provisioned.deleting_since = timezone.now()
    provisioned.save()
    carry_out(opened(provisioned, "namespace.delete"))
    assert Team.objects.count() == 1


def test_a_wish_waits_for_a_silent_cluster_and_is_carried_out_when_it_is_back(
    provisioned: Namespace, cluster: SimCluster
) -> None:
    cluster.stop_answering()
    volume = make_volume(provisioned)
    operation = deliver(opened(volume, "volume.apply"))
    assert (operation.state, operation.error_code) == ("waiting", "unavailable")
    assert clusters.silent_since("default") is not None
    cluster.resume()
    assert carry_out(operation).state == "confirming"
    assert clusters.silent_since("default") is None
    assert ClusterState.objects.get().seen_at is not None


def test_a_refused_deletion_is_asked_again(provisioned: Namespace, cluster: SimCluster) -> None:
    volume = make_volume(provisioned)
    carry_out(opened(volume, "volume.apply"))
    volume.deleting_since = timezone.now()
    volume.save()
    cluster.fault("error", {"resource": "persistentvolumeclaims", "verb": "delete"}, code=403)
    operation = deliver(opened(volume, "volume.delete"))
    assert (operation.state, operation.error_code) == ("waiting", "refused")
    assert carry_out(operation).state == "succeeded"


@pytest.mark.parametrize("kind", ["lost_reply", "conflict", "throttle", "error"])
def test_a_fault_on_the_way_ends_in_one_object(provisioned: Namespace, cluster: SimCluster, kind: str) -> None:
    app = make_app(provisioned)
    cluster.fault(kind, {"resource": "deployments"}, times=2)
    assert carry_out(opened(app, "app.apply")).state == "confirming"
    assert stands("Deployment", provisioned, app.name)


@pytest.mark.parametrize("kind", ["lost_reply", "error"])
def test_a_secret_s_lost_creation_is_found_again(provisioned: Namespace, cluster: SimCluster, kind: str) -> None:
    secret = make_secret(provisioned)
    cluster.fault(kind, {"resource": "secrets", "verb": "create"}, times=2)
    operation = carry_out(opened(secret, "secret.apply", secret_payload={"PASSWORD": "one"}))
    assert operation.state == "succeeded"
    assert clusters.gateway("default").secret_versions(provisioned.cluster_name, secret.name) == {1}


def test_a_message_that_is_delivered_twice_changes_nothing_more(provisioned: Namespace) -> None:
    app = make_app(provisioned)
    operation = carry_out(opened(app, "app.apply"))
    attempts = operation.attempts
    deliver(operation)
    assert (operation.state, operation.attempts) == ("confirming", attempts)


def test_who_lost_the_lease_on_the_way_has_the_current_intent_applied_again(provisioned: Namespace) -> None:
    """A holder that hung wrote late: what it wrote may be older than what the next holder applied."""
    app = make_app(provisioned)
    operation = opened(app, "app.apply")
    hung = operations.claim(operation.pk)
    assert hung is not None
    Operation.objects.update(lease_until=Now() - timedelta(seconds=1))
    carry_out(operation)
    settle(hung, app, lambda: operations.confirm(hung))
    again = Operation.objects.exclude(pk=operation.pk).get(kind="app.apply")
    assert (again.state, again.generation) == ("pending", app.generation)
