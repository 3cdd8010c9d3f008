"""The gateway when the cluster misbehaves: nothing lost, nothing doubled, every call ends in time."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from dataclasses import replace

import pytest

from cluster import reads
from cluster.connection import Connection
from cluster.errors import Conflict, NameTaken, NotFound, Throttled, Unauthorized, Unavailable
from cluster.gateway import Gateway
from cluster.specs import AppSpec, NamespaceSpec, Owner, SecretSpec

from . import specs
from .faulty import Faults

Broken = tuple[Gateway, Faults]


@pytest.fixture
def spec(home: NamespaceSpec) -> AppSpec:
    return specs.app(name=f"app-{secrets.token_hex(3)}", namespace=home.name, owner=home.owner, replicas=0)


@pytest.fixture
def version(home: NamespaceSpec) -> SecretSpec:
    secret = f"sec-{secrets.token_hex(3)}"
    owner = Owner(home.owner.team, home.owner.namespace_id, "op-secret")
    return SecretSpec(f"{secret}-v1", secret, home.name, owner, 1, values={"key": b"canary"})


@pytest.mark.parametrize("kind", ["lost_reply", "late_error", "error"])
def test_a_creation_with_unknown_outcome_makes_one_object(
    gateway: Gateway, faulty: Broken, version: SecretSpec, kind: str
) -> None:
    broken, faults = faulty
    faults.plan(kind, "POST", status=500)
    broken.create_secret_version(version)
    assert gateway.secret_versions(version.namespace, version.secret) == {1}


def test_a_creation_whose_answer_is_lost_is_looked_for_before_it_is_repeated(
    faulty: Broken, version: SecretSpec
) -> None:
    broken, faults = faulty
    faults.plan("lost_reply", "POST")
    broken.create_secret_version(version)
    assert [method for method, _ in faults.seen] == ["POST", "GET"]


def test_a_foreign_object_is_not_adopted_when_an_answer_is_lost(
    gateway: Gateway, faulty: Broken, version: SecretSpec
) -> None:
    gateway.create_secret_version(replace(version, owner=replace(version.owner, operation="op-other")))
    broken, faults = faulty
    faults.plan("lost_reply", "POST")
    with pytest.raises(NameTaken):
        broken.create_secret_version(version)


@pytest.mark.parametrize("kind", ["lost_reply", "late_error", "error"])
def test_an_apply_with_unknown_outcome_is_repeated(
    connection: Connection, faulty: Broken, spec: AppSpec, kind: str
) -> None:
    broken, faults = faulty
    faults.plan(kind, "PATCH", status=503)
    broken.apply_app(spec)
    assert reads.get(connection.sync, "Deployment", spec.namespace, spec.name)
    assert reads.get(connection.sync, "Service", spec.namespace, spec.name)


def test_an_apply_that_keeps_failing_is_told(faulty: Broken, spec: AppSpec) -> None:
    broken, faults = faulty
    faults.plan("error", "PATCH", times=9, status=500)
    with pytest.raises(Unavailable) as told:
        broken.apply_app(spec)
    assert told.value.status == 500
    assert faults.count("PATCH") == 2


def test_a_conflict_is_read_again_and_applied_again(connection: Connection, faulty: Broken, spec: AppSpec) -> None:
    broken, faults = faulty
    faults.plan("error", "PATCH", times=2, status=409)
    broken.apply_app(spec)
    assert [method for method, _ in faults.seen][:6] == ["GET", "PATCH"] * 3
    assert reads.get(connection.sync, "Deployment", spec.namespace, spec.name)


def test_a_conflict_that_stays_is_told_after_three_tries(faulty: Broken, spec: AppSpec) -> None:
    broken, faults = faulty
    faults.plan("error", "PATCH", times=9, status=409)
    with pytest.raises(Conflict):
        broken.apply_app(spec)
    assert faults.count("PATCH") == 3


def test_an_object_that_was_replaced_meanwhile_is_not_overwritten(
    connection: Connection, faulty: Broken, spec: AppSpec
) -> None:
    """The first look sees ours; by the time of the apply somebody else's stands there."""
    broken, faults = faulty
    broken.apply_app(spec)

    def replace_it() -> None:
        path = f"/apis/apps/v1/namespaces/{spec.namespace}/deployments"
        connection.sync.call("DELETE", f"{path}/{spec.name}", body={"propagationPolicy": "Background"})
        manifest = broken.preview(spec)[0]
        foreign = {**manifest, "metadata": {"name": spec.name}}
        deadline = time.monotonic() + 20
        while reads.metadata(connection.sync, "Deployment", spec.namespace, spec.name):
            assert time.monotonic() < deadline
        connection.sync.call("POST", path, body=foreign)

    faults.before("PATCH", replace_it)
    with pytest.raises(NameTaken):
        broken.apply_app(spec)
    standing = reads.metadata(connection.sync, "Deployment", spec.namespace, spec.name)
    assert standing is not None
    assert "labels" not in standing


def test_a_throttled_call_waits_and_goes_through(faulty: Broken) -> None:
    broken, faults = faulty
    faults.plan("error", "GET", status=429, retry_after="1")
    before = time.monotonic()
    broken.info()
    assert 1.0 <= time.monotonic() - before < 3.0


def test_a_long_throttling_is_told_with_its_seconds(faulty: Broken) -> None:
    broken, faults = faulty
    faults.plan("error", "GET", status=429, retry_after="30")
    with pytest.raises(Throttled) as told:
        broken.info()
    assert told.value.retry_after == 30.0
    assert faults.count("GET") == 1


def test_throttling_without_end_is_told_within_the_calls_patience(faulty: Broken) -> None:
    broken, faults = faulty
    faults.plan("error", "GET", times=99, status=429, retry_after="1")
    before = time.monotonic()
    with pytest.raises(Throttled):
        broken.info()
    assert time.monotonic() - before < 7.0


@pytest.mark.parametrize("retry_after", ["soon", "-5", "nan", "inf"])
def test_a_retry_after_that_is_nonsense_does_not_hang(faulty: Broken, retry_after: str) -> None:
    broken, faults = faulty
    faults.plan("error", "GET", status=429, retry_after=retry_after)
    broken.info()
    assert faults.count("GET") > 1


def test_a_server_that_says_nothing_is_given_up_in_time(faulty: Broken) -> None:
    broken, faults = faulty
    faults.plan("hang", "GET")
    before = time.monotonic()
    with pytest.raises(Unavailable) as told:
        broken.info()
    assert told.value.reason == "Timeout"
    assert time.monotonic() - before < 8.0  # the deadline of this connection is 2 s, of others 10 s


def test_a_creation_that_timed_out_is_looked_for_and_else_told(
    gateway: Gateway, faulty: Broken, version: SecretSpec
) -> None:
    broken, faults = faulty
    faults.plan("hang", "POST")
    with pytest.raises(Unavailable):
        broken.create_secret_version(version)
    assert [method for method, _ in faults.seen] == ["POST", "GET"]
    assert gateway.secret_versions(version.namespace, version.secret) == set()


def test_a_server_that_is_gone_is_told_at_once() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gone = Gateway(Connection("gone", server=f"http://127.0.0.1:{port}"))
    before = time.monotonic()
    with pytest.raises(Unavailable):
        gone.info()
    assert time.monotonic() - before < 3.0  # the deadline for connecting


def test_a_dripping_server_is_given_up_in_time() -> None:
    """Half-open: every byte comes in time, the answer never does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()

        def drip() -> None:
            client, _ = listener.accept()
            with client:
                client.recv(4096)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                while not stop.wait(0.05):
                    try:
                        client.sendall(b" ")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        connection = Connection("drip", server=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.3)
        with pytest.raises(Unavailable) as told:
            Gateway(connection).info()
        stop.set()
        thread.join()
        connection.close()
    assert told.value.reason == "Timeout"


def test_refused_credentials_are_read_again_once(faulty: Broken) -> None:
    broken, faults = faulty
    faults.plan("error", "GET", status=401)
    assert broken.info().version
    faults.plan("error", "GET", times=2, status=401)
    with pytest.raises(Unauthorized):
        broken.info()


def test_a_page_of_a_proxy_is_an_error_with_its_text(faulty: Broken) -> None:
    broken, faults = faulty
    faults.plan("error", "GET", times=2, status=502)
    with pytest.raises(Unavailable, match="planned 502"):
        broken.info()


def test_a_deletion_whose_answer_is_lost_is_done(gateway: Gateway, faulty: Broken, version: SecretSpec) -> None:
    gateway.create_secret_version(version)
    broken, faults = faulty
    faults.plan("lost_reply", "DELETE")
    broken.delete_secret_versions(version.namespace, version.secret, keep=())
    assert gateway.secret_versions(version.namespace, version.secret) == set()


def test_a_deletion_never_meets_the_objects_successor(
    connection: Connection, gateway: Gateway, faulty: Broken, version: SecretSpec
) -> None:
    gateway.create_secret_version(version)
    broken, faults = faulty

    def replace_it() -> None:
        gateway.delete_secret_versions(version.namespace, version.secret, keep=())
        gateway.create_secret_version(version)

    faults.before("DELETE", replace_it)
    broken.delete_secret_versions(version.namespace, version.secret, keep=())
    assert gateway.secret_versions(version.namespace, version.secret) == {1}


def test_many_threads_share_a_gateway(gateway: Gateway) -> None:
    versions: list[str] = []
    threads = [threading.Thread(target=lambda: versions.append(gateway.info().version)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(versions) == 16


def test_what_is_not_found_is_told(connection: Connection) -> None:
    with pytest.raises(NotFound) as told:
        connection.sync.call("GET", "/api/v1/namespaces/d1-nowhere")
    assert told.value.status == 404
