"""Where somebody else took the rest of a quota, the cluster refuses; its words are told in plain ones, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cluster import reads, refusals
from cluster.connection import Connection
from cluster.errors import QuotaExceeded
from cluster.gateway import Gateway
from cluster.paths import collection
from cluster.specs import NamespaceSpec, SecretSpec, VolumeSpec

from .patience import eventually
from .specs import MIB, app

NewSpec = Callable[..., NamespaceSpec]
SMALL = {"storage": 100 * MIB, "claims": 2, "services": 1, "secrets": 1}


@pytest.fixture
def full(connection: Connection, gateway: Gateway, new_spec: NewSpec) -> NamespaceSpec:
    """Its service, secret and most of its storage were taken with kubectl; it bounds a class, too."""
    spec = new_spec()
    bounded = {"standard.storageclass.storage.k8s.io/requests.storage": 80 * MIB}
    spec = replace(spec, limits=replace(spec.limits, **SMALL, more=bounded))
    gateway.provision_namespace(spec)
    taken: dict[str, dict[str, Any]] = {
        "Service": {"spec": {"ports": [{"port": 80}]}},
        "Secret": {"stringData": {"a": "b"}},
        "PersistentVolumeClaim": {
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "standard",
                "resources": {"requests": {"storage": "60Mi"}},
            }
        },
    }
    for kind, body in taken.items():
        named = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "theirs"}, **body}
        connection.sync.json("POST", collection(kind, spec.name), body=named)
    wanted = {"services": "1", "secrets": "1", "requests.storage": "60Mi"}

    def counted() -> bool:
        quota = reads.get(connection.sync, "ResourceQuota", spec.name, "berth")
        return quota is not None and wanted.items() <= quota["status"].get("used", {}).items()

    eventually(counted)
    return spec


def test_what_somebody_else_filled_is_refused_with_figures_in_plain_words(
    gateway: Gateway, full: NamespaceSpec
) -> None:
    with pytest.raises(QuotaExceeded) as of_secret:
        gateway.create_secret_version(SecretSpec("db-v1", "db", full.name, full.owner, 1, values={"key": b"canary"}))
    with pytest.raises(QuotaExceeded) as of_volume:
        gateway.apply_volume(VolumeSpec("data", full.name, full.owner, 50 * MIB, storage_class="standard"))
    with pytest.raises(QuotaExceeded) as of_app:
        gateway.apply_app(app(namespace=full.name, owner=full.owner, replicas=0))
    assert refusals.room(of_secret.value.message) == "secrets: 1 wanted, 1 of 1 taken"
    assert refusals.room(of_app.value.message) == "services: 1 wanted, 1 of 1 taken"
    assert refusals.room(of_volume.value.message) == (
        "storage: 50 MiB wanted, 60 MiB of 100 MiB taken; "
        "storage of class standard: 50 MiB wanted, 60 MiB of 80 MiB taken"
    )
    assert "canary" not in of_secret.value.message
