"""Manifests of apps: what every app gets whatever the person wrote, and that text stays what was typed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import Invalid
from cluster.manifests import app as manifests
from cluster.specs import AppSpec, HealthCheck, SecretFiles, SecretRef, VolumeMount

from . import specs


def container_of(spec: AppSpec) -> dict[str, Any]:
    (container,) = pod_of(spec)["containers"]
    return container


def pod_of(spec: AppSpec) -> dict[str, Any]:
    return manifests.deployment(spec)["spec"]["template"]["spec"]


def expand(text: str) -> str:
    """What the kubelet makes of `text` with no variable known: third_party/forked/golang/expansion of Kubernetes."""
    return re.sub(r"\$(\$|\([^)]*\)|.|$)", lambda found: "$" if found[1] == "$" else found[0], text, flags=re.DOTALL)


@given(specs.apps())
def test_every_app_keeps_to_pod_security_restricted(spec: AppSpec) -> None:
    pod, container = pod_of(spec), container_of(spec)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC", "serviceAccountName", "nodeName"} & set(pod)


@given(specs.apps())
def test_volumes_are_claims_and_secrets_only(spec: AppSpec) -> None:
    for volume in pod_of(spec).get("volumes", []):
        assert set(volume) - {"name"} in ({"persistentVolumeClaim"}, {"projected"})


@given(specs.apps())
def test_every_mount_has_its_volume_and_volumes_have_one_name_each(spec: AppSpec) -> None:
    volumes = [volume["name"] for volume in pod_of(spec).get("volumes", [])]
    assert len(volumes) == len(set(volumes))
    assert {mount["name"] for mount in container_of(spec).get("volumeMounts", [])} == set(volumes)


@given(specs.texts)
def test_text_reaches_the_process_as_it_was_typed(text: str) -> None:
    assert expand(manifests.literal(text)) == text


def test_environment_command_and_arguments_are_literal() -> None:
    container = container_of(specs.app(env={"A": "$(B)"}, command=("run", "$X"), args=("$$",)))
    assert container["env"] == [{"name": "A", "value": "$$(B)"}]
    assert container["command"] == ["run", "$$X"]
    assert container["args"] == ["$$$$"]


@given(st.permutations(["B", "A", "D", "C"]))
def test_the_order_of_the_environment_does_not_make_another_template(order: list[str]) -> None:
    container = container_of(specs.app(env=dict.fromkeys(order, "x")))
    assert [entry["name"] for entry in container["env"]] == ["A", "B", "C", "D"]


def test_a_secret_variable_wins_over_a_plain_one() -> None:
    (entry,) = container_of(specs.app(env={"A": "x"}, secret_env={"A": SecretRef("db-v2", "key")}))["env"]
    assert entry == {"name": "A", "valueFrom": {"secretKeyRef": {"name": "db-v2", "key": "key"}}}


def test_memory_is_limited_to_the_request_and_cpu_is_not_limited() -> None:
    assert container_of(specs.app(cpu=250, memory=512 * specs.MIB))["resources"] == {
        "requests": {"cpu": "250m", "memory": "512Mi"},
        "limits": {"memory": "512Mi"},
    }


def test_the_release_is_a_label_of_the_pods_and_not_of_the_selector() -> None:
    deployment = manifests.deployment(specs.app(release=8))
    assert deployment["spec"]["template"]["metadata"]["labels"]["berth.dev/release"] == "8"
    assert deployment["metadata"]["labels"]["berth.dev/release"] == "8"
    assert deployment["spec"]["selector"] == {"matchLabels": {"berth.dev/app": "web"}}


def test_pods_carry_the_label_that_watches_select() -> None:
    labels = manifests.deployment(specs.app())["spec"]["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/managed-by"] == "berth"


def test_operation_and_generation_do_not_make_another_template() -> None:
    first, second = (manifests.deployment(specs.app(generation=number)) for number in (1, 2))
    assert first["metadata"]["annotations"] == {"berth.dev/generation": "1", "berth.dev/operation": "op-1"}
    assert first["spec"] == second["spec"]


def test_the_service_listens_on_the_apps_own_port() -> None:
    service = manifests.service(specs.app(port=3000))
    assert service["spec"]["ports"] == [{"name": "web", "port": 3000, "targetPort": 3000, "protocol": "TCP"}]
    assert service["spec"]["selector"] == {"berth.dev/app": "web"}
    assert service["spec"]["type"] == "ClusterIP"


def test_an_app_without_a_port_has_no_service_and_no_ports() -> None:
    spec = specs.app(port=None)
    assert [manifest["kind"] for manifest in manifests.manifests(spec)] == ["Deployment"]
    assert "ports" not in container_of(spec)


def test_readiness_and_start_ask_over_http() -> None:
    container = container_of(specs.app(health=HealthCheck("http", "/up", period=5, start_seconds=61)))
    ask = {"path": "/up", "port": 8080, "scheme": "HTTP"}
    assert container["readinessProbe"]["httpGet"] == ask
    assert container["readinessProbe"]["periodSeconds"] == 5
    assert container["startupProbe"]["httpGet"] == ask
    assert "livenessProbe" not in container


@given(st.integers(1, 120), st.integers(1, 3600))
def test_a_start_may_take_its_seconds_and_less_than_a_period_more(period: int, seconds: int) -> None:
    probe = container_of(specs.app(health=HealthCheck("tcp", period=period, start_seconds=seconds)))["startupProbe"]
    assert probe["tcpSocket"] == {"port": 8080}
    assert seconds <= probe["failureThreshold"] * probe["periodSeconds"] < seconds + period


def test_liveness_is_asked_for() -> None:
    container = container_of(specs.app(health=HealthCheck("tcp", liveness=True)))
    assert container["livenessProbe"]["tcpSocket"] == {"port": 8080}


def test_no_health_check_means_no_probes() -> None:
    assert not {"readinessProbe", "startupProbe", "livenessProbe"} & set(container_of(specs.app()))


def test_a_health_check_needs_a_port() -> None:
    with pytest.raises(Invalid) as refused:
        manifests.deployment(specs.app(port=None, health=HealthCheck("http")))
    assert "health" in refused.value.causes


def test_one_claim_at_two_paths_is_one_volume() -> None:
    spec = specs.app(volumes=(VolumeMount("data", "/a"), VolumeMount("data", "/b")))
    assert pod_of(spec)["volumes"] == [{"name": "claim-data", "persistentVolumeClaim": {"claimName": "data"}}]
    assert container_of(spec)["volumeMounts"] == [
        {"name": "claim-data", "mountPath": "/a"},
        {"name": "claim-data", "mountPath": "/b"},
    ]


def test_a_release_starts_one_pod_more_before_it_takes_one_away() -> None:
    assert manifests.deployment(specs.app())["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
    }
    assert "affinity" not in pod_of(specs.app())


def test_pods_of_a_one_node_volume_stop_before_new_ones_and_stay_together() -> None:
    spec = specs.app(name="shop", volumes=(VolumeMount("data", "/a"),), one_node=True)
    assert manifests.deployment(spec)["spec"]["strategy"] == {"type": "Recreate"}
    (term,) = pod_of(spec)["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["labelSelector"]["matchLabels"] == manifests.deployment(spec)["spec"]["selector"]["matchLabels"]
    assert term["topologyKey"] == "kubernetes.io/hostname"


def test_the_group_of_files_is_set_only_for_volumes() -> None:
    assert "fsGroup" not in pod_of(specs.app())["securityContext"]
    assert pod_of(specs.app(volumes=(VolumeMount("data", "/a"),)))["securityContext"]["fsGroup"] == 65532


def test_secret_files_have_one_source_a_version() -> None:
    items = (SecretRef("db-v2", "user"), SecretRef("db-v1", "host"), SecretRef("db-v2", "password"))
    (volume,) = pod_of(specs.app(secret_files=(SecretFiles("db", "/run/db", items),)))["volumes"]
    one, two = volume["projected"]["sources"]
    assert one["secret"] == {"name": "db-v1", "items": [{"key": "host", "path": "host"}]}
    assert two["secret"]["name"] == "db-v2"
    assert [item["key"] for item in two["secret"]["items"]] == ["password", "user"]


def test_a_registry_login_is_named() -> None:
    assert pod_of(specs.app(pull_secret="registry-v1"))["imagePullSecrets"] == [{"name": "registry-v1"}]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../web"},
        {"namespace": "kube system"},
        {"pull_secret": "a/b"},
        {"volumes": (VolumeMount("a/b", "/a"),)},
        {"secret_env": {"A": SecretRef("a b", "k")}},
        {"secret_files": (SecretFiles("db", "/run", (SecretRef("A", "k"),)),)},
    ],
)
def test_names_that_are_none_are_refused_before_any_request(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        manifests.manifests(specs.app(**changes))
