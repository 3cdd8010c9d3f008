"""The informer against faults: cuts, expired history, silence, refusals. And against the API server under test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from cluster import names, paths
from cluster.connection import Connection
from cluster.watch import Change, Informer

from .scripted import Api, listed, pod, refused, serving


class Seen:
    """The changes that an informer told, to be awaited."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self._news = asyncio.Event()

    def __call__(self, change: Change) -> None:
        self.changes.append(change)
        self._news.set()

    def told(self) -> list[tuple[str, str]]:
        return [(change.type, change.name) for change in self.changes]

    async def until(self, wanted: Callable[[Change], bool], *, count: int = 1) -> Change:
        async with asyncio.timeout(20):
            while True:
                found = [change for change in self.changes if wanted(change)]
                if len(found) >= count:
                    return found[count - 1]
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def informed(
    connection: Connection, kinds: Iterable[str] = ("Pod",), **options: Any
) -> AsyncIterator[tuple[Informer, Seen]]:
    seen = Seen()
    informer = Informer(connection, kinds, on_change=seen, **options)
    task = asyncio.create_task(informer.run())
    try:
        yield informer, seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    """Waits for what no change tells."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def is_(type_: str, name: str = "") -> Callable[[Change], bool]:
    return lambda change: change.type == type_ and change.name == name


def names_of(informer: Informer) -> list[str]:
    return sorted(found.name for found in informer.objects("Pod", "a"))


async def test_a_list_fills_the_cache_and_a_watch_goes_on_from_it() -> None:
    api = Api(listed("7", pod("one", "5")))
    async with serving(api) as connection, informed(connection) as (informer, seen):
        watch = await api.watches.get()
        assert informer.synced.is_set()
        assert watch.since == "7"
        assert seen.told() == [("ADDED", "one"), ("SYNCED", "")]
        await watch.send("ADDED", pod("two", "8"))
        await watch.send("MODIFIED", pod("one", "9"))
        changed = await seen.until(is_("MODIFIED", "one"))
        assert (changed.old.metadata.resource_version, changed.object.metadata.resource_version) == ("5", "9")
        await watch.send("DELETED", pod("one", "10"))
        await seen.until(is_("DELETED", "one"))
        assert names_of(informer) == ["two"]
        watch.end()


async def test_a_list_of_several_pages_is_whole() -> None:
    api = Api(listed("7", pod("one", "5"), more="go on"), listed("7", pod("two", "6")))
    async with serving(api) as connection, informed(connection) as (informer, _):
        (await api.watches.get()).end()
        assert names_of(informer) == ["one", "two"]


async def test_a_watch_that_was_cut_is_taken_up_where_it_stopped() -> None:
    api = Api(listed("7"))
    async with serving(api) as connection, informed(connection) as (informer, seen):
        watch = await api.watches.get()
        await watch.send("ADDED", pod("one", "8"))
        await seen.until(is_("ADDED", "one"))
        watch.cut()
        again = await api.watches.get()
        assert (again.since, api.listed) == ("8", 1)
        assert names_of(informer) == ["one"]
        again.end()


async def test_a_bookmark_moves_the_place_to_go_on_from() -> None:
    api = Api(listed("7"))
    async with serving(api) as connection, informed(connection):
        watch = await api.watches.get()
        await watch.send("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": "99"}})
        await watch.send("ADDED", pod("one", "100"))
        await watch.send("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": "101"}})
        await asyncio.sleep(0)
        watch.end()
        again = await api.watches.get()
        assert again.since == "101"
        again.end()


async def test_half_an_event_is_not_an_event() -> None:
    api = Api(listed("7"))
    async with serving(api) as connection, informed(connection) as (informer, seen):
        watch = await api.watches.get()
        await watch.send("ADDED", pod("one", "8"))
        await watch.write(b'{"type":"DELETED","object":{"metadata":{"name":"one","namespace":"a"')
        await seen.until(is_("ADDED", "one"))
        watch.cut()
        (await api.watches.get()).end()
        assert names_of(informer) == ["one"]


async def test_expired_history_means_list_again_without_ghosts_or_missed_deletions() -> None:
    api = Api(listed("7", pod("one", "5"), pod("two", "6")), listed("20", pod("two", "6"), pod("three", "15")))
    async with serving(api) as connection, informed(connection) as (informer, seen):
        watch = await api.watches.get()
        await watch.send(
            "ERROR", {"kind": "Status", "metadata": {}, "status": "Failure", "code": 410, "reason": "Expired"}
        )
        again = await api.watches.get()
        assert again.since == "20"
        assert names_of(informer) == ["three", "two"]
        assert seen.told()[3:] == [("DELETED", "one"), ("ADDED", "three"), ("SYNCED", "")]
        again.end()


async def test_expired_history_as_an_http_status_means_list_again() -> None:
    watches = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal watches
        if "watch" in request.query:
            watches += 1
            if watches == 1:
                return web.json_response({"kind": "Status", "code": 410, "message": "too old"}, status=410)
        return await api(request)

    api = Api(listed("7"))
    async with serving(handler) as connection, informed(connection):
        (await api.watches.get()).end()
        assert api.listed == 2


async def test_a_silent_watch_is_taken_for_dead_and_all_is_listed_again() -> None:
    api = Api(listed("7", pod("one", "5")), listed("9"))
    async with serving(api) as connection, informed(connection, silence=0.2) as (informer, seen):
        await api.watches.get()
        await seen.until(is_("DELETED", "one"))
        assert names_of(informer) == []
        assert api.listed >= 2


async def test_while_the_server_refuses_the_cache_stays_and_the_health_says_why() -> None:
    one = pod("one", "5")
    api = Api(listed("7", one), refused(403, "pods is forbidden"), listed("9", one))
    async with serving(api) as connection, informed(connection) as (informer, seen):
        watch = await api.watches.get()
        await until(lambda: informer.health()["Pod"].connected)
        before = informer.health()["Pod"].last_contact
        await watch.send("ERROR", {"kind": "Status", "code": 410})
        await until(lambda: informer.health()["Pod"].error == "pods is forbidden")
        health = informer.health()["Pod"]
        assert (health.synced, health.connected, health.last_contact) == (True, False, before)
        assert names_of(informer) == ["one"]
        await seen.until(is_("SYNCED"), count=2)
        (await api.watches.get()).end()
        assert informer.health()["Pod"].error == ""


async def test_a_listener_that_fails_does_not_stop_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    api = Api(listed("7"))

    def failing(_: Change) -> None:
        raise RuntimeError("listener")

    async with serving(api) as connection:
        informer = Informer(connection, ("Pod",), on_change=failing)
        task = asyncio.create_task(informer.run())
        watch = await api.watches.get()
        await watch.send("ADDED", pod("one", "8"))
        await until(lambda: bool(names_of(informer)))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert "listener failed on ADDED Pod a/one" in caplog.text


def event(name: str, version: str, about: str, namespace: str = "ours") -> dict[str, Any]:
    return {**pod(name, version, namespace), "involvedObject": {"kind": "Pod", "name": about}, "reason": "BackOff"}


async def test_events_are_held_of_managed_namespaces_only_and_the_newest_of_each_object() -> None:
    spaces = Api(listed("3", {"metadata": {"name": "ours", "resourceVersion": "1"}}))
    many = [event(f"e{i:02}", str(100 + i), "crashing") for i in range(30)]
    events = Api(listed("200", *many, event("quiet", "50", "calm"), event("theirs", "60", "x", "kube-system")))

    async def handler(request: web.Request) -> web.StreamResponse:
        return await (events if request.path.endswith("/events") else spaces)(request)

    async with serving(handler) as connection, informed(connection, ("Event",)) as (informer, seen):
        await informer.synced.wait()
        held = sorted(found.name for found in informer.objects("Event", "ours"))
        assert held == [f"e{i:02}" for i in range(10, 30)] + ["quiet"]
        assert informer.objects("Event", "kube-system") == []
        assert {change.kind for change in seen.changes} == {"Event"}
        for api in (spaces, events):
            (await api.watches.get()).end()


async def test_whole_objects_keep_unknown_fields_but_no_notes_of_field_managers() -> None:
    found = pod("one", "5")
    found["spec"] = {"odd": 1}
    found["metadata"]["managedFields"] = [{"manager": "x"}]
    api = Api(listed("7", found))
    async with serving(api) as connection, informed(connection, raw=True) as (informer, _):
        (await api.watches.get()).end()
        one = informer.get("Pod", "a", "one")
        assert one is not None
        assert one["spec"] == {"odd": 1}
        assert "managedFields" not in one["metadata"]


async def test_what_stands_in_the_cluster_is_seen_and_what_goes_is_forgotten(connection: Connection, home: Any) -> None:
    labels = {names.LABEL_MANAGED_BY: names.FIELD_MANAGER, names.LABEL_APP: "watched"}
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "watched", "labels": labels},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    kinds = ("PersistentVolumeClaim", "Namespace")
    try:
        async with informed(connection, kinds) as (informer, seen):
            await asyncio.wait_for(informer.synced.wait(), 20)
            assert informer.get("Namespace", "", home.name) is not None
            await asyncio.to_thread(
                connection.sync.call, "POST", paths.collection("PersistentVolumeClaim", home.name), body=claim
            )
            added = await seen.until(lambda change: change.type == "ADDED" and change.name == "watched")
            assert (added.namespace, added.object.labels[names.LABEL_APP]) == (home.name, "watched")
            await asyncio.to_thread(
                connection.sync.call, "DELETE", paths.item("PersistentVolumeClaim", home.name, "watched")
            )
            await seen.until(is_("DELETED", "watched"))
            assert informer.get("PersistentVolumeClaim", home.name, "watched") is None
    finally:
        await connection.close_aio()
