"""What only running containers can show: who reaches whom, and that text and secrets arrive as they were given."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cluster import reads
from cluster.connection import Connection
from cluster.errors import Invalid
from cluster.gateway import Gateway
from cluster.paths import item
from cluster.specs import (
    AppSpec,
    HealthCheck,
    NamespaceSpec,
    SecretFiles,
    SecretRef,
    SecretSpec,
    VolumeMount,
    VolumeSpec,
)

from . import specs
from .specs import MIB

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif("BERTH_TEST_KUBECONFIG" not in os.environ, reason="simcluster runs no containers"),
]

BUSYBOX = "10.89.0.1:5000/busybox:1.35"


@pytest.fixture
def run(connection: Connection, gateway: Gateway) -> Iterator[Callable[..., str]]:
    """Runs a shell line in an app of its own and answers what it wrote, once it wrote `done`."""
    started: list[AppSpec] = []

    def run_it(home: NamespaceSpec, line: str, **changes: object) -> str:
        spec = replace(
            specs.app(name=f"run-{secrets.token_hex(3)}", namespace=home.name, owner=home.owner, image=BUSYBOX),
            port=None,
            command=("sh", "-c", f"{line}; echo done; sleep 600"),
            **changes,  # type: ignore[arg-type]
        )
        started.append(spec)
        gateway.apply_app(spec)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for pod in reads.metadatas(connection.sync, "Pod", home.name, selector=f"berth.dev/app={spec.name}"):
                path = item("Pod", home.name, pod["name"], "log")
                try:
                    log = connection.sync.call("GET", path, query={"tailLines": "50"}, accept="application/json, */*")
                except Invalid:
                    continue  # its container did not start yet
                lines = log.decode().splitlines()
                if lines and lines[-1] == "done":
                    return "\n".join(lines[:-1])
            time.sleep(0.2)
        raise AssertionError(f"{line!r} never got done")

    yield run_it
    for spec in started:
        gateway.delete_app(spec.namespace, spec.name)


@pytest.fixture(scope="module")
def server(connection: Connection, gateway: Gateway, home: NamespaceSpec) -> Iterator[AppSpec]:
    """A web server that is ready, in the shared namespace."""
    spec = specs.app(name="server", namespace=home.name, owner=home.owner, health=HealthCheck("http", "/", period=1))
    gateway.apply_app(spec)
    deadline = time.monotonic() + 60
    while True:
        found = reads.get(connection.sync, "Deployment", home.name, "server")
        if found and found.get("status", {}).get("readyReplicas"):
            break
        assert time.monotonic() < deadline
        time.sleep(0.2)
    yield spec
    gateway.delete_app(home.name, "server")


def ask(connection: Connection, server: AppSpec) -> str:
    """A shell line that resolves the app's name, then fetches its page by the address behind the name."""
    service = reads.get(connection.sync, "Service", server.namespace, server.name)
    assert service is not None
    address = service["spec"]["clusterIP"]
    name = f"{server.name}.{server.namespace}.svc.cluster.local"
    fetch = f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 {address} {server.port}"
    return f"nslookup {name} | grep -F {address}; {fetch} 2>&1; echo ended with $?"


def test_neighbors_in_the_namespace_reach_an_app_by_its_name(
    connection: Connection, run: Callable[..., str], home: NamespaceSpec, server: AppSpec
) -> None:
    found = run(home, ask(connection, server))
    assert "Address" in found
    assert "hello" in found


def test_another_namespace_does_not_reach_an_app(
    *,
    connection: Connection,
    run: Callable[..., str],
    gateway: Gateway,
    new_spec: Callable[..., NamespaceSpec],
    server: AppSpec,
) -> None:
    stranger = new_spec(namespace_id="99")
    gateway.provision_namespace(stranger)
    found = run(stranger, ask(connection, server))
    assert "Address" in found  # the name is no secret, and DNS works
    assert "hello" not in found
    assert "timed out" in found


def test_text_reaches_the_process_as_it_was_typed(run: Callable[..., str], home: NamespaceSpec) -> None:
    typed = "$(HOME) $$ $(PATH $ \u2028 \x7f \U0001f6a2 'x' \\n"
    assert run(home, 'printf "%s\\n" "$TYPED"', env={"TYPED": typed}) == typed


def test_shell_lines_keep_their_dollars(run: Callable[..., str], home: NamespaceSpec) -> None:
    assert run(home, 'A=$(echo inner); echo "$A"') == "inner"


def test_secrets_and_volumes_reach_the_process(run: Callable[..., str], gateway: Gateway, home: NamespaceSpec) -> None:
    name = f"db-{secrets.token_hex(3)}"
    values = {"key": b"from a secret"}
    gateway.create_secret_version(SecretSpec(f"{name}-v1", name, home.name, home.owner, 1, values=values))
    gateway.apply_volume(VolumeSpec(name, home.name, home.owner, 20 * MIB))
    ref = SecretRef(f"{name}-v1", "key")
    found = run(
        home,
        'echo "$HIDDEN"; cat /run/db/key; echo; echo kept > /data/file && cat /data/file; id -G',
        secret_env={"HIDDEN": ref},
        secret_files=(SecretFiles("db", "/run/db", (ref,)),),
        volumes=(VolumeMount(name, "/data"),),
    )
    lines = found.split("\n")
    assert lines[:3] == ["from a secret", "from a secret", "kept"]
    assert "65532" in lines[3].split()
