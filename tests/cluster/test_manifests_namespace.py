"""Manifests of namespaces, volumes and secrets: the walls stand, the owner is named, no value shows."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from cluster.errors import Invalid
from cluster.manifests import namespace, secret, volume
from cluster.specs import ContainerDefaults, Limits, NamespaceSpec, SecretSpec, VolumeSpec

from .specs import MIB, OWNER

LIMITS = Limits(cpu=1500, memory=2048 * MIB, storage=10 * 1024 * MIB, pods=12, claims=3, services=4, secrets=1000)
DEFAULTS = ContainerDefaults(
    request_cpu=100, request_memory=64 * MIB, limit_memory=128 * MIB, max_cpu=2000, max_memory=1024 * MIB
)
SPEC = NamespaceSpec(name="berth-demo", owner=OWNER, limits=LIMITS, defaults=DEFAULTS)


def by_name(name: str) -> dict[str, Any]:
    (found,) = (one for one in namespace.manifests(SPEC) if (one["kind"] + "/" + one["metadata"]["name"]) == name)
    return found


def test_pod_security_is_restricted_in_every_mode() -> None:
    labels = namespace.namespace(SPEC)["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert labels[f"pod-security.kubernetes.io/{mode}-version"] == "latest"


def test_every_part_says_whose_it_is_and_what_wrote_it() -> None:
    for manifest in namespace.manifests(SPEC):
        assert manifest["metadata"]["labels"]["berth.dev/namespace-id"] == "7"
        assert manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "berth"
        assert manifest["metadata"]["annotations"]["berth.dev/operation"] == "op-1"


def test_rights_are_given_after_the_walls_stand() -> None:
    kinds = [manifest["kind"] for manifest in namespace.manifests(SPEC)]
    assert kinds[0] == "Namespace"
    assert kinds[-2:] == ["RoleBinding", "RoleBinding"]


def test_the_quota_is_written_in_canonical_quantities() -> None:
    assert by_name("ResourceQuota/berth")["spec"]["hard"] == {
        "requests.cpu": "1500m",
        "requests.memory": "2Gi",
        "limits.memory": "2Gi",
        "requests.storage": "10Gi",
        "pods": "12",
        "persistentvolumeclaims": "3",
        "services": "4",
        "secrets": "1k",
        "services.nodeports": "0",
        "services.loadbalancers": "0",
    }


def test_the_limit_range_fills_in_and_bounds() -> None:
    assert by_name("LimitRange/berth")["spec"]["limits"] == [
        {
            "type": "Container",
            "default": {"cpu": "2", "memory": "128Mi"},
            "defaultRequest": {"cpu": "100m", "memory": "64Mi"},
            "max": {"cpu": "2", "memory": "1Gi"},
        }
    ]


def test_nothing_comes_in_or_goes_out_unless_allowed() -> None:
    assert by_name("NetworkPolicy/berth-default-deny")["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [],
        "egress": [],
    }


def test_only_the_namespace_itself_may_talk_to_its_pods() -> None:
    policies = namespace.network_policies(SPEC)
    sources = [peer for policy in policies for rule in policy["spec"].get("ingress", []) for peer in rule["from"]]
    assert sources == [{"podSelector": {}}]


def test_outside_the_namespace_only_dns_is_reached() -> None:
    rules = [rule for policy in namespace.network_policies(SPEC) for rule in policy["spec"].get("egress", [])]
    outside = [rule for rule in rules if any("namespaceSelector" in peer for peer in rule["to"])]
    (rule,) = outside
    assert {port["port"] for port in rule["ports"]} == {53}
    assert {port["protocol"] for port in rule["ports"]} == {"UDP", "TCP"}
    for peer in rule["to"]:
        assert peer["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}


@pytest.mark.parametrize("role", ["developer", "viewer"])
def test_a_role_is_bound_to_this_namespaces_group_alone(role: str) -> None:
    binding = by_name(f"RoleBinding/berth-{role}")
    (subject,) = binding["subjects"]
    assert (subject["kind"], subject["name"]) == ("Group", f"berth:7:{role}")
    assert binding["roleRef"]["name"] == f"berth-tenant-{role}"


def test_the_probe_pod_is_one_that_must_be_refused() -> None:
    (container,) = namespace.privileged_pod("a")["spec"]["containers"]
    assert container["securityContext"]["privileged"] is True


def test_a_claim_asks_for_size_and_mode_and_never_for_a_volume() -> None:
    spec = VolumeSpec(name="data", namespace="a", owner=OWNER, size=1024 * MIB, storage_class="standard")
    (claim,) = volume.manifests(spec)
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "standard",
    }
    assert claim["metadata"]["labels"]["berth.dev/volume"] == "data"


def test_without_a_class_the_clusters_default_is_left_to_choose() -> None:
    (claim,) = volume.manifests(VolumeSpec(name="data", namespace="a", owner=OWNER, size=MIB))
    assert "storageClassName" not in claim["spec"]


SECRET = SecretSpec(
    name="db-v3", secret="db", namespace="a", owner=OWNER, version=3, values={"password": b"canary \x00\xff"}
)


def test_a_secret_version_is_immutable_and_holds_the_bytes() -> None:
    (manifest,) = secret.manifests(SECRET)
    assert manifest["immutable"] is True
    assert base64.b64decode(manifest["data"]["password"]) == b"canary \x00\xff"
    assert manifest["metadata"]["labels"]["berth.dev/secret"] == "db"
    assert manifest["metadata"]["labels"]["berth.dev/secret-version"] == "3"


def test_a_masked_secret_shows_keys_and_no_values() -> None:
    shown = str(secret.masked(SECRET))
    assert "password" in shown
    assert "canary" not in shown
    assert base64.b64encode(b"canary").decode()[:6] not in shown


def test_a_secrets_values_are_not_in_its_repr() -> None:
    assert "canary" not in repr(SECRET)


def test_a_namespace_with_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(Invalid):
        namespace.manifests(NamespaceSpec(name="a/b", owner=OWNER, limits=LIMITS, defaults=DEFAULTS))
