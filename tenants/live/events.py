"""What processes tell each other of a change: typed messages that refuse unknown fields, and the one way to announce.

The channel layer carries these alone: small, lossy at worst, never a log line and never a value. Whoever hears one
reads the row, or the right, again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

log = structlog.get_logger(__name__)

_serving: dict[str, asyncio.AbstractEventLoop] = {}
"""Key "loop": the loop of this process's server, where there is one."""


SITE = 0
"""In the place of a team: what changes for the site's staff."""


class Changed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="changed"):
    """Something of a team changed: read it again. `noun` and `id` as in Operation.target_*."""

    team: int
    noun: str
    id: str
    what: str = ""  # "conditions", "operation", "deleted", "members", …
    about: str = ""  # of an operation: its target as a topic, "app:12"


class RightsChanged(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="rights"):
    """A role, a membership or an account changed: re-check that user's sockets at once."""

    user: int
    team: int | None = None


class Noticed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="noticed"):
    """What somebody was told, or has read, changed: count their unread notices again."""

    user: int


Message = Changed | RightsChanged | Noticed


def team_group(team_id: int) -> str:
    """The channel layer's group of a team's changes."""
    return f"team.{team_id}"


def rights_group(user_id: int) -> str:
    """The channel layer's group of one user's open sockets."""
    return f"rights.{user_id}"


def notices_group(user_id: int) -> str:
    """The channel layer's group of those of one user's sockets that show their unread notices."""
    return f"notices.{user_id}"


@asynccontextmanager
async def rights_changed(user: int) -> AsyncIterator[asyncio.Event]:
    """An event that is set when that user's rights change, while the context lasts; it may miss one, as all here.

    Where the channel layer does not answer it is never set: whoever waits looks by the clock, too.
    """
    changed = asyncio.Event()
    listening = asyncio.create_task(_listen(rights_group(user), changed))
    try:
        yield changed
    finally:
        listening.cancel()
        await asyncio.wait({listening})


async def _listen(group: str, heard: asyncio.Event) -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    try:
        await layer.group_add(group, channel)
        while True:
            await layer.receive(channel)
            heard.set()
    except Exception:  # of whatever client the layer has
        log.warning("rights_not_heard", exc_info=True)
    finally:
        with contextlib.suppress(Exception):
            await layer.group_discard(group, channel)


def serve_on(loop: asyncio.AbstractEventLoop | None) -> None:
    """Where an in-memory channel layer lives: sends from other threads hop onto this loop."""
    if loop is None:
        _serving.clear()
    else:
        _serving["loop"] = loop


def announce(message: Message) -> None:
    """Sends after the commit of the surrounding transaction; at once where there is none."""
    transaction.on_commit(lambda: _send(message), robust=True)


def _group(message: Message) -> str:
    if isinstance(message, RightsChanged):
        return rights_group(message.user)
    return notices_group(message.user) if isinstance(message, Noticed) else team_group(message.team)


def _send(message: Message) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    group = _group(message)
    payload: dict[str, Any] = {"type": "domain.message", "data": msgspec.to_builtins(message)}
    loop = _serving.get("loop")
    if loop is not None and loop.is_running():
        asyncio.run_coroutine_threadsafe(layer.group_send(group, payload), loop)
    else:
        async_to_sync(layer.group_send)(group, payload)
