"""An app that runs in a simulated cluster, and a hub that watches it over a wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async

from cluster.connection import Connection
from simcluster.server import SimCluster
from tenants.live import hub as hubs
from tenants.live.events import serve_on
from tenants.live.topics import topic as topics
from tenants.live.topics.outbox import Outbox
from tenants.models import App, Namespace, Team, User
from tests import factories
from tests.tasks.conftest import carry_out, opened
from tests.wire import Wire

SPEED = 20.0
IMAGE = "registry.example/hello:v1"
_numbers = iter(range(1, 10_000))


@pytest.fixture(scope="session")
def simulated() -> Iterator[SimCluster]:
    with SimCluster(speed=SPEED) as server:
        yield server


@pytest.fixture
def wire(simulated: SimCluster, settings: Any, transactional_db: None) -> Iterator[Wire]:
    """The way to the cluster, which answers, whatever the test before did to it."""
    with Wire(simulated.url) as wire:
        settings.CLUSTERS = {"default": {"title": "harbor-1", "server": wire.url}}
        yield wire
    simulated.resume()


@pytest.fixture
def place(wire: Wire, team: Team) -> Namespace:
    row = factories.make_namespace(team, f"live{next(_numbers)}", ready=False)
    carry_out(opened(row, "namespace.apply"))
    return row


@pytest.fixture
def running_app(place: Namespace) -> App:
    """An app of one pod that writes lines; its name is the same in each namespace."""
    row = factories.make_app(place, image=IMAGE, replicas=1, env={"LOG_RATE": "5"})
    carry_out(opened(row, "app.apply"))
    return row


@pytest.fixture
async def watching(wire: Wire) -> AsyncIterator[hubs.Hub]:
    """A hub that is in step with the cluster."""
    hub = hubs.Hub()
    serve_on(asyncio.get_running_loop())
    await hub.start()
    async with asyncio.timeout(20):
        await hub.informers["default"].synced.wait()
    yield hub
    await hub.stop()
    serve_on(None)


def scale(simulated: SimCluster, app: App, replicas: int) -> None:
    """Somebody's kubectl, on a connection of its own."""
    connection = Connection("kubectl", server=simulated.url)
    address = f"/apis/apps/v1/namespaces/{app.namespace.cluster_name}/deployments/{app.name}"
    wish = {"spec": {"replicas": replicas}}
    connection.sync.call("PATCH", address, body=wish, content_type="application/merge-patch+json")
    connection.close()


class Looker:
    """One browser that looks at a topic, without its socket."""

    def __init__(self, hub: hubs.Hub) -> None:
        self._hub = hub
        self.outbox = Outbox()
        self.heard: list[dict[str, Any]] = []

    async def subscribe(self, user: User, name: str) -> None:
        topic = await database_sync_to_async(topics.find)(user, name)
        assert topic is not None
        await self._hub.subscribe(topic, self.outbox)

    async def hear(self, true: Callable[[dict[str, Any]], bool], *, seconds: float = 20) -> dict[str, Any]:
        """The next message of which that is true; `heard` keeps all."""
        async with asyncio.timeout(seconds):
            while True:
                messages = [json.loads(text) for text in await self.outbox.take()]
                self.heard += messages
                for message in messages:
                    if true(message):
                        return message

    async def ready(self, count: int) -> None:
        """Waits until the app has so many ready pods and wants no other number."""
        await self.hear(lambda message: message["type"] == "app" and message["ready"] == message["wanted"] == count)

    async def told(self, kind: str) -> dict[str, Any]:
        return await self.hear(lambda message: message["type"] == kind)
