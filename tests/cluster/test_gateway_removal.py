"""Namespaces that go away: never another's, followed until nothing is left, and what holds them up is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cluster import reads
from cluster.connection import Connection
from cluster.errors import NameTaken
from cluster.gateway import Gateway
from cluster.paths import collection, item
from cluster.specs import NamespaceSpec, Remaining, VolumeSpec

from .patience import eventually
from .specs import MIB

NewSpec = Callable[..., NamespaceSpec]


def make_foreign(connection: Connection, name: str, labels: dict[str, str] | None = None) -> None:
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}}
    connection.sync.json("POST", collection("Namespace"), body=manifest)


def patch(connection: Connection, kind: str, namespace: str | None, name: str, change: dict[str, Any]) -> None:
    connection.sync.call("PATCH", item(kind, namespace, name), body=change, content_type="application/merge-patch+json")


def until_gone(gateway: Gateway, spec: NamespaceSpec) -> Remaining:
    found: list[Remaining] = []

    def gone() -> bool:
        found.append(gateway.delete_namespace(spec.name, namespace_id=spec.owner.namespace_id))
        return found[-1].gone

    eventually(gone, 60)
    return found[-1]


def test_a_foreign_namespace_is_never_deleted(connection: Connection, gateway: Gateway, new_spec: NewSpec) -> None:
    spec = new_spec()
    make_foreign(connection, spec.name, {"app.kubernetes.io/managed-by": "berth", "berth.dev/namespace-id": "8"})
    with pytest.raises(NameTaken):
        gateway.delete_namespace(spec.name, namespace_id="7")
    assert "deletionTimestamp" not in (reads.metadata(connection.sync, "Namespace", None, spec.name) or {})


def test_everything_in_a_namespace_goes_with_it(connection: Connection, gateway: Gateway, new_spec: NewSpec) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    gateway.apply_volume(VolumeSpec("data", spec.name, spec.owner, 20 * MIB))
    assert until_gone(gateway, spec) == Remaining(gone=True)
    assert not any(reads.metadatas(connection.sync, "PersistentVolumeClaim", spec.name))


def test_what_holds_a_namespace_up_is_named_by_its_finalizer(
    connection: Connection, gateway: Gateway, new_spec: NewSpec
) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    holder = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "held", "namespace": spec.name, "finalizers": ["example.com/hold"]},
    }
    connection.sync.call("POST", collection("Secret", spec.name), body=holder)
    eventually(lambda: "example.com/hold" in gateway.delete_namespace(spec.name, namespace_id="7").message)
    remaining = gateway.delete_namespace(spec.name, namespace_id="7")
    assert remaining.kinds == {"Secret": 1}
    assert remaining.finalizers == ("secrets/held: example.com/hold",)
    assert {part.reason for part in gateway.verify_namespace(spec).parts} == {"Terminating"}
    assert not gateway.provision_namespace(spec).ready
    patch(connection, "Secret", spec.name, "held", {"metadata": {"finalizers": None}})
    until_gone(gateway, spec)


def test_a_claim_whose_volume_is_kept_is_named(connection: Connection, gateway: Gateway, new_spec: NewSpec) -> None:
    spec = new_spec()
    gateway.provision_namespace(spec)
    for name, storage_class in (("kept", "keep"), ("lost", "standard")):
        gateway.apply_volume(VolumeSpec(name, spec.name, spec.owner, 20 * MIB, storage_class=storage_class))
    eventually(
        lambda: all(
            claim["status"]["phase"] == "Bound"
            for claim in reads.objects(connection.sync, "PersistentVolumeClaim", spec.name)
        )
    )
    patch(connection, "PersistentVolumeClaim", spec.name, "kept", {"metadata": {"finalizers": ["example.com/hold"]}})
    assert gateway.delete_namespace(spec.name, namespace_id="7").retained == ("kept",)
    patch(connection, "PersistentVolumeClaim", spec.name, "kept", {"metadata": {"finalizers": None}})
    until_gone(gateway, spec)
