"""Namespaces through the gateway: made of parts that hold, never adopted, mended, and followed until gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from cluster import reads
from cluster.connection import Connection
from cluster.drift import drift
from cluster.errors import Invalid, NameTaken
from cluster.gateway import Gateway
from cluster.paths import collection, item
from cluster.specs import NamespaceSpec

from .faulty import Faults

NewSpec = Callable[..., NamespaceSpec]

BOUNDS = {
    "type": "Container",
    "default": {"cpu": "8", "memory": "64Mi"},
    "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
    "max": {"cpu": "8", "memory": "2Gi"},
}
"""The LimitRange of the specs that `new_spec` makes."""


def make_foreign(connection: Connection, name: str, labels: dict[str, str] | None = None) -> None:
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}}
    connection.sync.json("POST", collection("Namespace"), body=manifest)


def patch(connection: Connection, kind: str, namespace: str | None, name: str, change: dict[str, Any]) -> None:
    connection.sync.call("PATCH", item(kind, namespace, name), body=change, content_type="application/merge-patch+json")


def test_a_new_namespace_is_ready_in_every_part(gateway: Gateway, new_spec: NewSpec) -> None:
    outcome = gateway.provision_namespace(new_spec())
    assert [(part.type, part.status) for part in outcome.parts] == [
        ("Namespace", "True"),
        ("Quota", "True"),
        ("Limits", "True"),
        ("NetworkPolicy", "True"),
        ("PodSecurity", "True"),
        ("Rights", "True"),
    ]
    assert outcome.uid


def test_ready_means_that_a_privileged_pod_was_refused_in_the_clusters_words(
    gateway: Gateway, new_spec: NewSpec
) -> None:
    parts = {part.type: part for part in gateway.provision_namespace(new_spec()).parts}
    assert 'violates PodSecurity "restricted:latest"' in parts["PodSecurity"].message


def test_provisioning_twice_changes_nothing(connection: Connection, gateway: Gateway, new_spec: NewSpec) -> None:
    spec = new_spec()
    first = gateway.provision_namespace(spec)
    gateway.provision_namespace(spec)  # the Namespace itself goes from created to applied once
    before = reads.get(connection.sync, "ResourceQuota", spec.name, "berth")
    assert gateway.provision_namespace(spec) == first
    after = reads.get(connection.sync, "ResourceQuota", spec.name, "berth")
    assert before is not None
    assert after is not None
    assert before["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]


def test_a_raised_quota_is_enforced_before_it_is_called_true(
    connection: Connection, gateway: Gateway, new_spec: NewSpec
) -> None:
    spec = new_spec(cpu=1000)
    gateway.provision_namespace(spec)
    raised = replace(spec, limits=replace(spec.limits, cpu=2500))
    assert gateway.provision_namespace(raised).ready
    quota = reads.get(connection.sync, "ResourceQuota", spec.name, "berth")
    assert quota is not None
    assert quota["status"]["hard"]["requests.cpu"] == "2500m"


def test_a_foreign_namespace_is_never_adopted(connection: Connection, gateway: Gateway, new_spec: NewSpec) -> None:
    spec = new_spec()
    make_foreign(connection, spec.name)
    with pytest.raises(NameTaken):
        gateway.provision_namespace(spec)
    labels = (reads.metadata(connection.sync, "Namespace", None, spec.name) or {})["labels"]
    assert "app.kubernetes.io/managed-by" not in labels
    assert reads.get(connection.sync, "ResourceQuota", spec.name, "berth") is None


def test_another_rows_namespace_is_never_adopted(gateway: Gateway, new_spec: NewSpec) -> None:
    spec = new_spec(namespace_id="7")
    gateway.provision_namespace(spec)
    with pytest.raises(NameTaken):
        gateway.provision_namespace(replace(spec, owner=replace(spec.owner, namespace_id="8")))


def test_a_namespace_that_is_not_there_is_missing_in_every_part(gateway: Gateway, new_spec: NewSpec) -> None:
    outcome = gateway.verify_namespace(new_spec())
    assert outcome.uid == ""
    assert {(part.status, part.reason) for part in outcome.parts} == {("False", "Missing")}


def test_verifying_another_rows_namespace_says_that_it_is_not_ours(
    connection: Connection, gateway: Gateway, new_spec: NewSpec
) -> None:
    spec = new_spec()
    make_foreign(connection, spec.name)
    assert {part.reason for part in gateway.verify_namespace(spec).parts} == {"NotOurs"}


@pytest.mark.parametrize(
    ("kind", "name", "part"),
    [
        ("ResourceQuota", "berth", "Quota"),
        ("LimitRange", "berth", "Limits"),
        ("NetworkPolicy", "berth-default-deny", "NetworkPolicy"),
        ("NetworkPolicy", "berth-dns", "NetworkPolicy"),
        ("RoleBinding", "berth-viewer", "Rights"),
    ],
)
def test_a_part_that_was_deleted_is_named_and_mended(
    *, connection: Connection, gateway: Gateway, new_spec: NewSpec, kind: str, name: str, part: str
) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    connection.sync.call("DELETE", item(kind, spec.name, name))
    failing = [found for found in gateway.verify_namespace(spec).parts if found.status != "True"]
    assert [(found.type, found.reason) for found in failing] == [(part, "Missing")]
    assert name in failing[0].message
    assert gateway.provision_namespace(spec).ready


@pytest.mark.parametrize(
    ("kind", "name", "change", "part"),
    [
        ("ResourceQuota", "berth", {"spec": {"hard": {"pods": "999"}}}, "Quota"),
        ("ResourceQuota", "berth", {"spec": {"hard": {"limits.cpu": "1", "count/configmaps": "0"}}}, "Quota"),
        ("LimitRange", "berth", {"spec": {"limits": [{"type": "Container", "max": {"cpu": "64"}}]}}, "Limits"),
        ("LimitRange", "berth", {"spec": {"limits": [{**BOUNDS, "min": {"cpu": "1m"}}]}}, "Limits"),
        ("NetworkPolicy", "berth-default-deny", {"spec": {"ingress": [{}]}}, "NetworkPolicy"),
        ("NetworkPolicy", "berth-same-namespace", {"spec": {"egress": [{}]}}, "NetworkPolicy"),
        (
            "RoleBinding",
            "berth-viewer",
            {"subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "everybody"}]},
            "Rights",
        ),
    ],
)
def test_a_part_that_was_bent_is_named_and_mended(
    *,
    connection: Connection,
    gateway: Gateway,
    new_spec: NewSpec,
    kind: str,
    name: str,
    change: dict[str, Any],
    part: str,
) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    patch(connection, kind, spec.name, name, change)
    failing = [found for found in gateway.verify_namespace(spec).parts if found.status != "True"]
    assert [(found.type, found.reason) for found in failing] == [(part, "Differs")]
    assert gateway.provision_namespace(spec).ready


def test_a_quota_that_was_made_anew_with_scopes_is_made_anew_once_more(
    connection: Connection, gateway: Gateway, new_spec: NewSpec
) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    quota = gateway.preview(spec)[1]
    connection.sync.call("DELETE", item("ResourceQuota", spec.name, "berth"))
    bent = {**quota, "spec": {"hard": {"pods": "1"}, "scopes": ["Terminating"]}}
    connection.sync.call("POST", collection("ResourceQuota", spec.name), body=bent)
    assert gateway.provision_namespace(spec).ready


def test_a_binding_to_another_role_is_made_anew(connection: Connection, gateway: Gateway, new_spec: NewSpec) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    binding = gateway.preview(spec)[-1]
    connection.sync.call("DELETE", item("RoleBinding", spec.name, "berth-viewer"))
    bent = {**binding, "roleRef": {**binding["roleRef"], "name": "cluster-admin"}}
    connection.sync.call("POST", collection("RoleBinding", spec.name), body=bent)
    assert gateway.provision_namespace(spec).ready


def test_pod_security_taken_off_is_found_by_the_dry_run_and_put_back(
    connection: Connection, gateway: Gateway, new_spec: NewSpec
) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    labels = {"pod-security.kubernetes.io/enforce": "privileged"}
    patch(connection, "Namespace", None, spec.name, {"metadata": {"labels": labels}})
    parts = {part.type: part for part in gateway.verify_namespace(spec).parts}
    assert (parts["PodSecurity"].status, parts["PodSecurity"].reason) == ("False", "NotEnforced")
    assert parts["Namespace"].reason == "Differs"
    assert gateway.provision_namespace(spec).ready


@pytest.mark.parametrize(
    "message",
    [
        'admission webhook "images.example" denied the request: unknown registry',
        'pods "berth-probe" is forbidden: error looking up service account a/default: not found',
    ],
)
def test_a_probe_that_somebody_else_refused_proves_no_pod_security(
    gateway: Gateway, faulty: tuple[Gateway, Faults], new_spec: NewSpec, message: str
) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    broken, faults = faulty
    faults.plan("error", "POST", status=403, message=message)
    (failing,) = (part for part in broken.verify_namespace(spec).parts if part.status != "True")
    assert (failing.type, failing.reason, failing.message) == ("PodSecurity", "NotAsked", message)


def test_a_quota_is_not_true_before_the_cluster_enforces_it(
    gateway: Gateway, faulty: tuple[Gateway, Faults], new_spec: NewSpec
) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    broken, faults = faulty

    def late_status(path: str, body: bytes) -> bytes:
        if not path.endswith("/resourcequotas/berth"):
            return body
        quota = orjson.loads(body)
        quota["status"]["hard"]["requests.cpu"] = "1m"
        return orjson.dumps(quota)

    faults.rewrite = late_status
    (failing,) = (part for part in broken.verify_namespace(spec).parts if part.status != "True")
    assert (failing.type, failing.reason) == ("Quota", "Pending")
    assert "requests.cpu" in failing.message
    faults.rewrite = None
    assert broken.verify_namespace(spec).ready


def test_a_part_that_the_cluster_refuses_does_not_keep_the_others_away(
    faulty: tuple[Gateway, Faults], new_spec: NewSpec
) -> None:
    broken, faults = faulty
    message = "rolebindings.rbac.authorization.k8s.io is forbidden: not allowed to bind"
    faults.plan("error", "PATCH", times=2, after=5, status=403, message=message)
    outcome = broken.provision_namespace(new_spec())
    assert [part.type for part in outcome.parts if part.status != "True"] == ["Rights"]
    assert outcome.parts[-1].message == message


def test_fields_of_others_are_kept(connection: Connection, gateway: Gateway, new_spec: NewSpec) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    patch(connection, "Namespace", None, spec.name, {"metadata": {"annotations": {"theirs": "1"}}})
    gateway.provision_namespace(spec)
    metadata = reads.metadata(connection.sync, "Namespace", None, spec.name) or {}
    assert metadata["annotations"]["theirs"] == "1"


def test_a_lost_answer_to_the_creation_makes_one_namespace(faulty: tuple[Gateway, Faults], new_spec: NewSpec) -> None:
    broken, faults = faulty
    faults.plan("lost_reply", "POST")
    assert broken.provision_namespace(new_spec()).ready


@pytest.mark.parametrize("written", range(0, 7, 2))
def test_a_write_of_a_provisioning_may_lose_its_answer(
    faulty: tuple[Gateway, Faults], new_spec: NewSpec, written: int
) -> None:
    broken, faults = faulty
    faults.plan("lost_reply", "PATCH", after=written)
    assert broken.provision_namespace(new_spec()).ready
    assert faults.planned[0].times == 0


def test_a_bad_name_is_refused_before_any_request(faulty: tuple[Gateway, Faults], new_spec: NewSpec) -> None:
    broken, faults = faulty
    with pytest.raises(Invalid):
        broken.provision_namespace(replace(new_spec(), name="../default"))
    with pytest.raises(Invalid):
        broken.delete_namespace("../default", namespace_id="7")
    assert faults.seen == []


def test_preview_is_what_is_applied(connection: Connection, gateway: Gateway, new_spec: NewSpec) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    for manifest in gateway.preview(spec)[1:]:
        standing = reads.get(connection.sync, manifest["kind"], spec.name, manifest["metadata"]["name"])
        assert standing is not None
        assert drift(manifest, standing) == []
