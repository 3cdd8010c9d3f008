"""One API server for the session: simcluster, or the one that BERTH_TEST_KUBECONFIG names. The tests are the same."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator

import pytest

from cluster import reads
from cluster.connection import Connection
from cluster.gateway import Gateway
from cluster.specs import ContainerDefaults, Limits, NamespaceSpec, Owner

from .faulty import Faults, FaultyProxy

SPEED = 20.0
"""How much faster than a real kubelet simcluster lets its pods live."""

MIB = 1024**2


@pytest.fixture(scope="session")
def connection() -> Iterator[Connection]:
    """The connection to the API server under test."""
    named = os.environ.get("BERTH_TEST_KUBECONFIG")
    if named:
        real = Connection("test", kubeconfig=named)
        yield real
        real.close()
        return
    from simcluster.server import SimCluster  # noqa: PLC0415  the real cluster's run needs none

    server = SimCluster(speed=SPEED)
    server.start()
    simulated = Connection("test", server=server.url)
    yield simulated
    simulated.close()
    server.stop()


@pytest.fixture(scope="session")
def gateway(connection: Connection) -> Gateway:
    return Gateway(connection)


@pytest.fixture
def new_spec(connection: Connection) -> Iterator[Callable[..., NamespaceSpec]]:
    """Specs of namespaces that do not exist yet; whatever stands under their names is deleted after the test."""
    made: list[str] = []

    def make(*, namespace_id: str = "7", operation: str = "op-1", cpu: int = 4000) -> NamespaceSpec:
        name = f"d1-{secrets.token_hex(4)}"
        made.append(name)
        return NamespaceSpec(
            name=name,
            owner=Owner(team="demo", namespace_id=namespace_id, operation=operation),
            limits=Limits(cpu=cpu, memory=4096 * MIB, storage=10240 * MIB, pods=20, claims=5, services=10, secrets=20),
            defaults=ContainerDefaults(
                request_cpu=50,
                request_memory=64 * MIB,
                limit_memory=64 * MIB,
                max_cpu=8000,
                max_memory=2048 * MIB,
            ),
        )

    yield make
    for name in made:
        if reads.metadata(connection.sync, "Namespace", None, name):
            connection.sync.call("DELETE", f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def home(connection: Connection, gateway: Gateway) -> Iterator[NamespaceSpec]:
    """A provisioned namespace that the tests of one module share: their objects have names of their own."""
    spec = NamespaceSpec(
        name=f"d1-home-{secrets.token_hex(3)}",
        owner=Owner(team="demo", namespace_id="1", operation="op-home"),
        limits=Limits(cpu=4000, memory=4096 * MIB, storage=10240 * MIB, pods=20, claims=5, services=10, secrets=20),
        defaults=ContainerDefaults(
            request_cpu=50, request_memory=64 * MIB, limit_memory=64 * MIB, max_cpu=2000, max_memory=2048 * MIB
        ),
    )
    assert gateway.provision_namespace(spec).ready
    yield spec
    gateway.delete_namespace(spec.name, namespace_id="1")


@pytest.fixture
def faulty(connection: Connection) -> Iterator[tuple[Gateway, Faults]]:
    """A gateway whose way to the API server can be broken on command."""
    with FaultyProxy(connection) as proxy:
        broken = Connection("faulty", server=proxy.url, timeout=2.0)
        yield Gateway(broken), proxy.faults
        broken.close()
