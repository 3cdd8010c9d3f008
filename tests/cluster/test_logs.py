"""Log streams: bytes to lines, cuts that lose and double nothing, and a real container's log."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from cluster import paths
from cluster.connection import Connection
from cluster.errors import Invalid, NotFound, Unavailable
from cluster.logs import LINE_BYTES, Line, Resumer, Splitter, follow
from cluster.manifests import app as app_manifests
from cluster.specs import AppSpec, HealthCheck, NamespaceSpec

from .scripted import serving

SECOND = 1_000_000_000
START = 1_790_000_000 * SECOND
MIB = 1024**2


def stamped(ns: int, text: str) -> bytes:
    moment = datetime.fromtimestamp(ns // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{moment}.{ns % SECOND:09}Z {text}\n".encode()


# -- bytes to lines


def test_lines_are_the_same_however_the_bytes_arrive() -> None:
    data = b"".join(stamped(START + i * 777, f"line {i} é") for i in range(50))
    whole = Splitter().feed(data)
    assert [line.text for line in whole] == [f"line {i} é" for i in range(50)]
    assert [line.ns for line in whole] == [START + i * 777 for i in range(50)]
    for size in (1, 7, 64, 1000):
        splitter = Splitter()
        found = [line for i in range(0, len(data), size) for line in splitter.feed(data[i : i + size])]
        assert found == whole


@pytest.mark.parametrize(
    ("stamp", "ns"),
    [
        ("2026-11-23T11:14:29.000000001Z", 1795432469 * SECOND + 1),
        ("2026-11-23T12:14:29.5+01:00", 1795432469 * SECOND + 500_000_000),
        ("2026-11-23T11:14:29Z", 1795432469 * SECOND),
    ],
)
def test_timestamps_of_any_zone_and_precision_are_read(stamp: str, ns: int) -> None:
    assert Splitter().feed(f"{stamp} x\n".encode()) == [Line(ns, "x")]


@pytest.mark.parametrize("size", [100, 1000, 1 << 20])
def test_a_long_line_is_cut_between_characters_and_says_by_how_much(size: int) -> None:
    data = stamped(START, "é" * 20_000) + stamped(START + 1, "next")
    splitter = Splitter()
    long, after = [line for i in range(0, len(data), size) for line in splitter.feed(data[i : i + size])]
    assert len(long.text.encode()) == LINE_BYTES
    assert long.text.endswith("é")
    assert len(long.text.encode()) + long.cut == 40_000
    assert after == Line(START + 1, "next")


def test_bytes_that_are_no_utf8_are_replaced() -> None:
    (line,) = Splitter().feed(stamped(START, "?").replace(b"?", b"a\xffb"))
    assert line.text == "a�b"


def test_an_empty_line_is_a_line() -> None:
    assert Splitter().feed(stamped(START, "")) == [Line(START, "")]


def test_lines_before_the_wanted_instant_are_left_out() -> None:
    data = b"".join(stamped(START + i, str(i)) for i in range(5))
    assert [line.text for line in Splitter(START + 3).feed(data)] == ["3", "4"]


def test_a_log_that_is_gone_is_an_error_and_not_a_line() -> None:
    with pytest.raises(NotFound):
        Splitter().feed(b"unable to retrieve container logs for containerd://abc\n")


def test_a_node_without_watchers_is_an_error_and_not_a_line() -> None:
    with pytest.raises(Unavailable):
        Splitter().feed(b"failed to create fsnotify watcher: too many open files\n")


# -- resuming


def test_a_re_read_gives_only_what_is_new() -> None:
    lines = [Line(START + i * SECOND // 4, f"l{i}") for i in range(12)]
    sieve = Resumer()
    assert list(sieve.fresh(lines[:8])) == lines[:8]
    since = sieve.since_ns()
    assert since == lines[7].ns - SECOND
    sieve.reopened()
    again = [line for line in lines if line.ns >= since]
    assert list(sieve.fresh(again)) == lines[8:]


def test_equal_lines_of_one_instant_are_counted_not_merged() -> None:
    twice = [Line(START, "same"), Line(START, "same")]
    sieve = Resumer()
    assert list(sieve.fresh(twice)) == twice
    sieve.reopened()
    assert list(sieve.fresh([*twice, Line(START, "same")])) == [Line(START, "same")]


def test_a_line_that_comes_late_with_an_older_timestamp_is_kept() -> None:
    sieve = Resumer()
    list(sieve.fresh([Line(START + 100, "out")]))
    sieve.reopened()
    assert list(sieve.fresh([Line(START + 100, "out"), Line(START + 50, "err")])) == [Line(START + 50, "err")]


def test_nothing_is_asked_since_an_instant_before_the_first_line() -> None:
    assert Resumer().since_ns() is None


class CutLog:
    """A container's log behind a server that breaks off in mid-line, at random places, `cuts` times."""

    def __init__(self, lines: list[bytes], cuts: int, seed: int) -> None:
        self.lines = lines
        self.cuts = cuts
        self.random = random.Random(seed)
        self.asked: list[dict[str, str]] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        since = request.query.get("sinceTime", "").encode()
        data = b"".join(line for line in self.lines if line[: len(since) - 1] >= since[:-1])
        response = web.StreamResponse()
        await response.prepare(request)
        if self.cuts:
            self.cuts -= 1
            await response.write(data[: self.random.randint(1, min(len(data), 40_000))])
            await asyncio.sleep(0.001)
            if self.random.random() < 0.5 and request.transport is not None:
                request.transport.abort()
            return response
        await response.write(data)
        return response


@pytest.mark.parametrize("seed", range(3))
async def test_forty_cuts_lose_and_double_nothing(seed: int) -> None:
    chance = random.Random(seed)
    moments = [START + i * 2_000_000 + chance.randint(-3_000_000, 3_000_000) for i in range(5000)]
    lines = [stamped(ns, f"line {i}" if i % 10 else "same") for i, ns in enumerate(moments)]
    log = CutLog(lines, 40, seed)
    sieve, got = Resumer(), []
    async with serving(log) as connection:
        while True:
            try:
                async for line in follow(connection, "a", "p", "web", since_ns=sieve.since_ns()):
                    got += list(sieve.fresh([line]))
            except Unavailable:
                pass
            sieve.reopened()
            if len(log.asked) > 40:
                break
    assert [line.text for line in got] == [f"line {i}" if i % 10 else "same" for i in range(5000)]
    assert all("tailLines" not in query for query in log.asked)
    assert len(log.asked) == 41


async def test_half_a_line_at_the_end_of_a_followed_stream_is_left_for_the_next_read() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(body=stamped(START, "whole") + stamped(START + 1, "half")[:-1])

    async with serving(handler) as connection:
        assert [line.text async for line in follow(connection, "a", "p", "web")] == ["whole"]
        assert [line.text async for line in follow(connection, "a", "p", "web", follow=False)] == ["whole", "half"]


async def test_tail_and_since_exclude_each_other() -> None:
    connection = Connection("nowhere", server="http://127.0.0.1:9")
    with pytest.raises(ValueError, match="exclude"):
        await anext(follow(connection, "a", "p", "web", tail=5, since_ns=START))


async def test_an_error_of_the_server_is_one_of_ours() -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.json_response({"kind": "Status", "message": "container is waiting to start"}, status=400)

    async with serving(handler) as connection:
        with pytest.raises(Invalid, match="waiting to start"):
            await anext(follow(connection, "a", "p", "web"))


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    connection = Connection("nowhere", server="http://127.0.0.1:9")
    with pytest.raises(Unavailable):
        await anext(follow(connection, "a", "p", "web"))
    await connection.close_aio()


async def test_credentials_are_read_again_once_after_a_401() -> None:
    asked = 0

    async def handler(_: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        if asked == 1:
            return web.json_response({"kind": "Status", "message": "Unauthorized"}, status=401)
        return web.Response(body=stamped(START, "in"))

    async with serving(handler) as connection:
        assert [line.text async for line in follow(connection, "a", "p", "web")] == ["in"]
    assert asked == 2


# -- the API server under test

Run = Callable[..., str]


@pytest.fixture
async def run(connection: Connection, home: NamespaceSpec) -> AsyncIterator[Run]:
    """Starts a pod with these arguments in the shared namespace; answers its name once it has ended or runs."""
    made: list[str] = []

    def start(name: str, *args: str) -> str:
        spec = AppSpec(
            name=name,
            namespace=home.name,
            owner=home.owner,
            release=1,
            generation=1,
            image="10.89.0.1:5000/hello:v1",
            port=None,
            replicas=1,
            cpu=10,
            memory=32 * MIB,
            args=args,
            health=HealthCheck(),
        )
        template = app_manifests.deployment(spec)["spec"]["template"]
        body: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", **template}
        body["metadata"] = {"name": name, "labels": template["metadata"]["labels"]}
        body["spec"]["restartPolicy"] = "Never"
        connection.sync.call("POST", paths.collection("Pod", home.name), body=body)
        made.append(name)
        return name

    yield start
    for name in made:
        connection.sync.call("DELETE", paths.item("Pod", home.name, name), query={"gracePeriodSeconds": "0"})
    await connection.close_aio()


async def first_lines(connection: Connection, namespace: str, pod: str) -> list[Line]:
    """The followed log of a pod's only run, from as soon as there is one."""
    async with asyncio.timeout(60):
        while True:
            try:
                return [line async for line in follow(connection, namespace, pod, "web")]
            except Invalid:
                await asyncio.sleep(0.1)


async def test_a_containers_log_comes_whole_and_in_order(connection: Connection, home: NamespaceSpec, run: Run) -> None:
    pod = await asyncio.to_thread(run, "counts", "count", "2000", "0")
    got = await first_lines(connection, home.name, pod)
    assert [line.text for line in got] == [f"line {i}" for i in range(1, 2001)]
    tail = [line async for line in follow(connection, home.name, pod, "web", tail=10, follow=False)]
    assert tail == got[-10:]
    since = got[1500].ns
    rest = [line async for line in follow(connection, home.name, pod, "web", since_ns=since, follow=False)]
    assert rest == [line for line in got if line.ns >= since]


async def test_a_pod_that_is_not_there_is_not_found(connection: Connection, home: NamespaceSpec) -> None:
    with pytest.raises(NotFound):
        await anext(follow(connection, home.name, "gone", "web"))
    await connection.close_aio()
