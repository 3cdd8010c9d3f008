"""Topics that several people look at: each hears of what is theirs, and what one is told is not another's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from channels.db import database_sync_to_async

from tenants import operations
from tenants.live import hub as hubs
from tenants.models import App, Team, User
from tenants.services import invitations, members, teams
from tests.factories import make_invitation
from tests.live.conftest import Connect, Socket

pytestmark = pytest.mark.django_db(transaction=True)


async def at_home(connect: Connect, user: User) -> Socket:
    """A socket that is subscribed to its user's home."""
    socket: Socket = await connect(user)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": "home"})
    assert await socket.hear() == {"type": "changed", "topic": "home", "what": "subscribed"}
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


async def test_home_follows_its_user_from_team_to_team(
    connect: Connect, alice: User, bob: User, team: Team, other_team: Team
) -> None:
    socket = await at_home(connect, bob)
    invitation, _ = await database_sync_to_async(make_invitation)(other_team, "bob", person=bob)
    await database_sync_to_async(invitations.accept)(actor=bob, invitation=invitation)
    await until(lambda: homes() == [{team.pk, other_team.pk}])
    assert (await socket.hear("changed"))["what"] == "subscribed"  # so the page shows the new team
    his = await database_sync_to_async(team.memberships.get)(user=bob)
    await database_sync_to_async(members.remove_member)(actor=alice, membership=his)
    await until(lambda: homes() == [{other_team.pk}])
    await socket.leave()


@pytest.mark.parametrize("name", ["home:", "home:1", "app:0{app}", "team:00{team}", "operation:{{{operation}}}"])
async def test_a_thing_has_one_name_alone(connect: Connect, alice: User, app_row: App, team: Team, name: str) -> None:
    """A second name would be a second topic of the same app: who leaves one would take the other's changes along."""
    operation = await database_sync_to_async(operations.open)(
        kind="app.apply", target=app_row, actor=alice, generation=1
    )
    asked = name.format(app=app_row.pk, team=team.pk, operation=operation.pk)
    socket: Socket = await connect(alice)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": asked})
    assert await socket.hear() == {"type": "refused", "topic": asked}


def homes() -> list[set[int]]:
    """Whose changes each home that is looked at hears."""
    return [set(shown.topic.teams) for shown in hubs.current()._shown.values() if shown.topic.noun == "home"]


async def until(true: Callable[[], bool]) -> None:
    for _ in range(250):
        if true():
            return
        await asyncio.sleep(0.02)
    pytest.fail("it never came true")
