"""The part of every socket that decides whether it may stay open.

Origin is checked before the socket opens (portal.asgi). Here: the session, or the token of a script,
the account, and the rights behind what was subscribed, at once when a role changed and every few seconds anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import msgspec
import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db import Error as DatabaseError
from django.utils.crypto import constant_time_compare

from tenants import access, peer, presence
from tenants.audit import Origin, origin
from tenants.live import seats
from tenants.live.asking import shared
from tenants.live.events import rights_group
from tenants.models import User
from tenants.services import tokens
from tenants.sign_in import second_factor

log = structlog.get_logger(__name__)

RECHECK = 5.0
"""Seconds between two looks at the rights behind an open socket, by the clock: the message of a change may get lost."""
KEEP = 20.0
"""Seconds between two times that an open socket says that it still has its seat."""
SIGNED_OUT = 4401
RIGHT_LOST = 4403
MALFORMED = 4400
CROWDED = 4429
"""The person has too many sockets open: browsers come again after a while."""
FAILED = 1011
"""Browsers come again after this one."""
MAX_MESSAGE = 64 << 10


T = TypeVar("T")


class GuardedConsumer(AsyncWebsocketConsumer):
    """Accepts signed-in people, asks again and again whether they may still see, and closes what they may not."""

    user: User
    closing = False
    _sending: asyncio.Task[None] | None = None
    _seat: seats.Seat | None = None

    async def connect(self) -> None:
        origin.set(Origin(door="socket", address=peer.address(self.scope)))
        await self.accept()
        user = await self._account()
        if user is None:
            await self.shut(SIGNED_OUT)
            return
        self._seat = await seats.take(user.pk)
        if self._seat is None:
            await self.shut(CROWDED)
            return
        self.user = user
        if self.channel_layer is not None:
            await self.channel_layer.group_add(rights_group(user.pk), self.channel_name)
        self._recheck_task = asyncio.create_task(self._recheck_forever())
        await self.opened()

    async def disconnect(self, code: int) -> None:
        self.closing = True
        task = getattr(self, "_recheck_task", None)
        if task is not None:
            task.cancel()
        self._stop_sending()
        await self.closed()
        if self._seat is not None:
            await self._seat.leave()
        if self.channel_layer is not None and hasattr(self, "user"):
            await self.channel_layer.group_discard(rights_group(self.user.pk), self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.closing or not hasattr(self, "user"):
            return
        if text_data is None or len(text_data) > MAX_MESSAGE:
            await self.shut(MALFORMED)
            return
        try:
            await self.said(text_data)
        except msgspec.DecodeError:
            await self.shut(MALFORMED)

    async def domain_message(self, event: dict[str, Any]) -> None:
        """`tenants.live.events.RightsChanged` of this user, from the channel layer."""
        await self._recheck()

    def send_by(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs `work`, which sends all that the socket shows, while it is open; where that fails, the socket closes."""
        self._sending = asyncio.create_task(self._send_all(work))

    async def shut(self, code: int) -> None:
        """Closes at once; what was not sent yet is thrown away."""
        self.closing = True
        self._stop_sending()
        with contextlib.suppress(RuntimeError):
            await self.close(code)

    # What each socket fills in.

    async def opened(self) -> None:
        """The socket is open for `self.user`."""

    async def said(self, text: str) -> None:
        """The browser sent a message. Raises msgspec.DecodeError for a malformed one."""

    async def allowed(self) -> bool:
        """Whether all that this socket shows may still be seen by `self.user`."""
        return True

    async def closed(self) -> None:
        """The socket is gone."""

    async def _recheck_forever(self) -> None:
        clock = asyncio.get_running_loop().time
        kept = clock()
        while not self.closing:
            await asyncio.sleep(RECHECK)
            if self._seat is not None and clock() >= kept + KEEP:
                kept = clock()
                await self._seat.keep()
            try:
                await self._recheck()
            except DatabaseError:
                log.warning("socket_closed_without_rights", exc_info=True)
                await self.shut(FAILED)

    async def _recheck(self) -> None:
        user = await self._account()
        if user is None:
            await self.shut(SIGNED_OUT)
            return
        self.user = user
        if not self.closing and not await self.allowed():
            await self.shut(RIGHT_LOST)

    async def _send_all(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except TimeoutError:
            log.info("socket_closed_unread")
        except OSError:  # ASGI: what a send to somebody who left raises
            log.debug("viewer_left")
        except Exception:  # whatever it was: a socket that stays open and silent would look alive
            log.exception("socket_failed")
        else:
            return
        await self.shut(FAILED)

    def _stop_sending(self) -> None:
        if self._sending is not None and self._sending is not asyncio.current_task():
            self._sending.cancel()

    @property
    def _credential(self) -> tuple[str, str]:
        """What opened the socket: a script's header, or a session by its key. Sockets with the same have one holder."""
        header = dict(self.scope["headers"]).get(b"authorization")
        if header is not None:
            return "token", header.decode("latin-1")
        return "session", str(self.scope["session"].session_key)

    async def _account(self) -> User | None:
        """Who holds the socket, read afresh: the owner of the token in its header, else whoever the session is of.

        One object for all sockets that asked together: `by_account` goes by it.
        """
        return await shared(self._credential, database_sync_to_async(self._holder))

    async def by_account(self, question: str, read: Callable[[], T]) -> T:
        """What `read` answers of `self.user`'s rights, once for all sockets whose account was read together."""
        return await shared((id(self.user), question), database_sync_to_async(read))

    def _holder(self) -> User | None:
        kind, text = self._credential
        user = _token_user(text) if kind == "token" else self._session_user()
        if user is not None:
            presence.note(user)
        return user

    def _session_user(self) -> User | None:
        """The account behind the session: gone after sign-out, suspension or a new password.

        Who must set up a second factor first sees nothing until then, as on pages.
        """
        session = self.scope["session"]
        fresh = type(session._wrapped if hasattr(session, "_wrapped") else session)(session.session_key)
        key = fresh.get(SESSION_KEY)
        if key is None:
            return None
        user = User.objects.filter(pk=key, is_active=True).first()
        if user is None or not constant_time_compare(fresh.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
            return None
        if second_factor.missing(user):
            return None
        return user


def _token_user(header: str) -> User | None:
    """A script, whose token may read: gone when the token is, or its owner is suspended or lacks a second factor."""
    token = tokens.of_header(header)
    if token is None or not access.has_scope(token.user, "team.read") or second_factor.missing(token.user):
        return None
    return token.user
