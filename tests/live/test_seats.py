"""Seats: how many sockets one person may have, and subscriptions one socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tenants.live import consumers, guard, seats
from tenants.models import Team, User
from tests.live.conftest import Connect

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(seats, "SEATS", 2)
    cache.clear()
    yield
    cache.clear()


async def test_one_socket_too_many_is_closed_and_says_why(connect: Connect, alice: User, bob: User) -> None:
    for path in ("/ws/live/", "/ws/logs/"):
        assert (await (await connect(alice, path)).open())["type"] == "websocket.accept"
    third = await connect(alice)
    await third.open()
    assert await third.closed() == guard.CROWDED
    other = await connect(bob)
    await other.open()
    await other.say({"type": "subscribe", "topic": "none"})
    assert (await other.hear())["type"] == "refused"


async def test_a_closed_socket_makes_room(connect: Connect, alice: User) -> None:
    first, second = await connect(alice), await connect(alice)
    await first.open()
    await second.open()
    await first.leave()
    third = await connect(alice)
    await third.open()
    await third.say({"type": "subscribe", "topic": "none"})
    assert (await third.hear())["type"] == "refused"


async def test_a_seat_that_is_not_kept_up_is_free_again(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats, "HELD", -1)  # runs out at once, as after the death of a process
    for _ in range(5):
        assert await seats.take(alice.pk) is not None


async def test_a_cache_that_is_away_keeps_nobody_out(alice: User, settings: object) -> None:
    nowhere = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9/1"}
    settings.CACHES = {"default": nowhere}  # type: ignore[attr-defined]
    for _ in range(5):
        seat = await seats.take(alice.pk)
        assert seat is not None
        await seat.keep()
        await seat.leave()


async def test_one_topic_too_many_is_refused_with_its_reason(
    connect: Connect, alice: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "MAX_TOPICS", 1)
    socket = await connect(alice)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": "home"})
    await socket.say({"type": "subscribe", "topic": f"team:{team.pk}"})
    refused = await socket.hear("refused")
    assert refused["topic"] == f"team:{team.pk}"
    assert "at most 1" in refused["why"]
