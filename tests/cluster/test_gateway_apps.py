"""Apps through the gateway: applied, mended, never adopted, gone when asked; and what the cluster refuses."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck as Suppressed
from hypothesis import given, settings

from cluster import reads
from cluster.calls import APPLY_PATCH
from cluster.connection import Connection
from cluster.drift import drift
from cluster.errors import Conflict, Invalid, NameTaken, PolicyRefused
from cluster.gateway import Gateway
from cluster.manifests import app as app_manifests
from cluster.paths import collection, item
from cluster.specs import AppSpec, NamespaceSpec, VolumeMount

from . import specs
from .patience import eventually


@pytest.fixture
def spec(home: NamespaceSpec) -> AppSpec:
    """An app that is not there yet, in the shared namespace."""
    return specs.app(name=f"app-{secrets.token_hex(3)}", namespace=home.name, owner=home.owner, replicas=0)


def there(connection: Connection, kind: str, spec: AppSpec) -> dict[str, Any]:
    found = reads.get(connection.sync, kind, spec.namespace, spec.name)
    assert found is not None
    return found


def patch(connection: Connection, kind: str, spec: AppSpec, change: dict[str, Any]) -> None:
    connection.sync.call(
        "PATCH",
        item(kind, spec.namespace, spec.name),
        query={"fieldManager": "kubectl-edit"},
        body=change,
        content_type="application/merge-patch+json",
    )


def test_an_app_stands_without_drift(connection: Connection, gateway: Gateway, spec: AppSpec) -> None:
    gateway.apply_app(spec)
    for manifest in gateway.preview(spec):
        assert drift(manifest, there(connection, manifest["kind"], spec)) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[Suppressed.function_scoped_fixture])
@given(generated=specs.apps())
def test_any_app_is_accepted_strictly_and_comes_back_without_drift(
    connection: Connection, home: NamespaceSpec, generated: AppSpec
) -> None:
    for manifest in app_manifests.manifests(replace(generated, namespace=home.name, owner=home.owner)):
        answer = connection.sync.json(
            "PATCH",
            item(manifest["kind"], home.name, manifest["metadata"]["name"]),
            query={"fieldManager": "berth", "dryRun": "All", "fieldValidation": "Strict"},
            body=manifest,
            content_type=APPLY_PATCH,
        )
        assert drift(manifest, answer) == []


def test_applying_again_changes_nothing(connection: Connection, gateway: Gateway, spec: AppSpec) -> None:
    gateway.apply_app(spec)
    before = there(connection, "Service", spec)["metadata"]["resourceVersion"]
    gateway.apply_app(spec)
    assert there(connection, "Service", spec)["metadata"]["resourceVersion"] == before
    assert there(connection, "Deployment", spec)["metadata"]["generation"] == 1


def test_what_a_new_release_no_longer_says_is_gone(connection: Connection, gateway: Gateway, spec: AppSpec) -> None:
    gateway.apply_app(replace(spec, env={"A": "1", "B": "2"}))
    gateway.apply_app(replace(spec, env={"B": "2"}, release=4))
    container = there(connection, "Deployment", spec)["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == [{"name": "B", "value": "2"}]


def test_another_port_moves_the_service(connection: Connection, gateway: Gateway, spec: AppSpec) -> None:
    gateway.apply_app(spec)
    gateway.apply_app(replace(spec, port=9090))
    ports = there(connection, "Service", spec)["spec"]["ports"]
    assert [(port["port"], port["targetPort"]) for port in ports] == [(9090, 9090)]


def test_an_app_that_no_longer_listens_has_no_service(connection: Connection, gateway: Gateway, spec: AppSpec) -> None:
    gateway.apply_app(spec)
    gateway.apply_app(replace(spec, port=None))
    assert reads.get(connection.sync, "Service", spec.namespace, spec.name) is None


def test_what_somebody_edited_is_healed_and_their_own_fields_stay(
    connection: Connection, gateway: Gateway, spec: AppSpec
) -> None:
    gateway.apply_app(spec)
    change = {"spec": {"replicas": 3, "minReadySeconds": 2}, "metadata": {"annotations": {"theirs": "1"}}}
    patch(connection, "Deployment", spec, change)
    gateway.apply_app(spec)
    deployment = there(connection, "Deployment", spec)
    assert deployment["spec"]["replicas"] == 0
    assert deployment["spec"]["minReadySeconds"] == 2
    assert deployment["metadata"]["annotations"]["theirs"] == "1"


def test_labels_that_somebody_took_off_are_put_back(connection: Connection, gateway: Gateway, spec: AppSpec) -> None:
    gateway.apply_app(spec)
    off = {"metadata": {"labels": {"app.kubernetes.io/managed-by": None, "berth.dev/namespace-id": None}}}
    patch(connection, "Deployment", spec, off)
    gateway.apply_app(spec)
    assert drift(app_manifests.deployment(spec), there(connection, "Deployment", spec)) == []


@pytest.mark.parametrize("kind", ["Deployment", "Service"])
def test_a_foreign_object_of_that_name_is_never_touched(
    connection: Connection, gateway: Gateway, spec: AppSpec, kind: str
) -> None:
    (manifest,) = (one for one in app_manifests.manifests(spec) if one["kind"] == kind)
    foreign = {**manifest, "metadata": {"name": spec.name, "namespace": spec.namespace}}
    connection.sync.call("POST", collection(kind, spec.namespace), body=foreign)
    before = there(connection, kind, spec)
    with pytest.raises(NameTaken):
        gateway.apply_app(spec)
    gateway.delete_app(spec.namespace, spec.name)
    after = there(connection, kind, spec)
    assert after["metadata"].get("labels") is None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


def test_another_rows_object_is_never_touched(gateway: Gateway, spec: AppSpec) -> None:
    gateway.apply_app(spec)
    with pytest.raises(NameTaken):
        gateway.apply_app(replace(spec, owner=replace(spec.owner, namespace_id="99")))


def test_a_deleted_app_is_gone_with_its_pods(connection: Connection, gateway: Gateway, spec: AppSpec) -> None:
    running = replace(spec, replicas=1)
    gateway.apply_app(running)
    ours = f"berth.dev/app={spec.name}"
    eventually(lambda: reads.any_of(connection.sync, "Pod", spec.namespace, selector=ours))
    assert gateway.delete_app(spec.namespace, spec.name) is False
    eventually(lambda: gateway.delete_app(spec.namespace, spec.name), 60)
    for kind in ("Deployment", "Service"):
        assert reads.get(connection.sync, kind, spec.namespace, spec.name) is None
    for kind in ("ReplicaSet", "Pod"):
        assert not reads.any_of(connection.sync, kind, spec.namespace, selector=ours)


def test_an_app_that_was_never_there_is_gone(gateway: Gateway, spec: AppSpec) -> None:
    assert gateway.delete_app(spec.namespace, spec.name) is True


def test_an_app_is_not_applied_onto_one_that_is_going(connection: Connection, gateway: Gateway, spec: AppSpec) -> None:
    gateway.apply_app(spec)
    patch(connection, "Deployment", spec, {"metadata": {"finalizers": ["example.com/hold"]}})
    assert gateway.delete_app(spec.namespace, spec.name) is False
    with pytest.raises(Conflict) as refused:
        gateway.apply_app(spec)
    assert refused.value.reason == "Deleting"
    patch(connection, "Deployment", spec, {"metadata": {"finalizers": None}})
    eventually(lambda: gateway.delete_app(spec.namespace, spec.name))


def test_a_port_that_is_none_is_refused_with_its_field(gateway: Gateway, spec: AppSpec) -> None:
    with pytest.raises(Invalid) as refused:
        gateway.apply_app(replace(spec, port=70000))
    assert any("containerPort" in field for field in refused.value.causes)


def test_a_namespace_that_is_not_there_is_said(gateway: Gateway, spec: AppSpec) -> None:
    with pytest.raises(Exception, match="not found"):
        gateway.apply_app(replace(spec, namespace="d1-nowhere"))


def test_a_volume_of_one_node_turns_the_rollout_round_and_back(
    connection: Connection, gateway: Gateway, spec: AppSpec
) -> None:
    mounting = replace(spec, replicas=0, volumes=(VolumeMount("data", "/data"),), one_node=True)
    for release, wanted in enumerate((replace(spec, replicas=0), mounting, replace(spec, replicas=0)), start=1):
        wanted = replace(wanted, release=release)  # noqa: PLW2901
        gateway.apply_app(wanted)
        stored = reads.get(connection.sync, "Deployment", spec.namespace, spec.name)
        assert stored is not None
        assert drift(app_manifests.deployment(wanted), stored) == []
        assert stored["spec"]["strategy"]["type"] == ("Recreate" if wanted.one_node else "RollingUpdate")
        assert ("affinity" in stored["spec"]["template"]["spec"]) is wanted.one_node
    gateway.delete_app(spec.namespace, spec.name)


def test_somebodys_rolling_update_gives_way_to_a_volume_of_one_node(
    connection: Connection, gateway: Gateway, spec: AppSpec
) -> None:
    spec = replace(spec, replicas=0, one_node=True)
    gateway.apply_app(spec)
    theirs = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 2, "maxUnavailable": 1}}
    patch(connection, "Deployment", spec, {"spec": {"strategy": theirs}})
    gateway.apply_app(spec)
    assert there(connection, "Deployment", spec)["spec"]["strategy"] == {"type": "Recreate"}
    gateway.delete_app(spec.namespace, spec.name)


def test_pod_security_texts_are_policy(connection: Connection, home: NamespaceSpec) -> None:
    pod = {"metadata": {"name": "p"}, "spec": {"hostNetwork": True, "containers": [{"name": "a", "image": "a"}]}}
    with pytest.raises(PolicyRefused) as refused:
        connection.sync.call("POST", collection("Pod", home.name), query={"dryRun": "All"}, body=pod)
    assert "violates PodSecurity" in refused.value.message


def test_info_names_the_version_and_what_classes_can(gateway: Gateway) -> None:
    info = gateway.info()
    assert info.version.startswith("v1.")
    classes = {found.name: found for found in info.storage_classes}
    assert (classes["standard"].default, classes["standard"].expands) == (True, True)
    assert classes["keep"].retains
    assert classes["late"].waits
    assert not classes["late"].default
