"""Sockets of scripts: a token in the header opens them, within its scopes and as long as it lives."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from channels.db import database_sync_to_async
from django.utils import timezone

from tenants import access
from tenants.live import guard
from tenants.models import ApiToken, App, Namespace, User
from tenants.services.tokens import create_token
from tests.live.conftest import Connect

pytestmark = pytest.mark.django_db(transaction=True)


@database_sync_to_async
def token_of(user: User, scopes: Collection[str] = tuple(access.SCOPES)) -> str:
    return create_token(actor=user, name="script", scopes=scopes, days=1)[1]


@pytest.mark.parametrize("path", ["/ws/live/", "/ws/logs/"])
async def test_a_token_opens_what_its_owner_may_see(connect: Connect, bob: User, app_row: App, path: str) -> None:
    socket = await connect(None, path, token=await token_of(bob))
    await socket.open()
    logs = path == "/ws/logs/"
    await socket.say(
        {"type": "open", "app": app_row.pk} if logs else {"type": "subscribe", "topic": f"app:{app_row.pk}"}
    )
    assert (await socket.hear())["type"] != "refused"


async def test_a_token_opens_nothing_of_others(connect: Connect, erin: User, namespace: Namespace) -> None:
    socket = await connect(None, token=await token_of(erin))
    await socket.open()
    await socket.say({"type": "subscribe", "topic": f"namespace:{namespace.pk}"})
    assert (await socket.hear())["type"] == "refused"


@pytest.mark.parametrize("token", ["berth_wrong", "wrong"])
async def test_a_wrong_token_is_none_even_beside_a_session(connect: Connect, alice: User, token: str) -> None:
    socket = await connect(alice, token=token)
    await socket.open()
    assert await socket.closed() == guard.SIGNED_OUT


async def test_a_token_that_may_not_read_opens_nothing(connect: Connect, alice: User) -> None:
    socket = await connect(None, token=await token_of(alice, ["apps"]))
    await socket.open()
    assert await socket.closed() == guard.SIGNED_OUT


async def test_a_token_needs_the_sites_own_origin(connect: Connect, alice: User) -> None:
    socket = await connect(None, token=await token_of(alice), origin="http://evil.example")
    assert (await socket.open())["type"] == "websocket.close"


async def test_a_revoked_token_is_cut_off(connect: Connect, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "RECHECK", 0.05)
    socket = await connect(None, token=await token_of(alice))
    await socket.open()
    await database_sync_to_async(ApiToken.objects.update)(revoked_at=timezone.now())
    assert await socket.closed() == guard.SIGNED_OUT
