"""How long after a role is taken away until the last byte of a log that was open, with Redis and without it.

Berth runs as in production (PostgreSQL, Redis, two web processes, a worker, an observer) on a simulated cluster: the
cluster has no part in it. Three people hold fifty log sockets between them, and are all taken out at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from bench.rows import Row, ms, quantile
from bench.site import Browser
from simcluster.server import SimCluster
from tests.prerequisites import INITDB, REDIS
from tests.processes import stack
from tests.processes.script import Berth

PEOPLE = {"p1": 17, "p2": 17, "p3": 16}
"""User name → sockets; a person may have 24."""
ROUNDS = 4
RIGHT_LOST = 4403
LIMIT, LIMIT_ALONE = 2.0, 10.0
APP = "teams/bench/namespaces/dev/apps"

# Each round they are in again.
_JOIN = """
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from tenants.models import App, Membership, Team, User
for name in {names}:
    user, made = User.objects.get_or_create(
        username=name, defaults={{"email": name + "@berth.test", "password": make_password("demo")}}
    )
    if made:
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Membership.objects.get_or_create(team=Team.objects.get(slug="bench"), user=user, defaults={{"role": "developer"}})
print(App.objects.get(name="lines").pk)
"""


def rows() -> list[Row]:
    if not (INITDB and REDIS):
        return [Row("offboarding: PostgreSQL or Redis is not installed")]
    with TemporaryDirectory() as name, SimCluster(speed=10) as cluster:
        folder = Path(name)
        clusters = {"default": {"title": "bench", "kubeconfig": str(cluster.write_kubeconfig(folder / "kubeconfig"))}}
        with stack.running(folder, clusters) as parts:
            berth = parts.script()
            _settle(berth)
            found = [took for _ in range(ROUNDS) for took in _round(parts, berth)]
            alone = _without_redis(parts, berth)
    count = sum(PEOPLE.values())
    return [
        *(
            Row(
                f"role removed → last byte on an open log socket, p{share * 100:.0f}, {count} sockets",
                ms(quantile(found, share)),
                target=f"≤ {ms(LIMIT)}",
                met=quantile(found, share) <= LIMIT,
            )
            for share in (0.5, 0.99)
        ),
        Row(
            f"the same with Redis down, p99, {count} sockets",
            ms(quantile(alone, 0.99)),
            target=f"≤ {ms(LIMIT_ALONE)}",
            met=quantile(alone, 0.99) <= LIMIT_ALONE,
        ),
    ]


def _settle(berth: Berth) -> None:
    berth.post("teams", {"name": "Bench", "slug": "bench"})
    berth.follow(berth.post("teams/bench/namespaces", {"name": "dev", "plan": "small"}))
    wish = {"name": "lines", "image": "registry.example/hello:v1", "replicas": 2, "env": {"LOG_RATE": "10"}}
    berth.follow(berth.post(APP, wish))


def _round(parts: stack.Stack, berth: Berth) -> list[float]:
    number = int(parts.manage("shell", "--no-imports", "-c", _JOIN.format(names=list(PEOPLE))).split()[-1])
    return asyncio.run(_measure(parts, berth, number))


def _without_redis(parts: stack.Stack, berth: Berth) -> list[float]:
    """The sockets are open and streaming when Redis goes; only then the roles are taken away."""
    number = int(parts.manage("shell", "--no-imports", "-c", _JOIN.format(names=list(PEOPLE))).split()[-1])
    try:
        return asyncio.run(_measure(parts, berth, number, before=parts.redis.stop))
    finally:
        parts.redis.start()


async def _measure(
    parts: stack.Stack, berth: Berth, number: int, *, before: Callable[[], None] | None = None
) -> list[float]:
    """Seconds from sending each removal until the last byte of each of that person's sockets."""
    async with contextlib.AsyncExitStack() as opened:
        reading: dict[str, list[asyncio.Task[float]]] = {name: [] for name in PEOPLE}
        for name, count in PEOPLE.items():
            browsers = [await asyncio.to_thread(Browser, url, name) for url in parts.urls]
            for at in range(count):
                socket = await opened.enter_async_context(browsers[at % len(browsers)].socket("/ws/logs/"))
                await socket.send(json.dumps({"type": "open", "app": number, "tail": 10}))
                async for text in socket:
                    if json.loads(text)["type"] == "lines":
                        break
                reading[name].append(asyncio.create_task(_last_byte(socket)))
        if before is not None:
            await asyncio.to_thread(before)
        began: dict[str, float] = {}

        async def remove(name: str) -> None:
            began[name] = time.monotonic()
            await asyncio.to_thread(berth.call, "DELETE", f"teams/bench/members/{name}")

        async with asyncio.timeout(60):
            await asyncio.gather(*(remove(name) for name in PEOPLE))
            return [await task - began[name] for name, tasks in reading.items() for task in tasks]


async def _last_byte(socket: ClientConnection) -> float:
    """When the server's closing frame came: nothing follows it."""
    with contextlib.suppress(ConnectionClosed):
        async for _ in socket:
            pass
    assert socket.close_code == RIGHT_LOST, socket.close_code
    return time.monotonic()
