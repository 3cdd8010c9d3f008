"""The hub on a real watch: one upstream however many look, and nothing lost by a cut, an expiry or a silent death."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient

from cluster import pulse, watch
from simcluster.server import SimCluster
from tenants.live import hub as hubs
from tenants.live.hub import WATCHED, Hub
from tenants.live.logs.messages import OpenLogs
from tenants.live.logs.places import Caps, Places
from tenants.live.logs.view import LogView
from tenants.models import App, Namespace, Team, User
from tenants.services.tokens import create_token
from tests import factories
from tests.live.cluster import Looker, scale
from tests.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)
VIEWERS = 20


async def look(hub: Hub, user: User, app: App, count: int = 1) -> list[Looker]:
    lookers = [Looker(hub) for _ in range(count)]
    for looker in lookers:
        await looker.subscribe(user, f"app:{app.pk}")
    return lookers


def watches(wire: Wire) -> int:
    return wire.count("GET", "watch=1")


async def test_a_rollout_is_watched_once_for_all_who_look(
    running_app: App,
    watching: Hub,
    wire: Wire,
    simulated: SimCluster,
    alice: User,
) -> None:
    lookers = await look(watching, alice, running_app, VIEWERS)
    await asyncio.gather(*(looker.ready(1) for looker in lookers))
    await asyncio.to_thread(scale, simulated, running_app, 2)
    await asyncio.gather(*(looker.ready(2) for looker in lookers))
    assert watches(wire) == len(WATCHED) + 1  # and one of namespaces: which events are ours


async def test_a_log_is_followed_once_for_all_who_read_it(
    running_app: App,
    watching: Hub,
    wire: Wire,
    alice: User,
) -> None:
    (looker,) = await look(watching, alice, running_app)
    await looker.ready(1)

    async def lines(view: LogView) -> None:
        async for frame in view.frames(asyncio.Queue()):
            if isinstance(frame, str):
                return

    views = [LogView(watching, running_app, user=n, message=OpenLogs(app=running_app.pk)) for n in range(VIEWERS)]
    async with asyncio.timeout(20):
        await asyncio.gather(*map(lines, views))
    assert wire.count("GET", "/log?", "follow=true") == 1
    for view in views:
        view.close()


async def test_a_cut_watch_misses_nothing_and_is_not_called_silence(
    running_app: App,
    watching: Hub,
    wire: Wire,
    simulated: SimCluster,
    alice: User,
) -> None:
    (looker,) = await look(watching, alice, running_app)
    await looker.ready(1)
    before = watches(wire)
    wire.cut()
    await asyncio.to_thread(scale, simulated, running_app, 3)
    await looker.ready(3)
    assert watches(wire) > before
    assert not [message for message in looker.heard if message["type"] == "stale"]


async def test_expired_history_is_listed_again(
    running_app: App,
    watching: Hub,
    wire: Wire,
    simulated: SimCluster,
    alice: User,
) -> None:
    (looker,) = await look(watching, alice, running_app)
    await looker.ready(1)
    lists = wire.count("GET", "/pods?", "limit=")
    simulated.forget_history()
    wire.cut()
    await asyncio.to_thread(scale, simulated, running_app, 2)
    await looker.ready(2)
    assert wire.count("GET", "/pods?", "limit=") > lists


async def test_a_watch_that_died_without_a_word_is_opened_again(
    running_app: App,
    wire: Wire,
    simulated: SimCluster,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "SILENCE", 1.5)
    hub = Hub()
    await hub.start()
    await asyncio.wait_for(hub.informers["default"].synced.wait(), 20)
    (looker,) = await look(hub, alice, running_app)
    await looker.ready(1)
    wire.die()
    await asyncio.to_thread(scale, simulated, running_app, 2)
    await looker.ready(2)
    await hub.stop()


async def test_a_silent_cluster_is_said_since_when_and_taken_back(
    running_app: App,
    watching: Hub,
    simulated: SimCluster,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulse, "SILENT", 0.5)
    (looker,) = await look(watching, alice, running_app)
    await looker.ready(1)
    simulated.stop_answering()
    assert (await looker.told("stale"))["since"]
    (late,) = await look(watching, alice, running_app)
    assert (await late.told("stale"))["since"]
    simulated.resume()
    await looker.told("fresh")
    await asyncio.to_thread(scale, simulated, running_app, 2)
    await looker.ready(2)


async def test_who_looks_at_one_cluster_does_not_hear_of_another_s_silence(
    place: Namespace,
    wire: Wire,
    team: Team,
    alice: User,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulse, "SILENT", 0.5)
    settings.CLUSTERS = {**settings.CLUSTERS, "away": {"title": "harbor-2", "server": "http://127.0.0.1:9"}}
    there = await database_sync_to_async(factories.make_namespace)(team, "there")
    there.cluster = "away"
    await there.asave()
    hub = Hub()
    await hub.start()
    await asyncio.wait_for(hub.informers["default"].synced.wait(), 20)
    here, away, both = (Looker(hub) for _ in range(3))
    await here.subscribe(alice, f"namespace:{place.pk}")
    await away.subscribe(alice, f"namespace:{there.pk}")
    await both.subscribe(alice, f"team:{team.pk}")
    await away.told("stale")
    await both.told("stale")
    await here.subscribe(alice, f"operation:{(await place.operations.afirst()).pk}")
    await here.told("fragment")
    assert not [message for message in here.heard if message["type"] in ("stale", "fresh")]
    await hub.stop()


async def test_a_script_that_reads_a_log_beyond_the_places_is_told_to_come_again(
    running_app: App, watching: Hub, alice: User
) -> None:
    (looker,) = await look(watching, alice, running_app)
    await looker.ready(1)
    watching.logs.places = Places(Caps(user=0))
    _, text = await database_sync_to_async(create_token)(actor=alice, name="ci", scopes=["read"], days=1)
    hubs.use(watching)
    place = running_app.namespace
    address = f"/api/v1/teams/{place.team.slug}/namespaces/{place.name}/apps/{running_app.name}/logs"
    answer = await AsyncClient().get(address, headers={"authorization": f"Bearer {text}"})
    hubs.use(None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "busy")
    assert int(answer.headers["Retry-After"]) > 0
