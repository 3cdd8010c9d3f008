"""The topic "me": a socket hears of its own person's notices, and of nobody else's."""

from __future__ import annotations

import pytest
from channels.db import database_sync_to_async

from tenants import notices
from tenants.models import Notice, User
from tenants.services import notices as verbs
from tests.live.conftest import Connect, Socket

pytestmark = pytest.mark.django_db(transaction=True)


async def listening(connect: Connect, user: User) -> Socket:
    socket: Socket = await connect(user)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": "me"})
    return socket


async def tell(*people: User) -> None:
    await database_sync_to_async(notices.tell)(people, kind="release.stuck", title="v2 is stuck")


async def test_the_count_is_told_at_once_and_when_it_changes(connect: Connect, alice: User) -> None:
    socket = await listening(connect, alice)
    assert await socket.hear() == {"type": "notices", "unread": 0}
    await tell(alice)
    assert await socket.hear() == {"type": "notices", "unread": 1}
    await database_sync_to_async(verbs.mark_all_read)(actor=alice)
    assert await socket.hear() == {"type": "notices", "unread": 0}


async def test_nobody_hears_of_another_s_notices(connect: Connect, alice: User, bob: User) -> None:
    hers, his = await listening(connect, alice), await listening(connect, bob)
    await hers.hear("notices")
    await his.hear("notices")
    await tell(bob)
    assert (await his.hear("notices"))["unread"] == 1
    await tell(alice)
    assert await hers.hear() == {"type": "notices", "unread": 1}


async def test_who_does_not_listen_hears_nothing(connect: Connect, alice: User) -> None:
    socket = await listening(connect, alice)
    await socket.hear("notices")
    await socket.say({"type": "unsubscribe", "topic": "me"})
    await socket.say({"type": "subscribe", "topic": "none"})
    assert await socket.hear() == {"type": "refused", "topic": "none"}
    await tell(alice)
    await socket.say({"type": "subscribe", "topic": "none"})
    assert await socket.hear() == {"type": "refused", "topic": "none"}


async def test_nothing_is_told_of_what_is_not_for_the_portal(connect: Connect, alice: User) -> None:
    wish = verbs.Wish(in_portal=False, by_mail="daily")
    await database_sync_to_async(verbs.choose)(actor=alice, wishes={"release.stuck": wish})
    socket = await listening(connect, alice)
    await socket.hear("notices")
    await tell(alice)
    await socket.say({"type": "subscribe", "topic": "none"})
    assert await socket.hear() == {"type": "refused", "topic": "none"}
    assert await database_sync_to_async(Notice.objects.count)() == 1
