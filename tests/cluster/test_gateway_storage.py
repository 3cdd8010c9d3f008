"""Volumes and secrets through the gateway: made, grown, cleared, never adopted, and no value ever read back."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from cluster import reads
from cluster.connection import Connection
from cluster.errors import NameTaken, QuotaExceeded, Refused
from cluster.gateway import Gateway
from cluster.paths import collection, item
from cluster.specs import NamespaceSpec, Owner, SecretSpec, VolumeSpec

from .faulty import Faults
from .patience import eventually
from .specs import MIB


@pytest.fixture
def claim(home: NamespaceSpec, gateway: Gateway) -> VolumeSpec:
    """A claim that is not there yet, in the shared namespace."""
    return VolumeSpec(f"vol-{secrets.token_hex(3)}", home.name, home.owner, 20 * MIB)


def test_a_claim_is_made_grown_and_deleted(connection: Connection, gateway: Gateway, claim: VolumeSpec) -> None:
    gateway.apply_volume(claim)

    def phase() -> str:
        found = reads.get(connection.sync, "PersistentVolumeClaim", claim.namespace, claim.name)
        return str(found["status"]["phase"]) if found else ""

    eventually(lambda: phase() == "Bound")
    gateway.apply_volume(replace(claim, size=40 * MIB))
    found = reads.get(connection.sync, "PersistentVolumeClaim", claim.namespace, claim.name)
    assert found is not None
    assert found["spec"]["resources"]["requests"]["storage"] == "40Mi"
    eventually(lambda: gateway.delete_volume(claim.namespace, claim.name))


def test_a_claim_cannot_shrink(connection: Connection, gateway: Gateway, claim: VolumeSpec) -> None:
    gateway.apply_volume(claim)
    with pytest.raises(Refused):
        gateway.apply_volume(replace(claim, size=10 * MIB))
    eventually(lambda: gateway.delete_volume(claim.namespace, claim.name))


def test_a_foreign_claim_of_the_same_shape_is_never_adopted(
    connection: Connection, gateway: Gateway, claim: VolumeSpec
) -> None:
    (manifest,) = gateway.preview(claim)
    foreign = {**manifest, "metadata": {"name": claim.name, "namespace": claim.namespace}}
    connection.sync.call("POST", collection("PersistentVolumeClaim", claim.namespace), body=foreign)
    with pytest.raises(NameTaken):
        gateway.apply_volume(claim)
    assert gateway.delete_volume(claim.namespace, claim.name) is True
    standing = reads.metadata(connection.sync, "PersistentVolumeClaim", claim.namespace, claim.name)
    assert standing is not None
    assert "deletionTimestamp" not in standing
    connection.sync.call("DELETE", item("PersistentVolumeClaim", claim.namespace, claim.name))


def test_a_claim_beyond_the_quota_is_refused_in_the_clusters_words(gateway: Gateway, claim: VolumeSpec) -> None:
    with pytest.raises(QuotaExceeded, match=r"exceeded quota: berth, requested: requests\.storage"):
        gateway.apply_volume(replace(claim, size=1024**4))


@pytest.fixture
def version(home: NamespaceSpec) -> SecretSpec:
    """The first version of a secret that is not there yet, in the shared namespace."""
    secret = f"sec-{secrets.token_hex(3)}"
    owner = Owner(home.owner.team, home.owner.namespace_id, "op-secret")
    return SecretSpec(f"{secret}-v1", secret, home.name, owner, 1, values={"key": b"canary"})


def after(version: SecretSpec, number: int) -> SecretSpec:
    return replace(version, name=f"{version.secret}-v{number}", version=number)


def test_versions_stand_beside_each_other_and_are_cleared(gateway: Gateway, version: SecretSpec) -> None:
    for number in (1, 2, 3):
        gateway.create_secret_version(after(version, number))
    assert gateway.secret_versions(version.namespace, version.secret) == {1, 2, 3}
    gateway.delete_secret_versions(version.namespace, version.secret, keep={2})
    assert gateway.secret_versions(version.namespace, version.secret) == {2}
    gateway.delete_secret_versions(version.namespace, version.secret, keep=())
    assert gateway.secret_versions(version.namespace, version.secret) == set()


def test_clearing_one_secret_leaves_the_others(gateway: Gateway, version: SecretSpec) -> None:
    other = replace(version, secret=version.secret + "-b", name=version.secret + "-b-v1")
    gateway.create_secret_version(version)
    gateway.create_secret_version(other)
    gateway.delete_secret_versions(version.namespace, version.secret, keep=())
    assert gateway.secret_versions(version.namespace, other.secret) == {1}
    gateway.delete_secret_versions(version.namespace, other.secret, keep=())


def test_the_same_operation_may_ask_twice(gateway: Gateway, version: SecretSpec) -> None:
    gateway.create_secret_version(version)
    gateway.create_secret_version(version)
    assert gateway.secret_versions(version.namespace, version.secret) == {1}


def test_another_operations_version_is_never_taken_for_ours(gateway: Gateway, version: SecretSpec) -> None:
    gateway.create_secret_version(version)
    with pytest.raises(NameTaken):
        gateway.create_secret_version(replace(version, owner=replace(version.owner, operation="op-other")))


def test_a_foreign_secret_is_never_taken_for_ours(
    connection: Connection, gateway: Gateway, version: SecretSpec
) -> None:
    foreign = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": version.name}}
    connection.sync.call("POST", collection("Secret", version.namespace), body=foreign)
    with pytest.raises(NameTaken):
        gateway.create_secret_version(version)


def test_the_bytes_reach_the_cluster(connection: Connection, gateway: Gateway, version: SecretSpec) -> None:
    gateway.create_secret_version(version)
    found = reads.get(connection.sync, "Secret", version.namespace, version.name)
    assert found is not None
    assert found["data"] == {"key": "Y2FuYXJ5"}
    assert found["immutable"] is True


def test_the_gateway_never_reads_a_value_back(
    connection: Connection, faulty: tuple[Gateway, Faults], version: SecretSpec
) -> None:
    broken, faults = faulty
    broken.create_secret_version(version)
    broken.create_secret_version(version)
    hold = {"metadata": {"finalizers": ["example.com/hold"]}}
    path, merge = item("Secret", version.namespace, version.name), "application/merge-patch+json"
    connection.sync.call("PATCH", path, body=hold, content_type=merge)
    broken.secret_versions(version.namespace, version.secret)
    broken.delete_secret_versions(version.namespace, version.secret, keep=())
    connection.sync.call("PATCH", path, body={"metadata": {"finalizers": None}}, content_type=merge)
    assert faults.count("PATCH") == 0
    assert faults.answered
    assert not any(b"Y2FuYXJ5" in answer for answer in faults.answered)


def test_preview_shows_keys_and_no_values(gateway: Gateway, version: SecretSpec) -> None:
    (manifest,) = gateway.preview(version)
    assert manifest["data"] == {"key": "(not shown)"}
