"""Drift: what is ours and differs is named; what others add, and other spellings of the same, is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.drift import drift, without_added
from cluster.manifests import app, namespace
from cluster.specs import AppSpec, HealthCheck, VolumeMount

from . import specs
from .test_manifests_namespace import SPEC as NAMESPACE

Change = Callable[[dict[str, Any]], None]

SPEC = specs.app(
    env={"A": "x", "B": "", "C": "y"},
    volumes=(VolumeMount("data", "/data"),),
    health=HealthCheck("http", "/up"),
    replicas=2,
)


def wire(manifest: dict[str, Any]) -> dict[str, Any]:
    """A copy as it comes over the wire."""
    return orjson.loads(orjson.dumps(manifest))


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    return deployment["spec"]["template"]["spec"]["containers"][0]


def as_observed(manifest: dict[str, Any]) -> dict[str, Any]:
    """Roughly what the API server makes of a Deployment: defaults, other spellings, empty texts left out."""
    found = wire(manifest)
    del found["apiVersion"], found["kind"]
    found["metadata"] |= {"uid": "1", "resourceVersion": "5", "managedFields": []}
    found["status"] = {"replicas": 2}
    web = container(found)
    web |= {"terminationMessagePath": "/dev/termination-log", "imagePullPolicy": "IfNotPresent"}
    web["readinessProbe"] |= {"successThreshold": 1}
    del web["env"][1]["value"]
    found["spec"]["template"]["spec"] |= {"restartPolicy": "Always", "schedulerName": "default-scheduler"}
    return found


@given(specs.apps())
def test_an_object_that_holds_the_manifest_has_no_drift(spec: AppSpec) -> None:
    for manifest in app.manifests(spec):
        assert drift(manifest, wire(manifest)) == []


def test_defaults_of_the_api_server_are_no_drift() -> None:
    manifest = app.deployment(SPEC)
    assert drift(manifest, as_observed(manifest)) == []


def set_image(found: dict[str, Any]) -> None:
    container(found)["image"] = "evil"


def set_replicas(found: dict[str, Any]) -> None:
    found["spec"]["replicas"] = 5


def take_label(found: dict[str, Any]) -> None:
    del found["metadata"]["labels"]["app.kubernetes.io/managed-by"]


def set_memory(found: dict[str, Any]) -> None:
    container(found)["resources"]["limits"]["memory"] = "1Gi"


def take_limit(found: dict[str, Any]) -> None:
    del container(found)["resources"]["limits"]


def set_variable(found: dict[str, Any]) -> None:
    container(found)["env"][0]["value"] = "z"


def fill_variable(found: dict[str, Any]) -> None:
    container(found)["env"][1]["value"] = "z"


def take_variable(found: dict[str, Any]) -> None:
    del container(found)["env"][2]


def mount_token(found: dict[str, Any]) -> None:
    del found["spec"]["template"]["spec"]["automountServiceAccountToken"]


def add_capability(found: dict[str, Any]) -> None:
    container(found)["securityContext"]["capabilities"]["drop"] = []


def move_mount(found: dict[str, Any]) -> None:
    container(found)["volumeMounts"][0]["mountPath"] = "/elsewhere"


def turn_generation(found: dict[str, Any]) -> None:
    found["metadata"]["annotations"]["berth.dev/generation"] = "4"


WEB = "spec.template.spec.containers[web]"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (set_image, f"{WEB}.image"),
        (set_replicas, "spec.replicas"),
        (take_label, "metadata.labels[app.kubernetes.io/managed-by]"),
        (set_memory, f"{WEB}.resources.limits.memory"),
        (take_limit, f"{WEB}.resources.limits"),
        (set_variable, f"{WEB}.env[A].value"),
        (fill_variable, f"{WEB}.env[B].value"),
        (take_variable, f"{WEB}.env[C]"),
        (mount_token, "spec.template.spec.automountServiceAccountToken"),
        (add_capability, f"{WEB}.securityContext.capabilities.drop"),
        (move_mount, f"{WEB}.volumeMounts[/data]"),
        (turn_generation, "metadata.annotations[berth.dev/generation]"),
    ],
)
def test_what_somebody_changed_is_named(change: Change, path: str) -> None:
    manifest = app.deployment(SPEC)
    observed = as_observed(manifest)
    change(observed)
    assert drift(manifest, observed) == [path]


def test_what_others_add_is_no_drift() -> None:
    manifest = app.deployment(SPEC)
    observed = as_observed(manifest)
    container(observed)["env"].insert(0, {"name": "THEIRS", "value": "1"})
    observed["metadata"]["labels"]["theirs"] = "1"
    observed["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "4"
    observed["spec"]["template"]["spec"]["containers"].append({"name": "sidecar", "image": "proxy"})
    assert drift(manifest, observed) == []


def test_the_operation_that_wrote_it_is_no_intent() -> None:
    manifest = app.deployment(SPEC)
    observed = as_observed(manifest)
    observed["metadata"]["annotations"]["berth.dev/operation"] = "another"
    assert drift(manifest, observed) == []


def test_other_spellings_of_a_quantity_are_the_same() -> None:
    manifest = namespace.quota(NAMESPACE)
    observed = wire(manifest)
    observed["spec"]["hard"] |= {"requests.cpu": "1.5", "requests.memory": "2048Mi", "secrets": "1000"}
    assert drift(manifest, observed) == []


def test_quantities_in_a_limit_range_are_compared_by_value() -> None:
    manifest = namespace.limit_range(NAMESPACE)
    observed = wire(manifest)
    observed["spec"]["limits"][0]["default"] = {"memory": "131072Ki", "cpu": "2000m"}
    assert drift(manifest, observed) == []
    observed["spec"]["limits"][0]["max"]["cpu"] = "3"
    assert drift(manifest, observed) == ["spec.limits[0].max.cpu"]


def test_a_key_that_somebody_added_to_a_quota_is_drift_and_taken_off() -> None:
    manifest = namespace.quota(NAMESPACE)
    observed = wire(manifest)
    observed["spec"]["hard"] |= {"limits.cpu": "1", "count/configmaps": "0"}
    observed["spec"]["scopeSelector"] = {"matchExpressions": [{"scopeName": "Terminating", "operator": "Exists"}]}
    assert drift(manifest, observed) == [
        "spec.hard[limits.cpu]",
        "spec.hard[count/configmaps]",
        "spec.scopeSelector",
    ]
    taken = {"hard": {"limits.cpu": None, "count/configmaps": None}, "scopeSelector": None}
    assert without_added(manifest, observed) == {"spec": taken}


def test_a_bound_that_somebody_added_to_a_limit_range_is_drift() -> None:
    manifest = namespace.limit_range(NAMESPACE)
    observed = wire(manifest)
    observed["spec"]["limits"][0]["min"] = {"cpu": "1"}
    observed["spec"]["limits"][0]["default"]["ephemeral-storage"] = "1Mi"
    assert set(drift(manifest, observed)) == {"spec.limits[0].min", "spec.limits[0].default.ephemeral-storage"}
    assert without_added(manifest, observed) == {}  # applied, the list is replaced


def test_nothing_is_taken_off_what_others_may_add_to() -> None:
    manifest = app.deployment(SPEC)
    observed = as_observed(manifest)
    observed["spec"]["minReadySeconds"] = 5
    assert without_added(manifest, observed) == {}


def test_another_peer_in_a_network_policy_is_drift() -> None:
    manifest = namespace.network_policies(NAMESPACE)[1]
    observed = wire(manifest)
    observed["spec"]["ingress"][0]["from"].append({"ipBlock": {"cidr": "0.0.0.0/0"}})
    assert drift(manifest, observed) == ["spec.ingress"]


def test_another_rule_in_a_network_policy_is_drift() -> None:
    manifest = namespace.network_policies(NAMESPACE)[2]
    observed = wire(manifest)
    observed["spec"]["egress"][0]["ports"][0]["port"] = 80
    assert drift(manifest, observed) == ["spec.egress"]


def test_a_closed_policy_that_was_opened_is_drift() -> None:
    manifest = namespace.network_policies(NAMESPACE)[0]
    observed = wire(manifest)
    observed["spec"]["ingress"] = [{}]
    assert drift(manifest, observed) == ["spec.ingress"]


def test_a_policy_that_selects_fewer_pods_is_drift() -> None:
    manifest = namespace.network_policies(NAMESPACE)[0]
    observed = wire(manifest)
    observed["spec"]["podSelector"] = {"matchLabels": {"a": "b"}}
    assert drift(manifest, observed) == ["spec.podSelector"]


def test_a_peer_that_was_widened_is_drift() -> None:
    manifest = namespace.network_policies(NAMESPACE)[1]
    observed = wire(manifest)
    observed["spec"]["ingress"][0]["from"][0]["namespaceSelector"] = {}
    assert drift(manifest, observed) == ["spec.ingress"]


def test_empty_rules_are_not_stored_and_that_is_no_drift() -> None:
    manifest = namespace.network_policies(NAMESPACE)[0]
    observed = wire(manifest)
    del observed["spec"]["ingress"], observed["spec"]["egress"]
    assert drift(manifest, observed) == []


def test_another_subject_in_a_binding_is_drift() -> None:
    manifest = namespace.role_bindings(NAMESPACE)[0]
    observed = wire(manifest)
    observed["subjects"].append({"kind": "User", "name": "mallory", "apiGroup": "rbac.authorization.k8s.io"})
    assert drift(manifest, observed) == ["subjects"]


def test_a_second_service_port_of_others_is_no_drift_but_ours_must_stand() -> None:
    manifest = app.service(SPEC)
    observed = wire(manifest)
    observed["spec"]["ports"].insert(0, {"name": "theirs", "port": 1, "protocol": "TCP"})
    assert drift(manifest, observed) == []
    del observed["spec"]["ports"][1]
    assert drift(manifest, observed) == ["spec.ports[8080/TCP]"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=5), below, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_whatever_stands_there_is_compared_without_failing(observed: dict[str, Any]) -> None:
    assert drift(app.deployment(SPEC), observed)
