"""Each socket × each of the cast; the lines are in doors.py."""

from __future__ import annotations

import pytest
from channels.db import database_sync_to_async

from tenants import granting
from tenants.live import events, guard
from tests.access.cast import CAST, SEEN, STAFF
from tests.access.conftest import World, make_world
from tests.access.doors import SOCKETS
from tests.live.conftest import Connect, Socket

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


async def test_topics_of_an_app(connect: Connect, world: World) -> None:
    asked = {"type": "subscribe", "topic": f"app:{world.app.pk}"}
    for who in CAST:
        socket = await connect(world.people.get(who))
        await socket.open()
        if who in ("nobody", "zoe"):
            assert await socket.closed() == guard.SIGNED_OUT
            continue
        await socket.say(asked)
        heard = await socket.hear("fragment", "refused")
        assert (heard["type"] == "fragment") == (who in SOCKETS["ws/live/"].split()), who


async def test_logs_of_an_app(connect: Connect, world: World) -> None:
    for who in CAST:
        socket = await connect(world.people.get(who), "/ws/logs/")
        await socket.open()
        if who in ("nobody", "zoe"):
            assert await socket.closed() == guard.SIGNED_OUT
            continue
        await socket.say({"type": "open", "app": world.app.pk})
        heard = await socket.hear()
        assert (heard["type"] != "refused") == (who in SOCKETS["ws/logs/"].split()), who
        if heard["type"] == "refused":
            assert await socket.closed() == guard.RIGHT_LOST


@pytest.mark.parametrize("noun", ["team", "namespace", "quota", "quotas", "operation"])
async def test_other_topics(connect: Connect, world: World, noun: str) -> None:
    place = world.app.namespace
    key = {
        "team": place.team_id,
        "quotas": place.team_id,
        "namespace": place.pk,
        "quota": place.pk,
        "operation": world.operation.pk,
    }[noun]
    for who in world.people:
        socket = await connect(world.people[who])
        await socket.open()
        if who == "zoe":
            assert await socket.closed() == guard.SIGNED_OUT
            continue
        await socket.say({"type": "subscribe", "topic": f"{noun}:{key}"})
        heard = await socket.hear("fragment", "refused")
        assert (heard["type"] == "fragment") == (who in SEEN.split()), who


async def test_approvals_are_told_to_staff_alone(connect: Connect, world: World) -> None:
    for who in world.people:
        socket = await connect(world.people[who])
        await socket.open()
        if who == "zoe":
            assert await socket.closed() == guard.SIGNED_OUT
            continue
        await socket.say({"type": "subscribe", "topic": "approvals"})
        if who not in STAFF.split():
            assert (await socket.hear("refused"))["topic"] == "approvals"
            continue
        assert (await socket.hear("changed"))["what"] == "subscribed"
        await database_sync_to_async(granting.announce)(world.quota["open"])
        assert (await socket.hear("changed"))["what"] == "quota"


async def test_everybody_counts_their_own_notices(connect: Connect, world: World) -> None:
    # Managers: the suspended team, an approved request; alice: her release; the approver: two requests.
    unread = {"alice": 3, "andy": 2, "dave": 2}
    for who in CAST:
        socket = await connect(world.people.get(who))
        await socket.open()
        if who in ("nobody", "zoe"):
            assert await socket.closed() == guard.SIGNED_OUT
            continue
        await socket.say({"type": "subscribe", "topic": "me"})
        assert await socket.hear() == {"type": "notices", "unread": unread.get(who, 0)}, who


def changed(world: World) -> None:
    team = world.app.namespace.team_id
    events.announce(events.Changed(team=team, noun="app", id=str(world.app.pk), what="status"))


async def home_of(connect: Connect, world: World, who: str) -> Socket:
    socket: Socket = await connect(world.people[who])
    await socket.open()
    await socket.say({"type": "subscribe", "topic": "home"})
    assert (await socket.hear("changed"))["what"] == "subscribed"
    return socket


async def hears_nothing_more(socket: Socket) -> bool:
    """What is asked for now is answered next."""
    await socket.say({"type": "subscribe", "topic": "me"})
    return (await socket.hear("changed", "fragment", "notices"))["type"] == "notices"


async def test_home_tells_of_the_teams_that_one_sees(connect: Connect, world: World) -> None:
    sockets = {who: await home_of(connect, world, who) for who in world.people if who != "zoe"}
    await database_sync_to_async(changed)(world)
    for who in SEEN.split():
        assert (await sockets[who].hear("changed"))["what"] == "status", who
    assert await hears_nothing_more(sockets["erin"])


async def test_who_unsubscribed_hears_no_more(connect: Connect, world: World) -> None:
    witness = await home_of(connect, world, "alice")
    sockets = {who: await home_of(connect, world, who) for who in SEEN.split()}
    for socket in sockets.values():
        await socket.say({"type": "unsubscribe", "topic": "home"})
        await socket.say({"type": "subscribe", "topic": "nothing"})
        await socket.hear("refused")
    await database_sync_to_async(changed)(world)
    assert (await witness.hear("changed"))["what"] == "status"
    for who, socket in sockets.items():
        assert await hears_nothing_more(socket), who


async def test_earlier_lines_are_nobodys_before_the_log_is_open(connect: Connect, world: World) -> None:
    for who in CAST:
        socket = await connect(world.people.get(who), "/ws/logs/")
        await socket.open()
        if who in ("nobody", "zoe"):
            assert await socket.closed() == guard.SIGNED_OUT
            continue
        await socket.say({"type": "previous", "source": f"{world.app.name}-0/app"})
        assert (await socket.hear())["type"] == "refused", who
        assert await socket.closed() == guard.RIGHT_LOST, who
