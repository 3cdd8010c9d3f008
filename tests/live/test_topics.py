"""Topics that several people look at: each hears of what is theirs, and what one is told is not another's."""

from __future__ import annotations

import pytest
from channels.db import database_sync_to_async

from tenants.models import Team, User
from tenants.services import teams
from tests.live.conftest import Connect, Socket

pytestmark = pytest.mark.django_db(transaction=True)


async def at_home(connect: Connect, user: User) -> Socket:
    """A socket that is subscribed to its user's home: what it asked for after that was answered."""
    socket: Socket = await connect(user)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": "home"})
    await socket.say({"type": "subscribe", "topic": "none"})
    assert await socket.hear() == {"type": "refused", "topic": "none"}
    return socket


async def test_everybody_s_home_hears_of_their_own_teams_alone(
    connect: Connect, alice: User, erin: User, team: Team, other_team: Team
) -> None:
    hers = await at_home(connect, alice)
    theirs = await at_home(connect, erin)
    await database_sync_to_async(teams.edit_team)(actor=erin, team=other_team, name="Shop front")
    assert (await theirs.hear("changed"))["what"] == "team"
    await database_sync_to_async(teams.edit_team)(actor=alice, team=team, viewers_read_logs=True)
    assert (await hers.hear("changed"))["what"] == "team"
