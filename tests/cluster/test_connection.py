"""Connections: from settings to an API server, with fresh credentials, for threads, loops and forks."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from cluster.calls import refusal
from cluster.connection import Connection, connect
from cluster.errors import (
    ClusterError,
    Conflict,
    Expired,
    Invalid,
    NotFound,
    PolicyRefused,
    QuotaExceeded,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
)
from cluster.gateway import Gateway


@pytest.mark.parametrize("config", [{}, {"server": "http://a", "in_cluster": True}, {"server": "http://a", "tls": 0}])
def test_settings_that_do_not_say_where_fail_loudly(config: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="'eu'"):
        connect("eu", config)


def write_kubeconfig(path: Path, server: str, *, token: str, insecure: bool = False) -> str:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": server, "insecure-skip-tls-verify": insecure}}],
        "users": [{"name": "a", "user": {"token": token}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
    }
    path.write_text(json.dumps(config))
    return str(path)


@pytest.mark.parametrize(
    ("server", "insecure", "verifies"),
    [("https://a", False, True), ("https://a", True, False), ("http://a", False, False)],
)
def test_unverified_tls_is_known(tmp_path: Path, server: str, insecure: bool, verifies: bool) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", server, token="x", insecure=insecure)
    assert Connection("eu", kubeconfig=kubeconfig).verifies_tls is verifies


class Guard(ThreadingHTTPServer):
    """Lets in who carries `token`, and answers a version."""

    daemon_threads = True
    token = "new"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), GuardHandler)
        self.asked: list[str] = []
        self.page = b""


class GuardHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Guard

    def do_GET(self) -> None:
        sent = self.headers.get("Authorization", "")
        self.server.asked.append(sent)
        welcome = sent == f"Bearer {self.server.token}" or bool(self.server.page)
        body = orjson.dumps({"gitVersion": "v1.0", "items": []} if welcome else {"message": "Unauthorized"})
        body = self.server.page or body
        self.send_response(200 if welcome else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def guard() -> Iterator[Guard]:
    with Guard() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_page_instead_of_an_object_is_no_cluster(guard: Guard) -> None:
    connection = Connection("eu", server=f"http://127.0.0.1:{guard.server_port}/")
    guard.page = b"<html>Please sign in</html>"
    with pytest.raises(Unavailable, match="Please sign in"):
        Gateway(connection).info()
    connection.close()


def test_an_expired_token_is_read_again_once(tmp_path: Path, guard: Guard) -> None:
    url = f"http://127.0.0.1:{guard.server_port}"
    kubeconfig = write_kubeconfig(tmp_path / "config", url, token="new")
    connection = Connection("eu", kubeconfig=kubeconfig)
    assert connection.sync.json("GET", "/version")["gitVersion"] == "v1.0"
    guard.token = "newer"
    write_kubeconfig(tmp_path / "config", url, token="newer")
    assert connection.sync.json("GET", "/version")["gitVersion"] == "v1.0"
    assert guard.asked == ["Bearer new", "Bearer new", "Bearer newer"]
    connection.close()


def test_a_token_that_stays_refused_is_told(tmp_path: Path, guard: Guard) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "config", f"http://127.0.0.1:{guard.server_port}", token="old")
    connection = Connection("eu", kubeconfig=kubeconfig)
    with pytest.raises(Unauthorized):
        connection.sync.call("GET", "/version")
    assert len(guard.asked) == 2
    connection.close()


async def test_a_loop_has_one_client_for_its_streams(connection: Connection) -> None:
    first, second = await asyncio.gather(connection.aio(), connection.aio())
    assert first is second
    answer = await first.rest_client.request("GET", first.configuration.host + "/version")
    assert b"gitVersion" in await answer.read()
    await connection.close_aio()


async def test_a_renewed_client_is_another_one(connection: Connection) -> None:
    first = await connection.aio()
    assert await connection.renew_aio() is not first
    await connection.close_aio()


def test_two_loops_have_a_client_each(connection: Connection) -> None:
    async def client() -> object:
        found = await connection.aio()
        await connection.close_aio()
        return found

    assert asyncio.run(client()) is not asyncio.run(client())


def test_a_forked_worker_opens_connections_of_its_own(connection: Connection) -> None:
    before = connection.sync
    child = os.fork()
    if not child:
        fresh = connection.sync is not before and bool(Gateway(connection).info().version)
        os._exit(0 if fresh else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert connection.sync is before
    assert Gateway(connection).info().version


def test_connections_are_kept_alive(connection: Connection) -> None:
    gateway = Gateway(connection)
    gateway.info()
    pools = connection.sync._current().rest.pool_manager.pools
    (pool,) = (pools[key] for key in pools.keys())  # noqa: SIM118  it is no dict
    before = pool.num_connections
    for _ in range(5):
        gateway.info()
    assert pool.num_connections == before


QUOTA = 'pods "a" is forbidden: exceeded quota: berth, requested: pods=1, used: pods=20, limited: pods=20'
PRIVILEGED = 'pods "a" is forbidden: violates PodSecurity "restricted:latest": privileged'
ADMISSION = "ValidatingAdmissionPolicy 'berth' with binding 'berth' denied request: not here"
RIGHTS = 'pods is forbidden: User "a" cannot create resource "pods" in API group "" in the namespace "b"'


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (400, "bad", Invalid),
        (401, "Unauthorized", Unauthorized),
        (403, QUOTA, QuotaExceeded),
        (403, PRIVILEGED, PolicyRefused),
        (422, ADMISSION, PolicyRefused),
        (403, RIGHTS, Refused),
        (404, "gone", NotFound),
        (405, "no", Refused),
        (409, "changed", Conflict),
        (410, "too old resource version", Expired),
        (415, "media", Invalid),
        (422, "no", Invalid),
        (429, "slow down", Throttled),
        (500, "oops", Unavailable),
        (503, "later", Unavailable),
        (504, "timeout", Unavailable),
    ],
)
def test_every_answer_has_its_error(status: int, message: str, error: type[ClusterError]) -> None:
    body = orjson.dumps({"kind": "Status", "message": message, "reason": "Why"})
    found = refusal(status, body, {})
    assert type(found) is error
    assert (found.message, found.status, found.reason) == (message, status, "Why")


def test_an_invalid_answer_names_its_fields() -> None:
    causes = [{"field": "spec.replicas", "message": "must be positive", "reason": "FieldValueInvalid"}]
    found = refusal(422, orjson.dumps({"message": "no", "details": {"causes": causes}}), {})
    assert isinstance(found, Invalid)
    assert found.causes == {"spec.replicas": "must be positive"}


def test_a_namespace_that_is_going_is_a_reason_of_its_own() -> None:
    causes = [{"reason": "NamespaceTerminating", "message": "namespace a is being terminated"}]
    found = refusal(403, orjson.dumps({"message": "no", "reason": "Forbidden", "details": {"causes": causes}}), {})
    assert (type(found), found.reason) == (Refused, "NamespaceTerminating")


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"[]", b'{"details": "x"}', b"\xff"])
def test_an_answer_that_is_no_status_is_an_error_all_the_same(body: bytes) -> None:
    assert type(refusal(502, body, {})) is Unavailable
