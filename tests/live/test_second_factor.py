"""Sockets of people who must set up a second factor before anything else."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from channels.db import database_sync_to_async

from tenants.live import guard
from tenants.models import Namespace, User
from tests.live.conftest import Connect

pytestmark = pytest.mark.django_db(transaction=True)


async def test_an_owner_without_a_second_factor_sees_nothing_where_it_is_asked_for(
    connect: Connect, alice: User, namespace: Namespace, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = frozenset({"owners"})
    socket = await connect(alice)
    await socket.open()
    assert await socket.closed() == guard.SIGNED_OUT


async def test_an_owner_with_one_sees(connect: Connect, alice: User, namespace: Namespace, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = frozenset({"owners"})
    await database_sync_to_async(Authenticator.objects.create)(user=alice, type="totp", data={})
    socket = await connect(alice)
    await socket.open()
    await socket.say({"type": "subscribe", "topic": f"namespace:{namespace.pk}"})
    assert (await socket.hear("fragment"))["topic"] == f"namespace:{namespace.pk}"
