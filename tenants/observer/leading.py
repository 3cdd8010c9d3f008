"""Which process observes: a row that is taken for some seconds at a time, by the database's clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from django.db import Error as DatabaseError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from tenants.models import Leader
from tenants.observer.writing import Desk

log = structlog.get_logger(__name__)

NAME = "observer"
LEASE = timedelta(seconds=8)
RENEW_EVERY = 2.0


class LedByOther(Exception):
    """Another process leads."""


@dataclass(slots=True)
class Leadership:
    """Held until it could not be renewed: then `lost` is set."""

    holder: UUID = field(default_factory=uuid4)
    lost: asyncio.Event = field(default_factory=asyncio.Event)


@contextlib.asynccontextmanager
async def lead(desk: Desk) -> AsyncIterator[Leadership]:
    """Takes the lead and keeps it up within the block. Raises LedByOther."""
    mine = Leadership()
    if not await desk.do(take, mine.holder):
        raise LedByOther
    renewing = asyncio.create_task(_renew(desk, mine))
    try:
        yield mine
    finally:
        renewing.cancel()
        with contextlib.suppress(DatabaseError):
            await desk.do(give_up, mine.holder)


def take(holder: UUID) -> bool:
    """Takes or renews the lead. False while another process has it."""
    free = Leader.objects.filter(Q(holder=holder) | Q(until__lt=Now()), pk=NAME)
    if free.update(holder=holder, until=Now() + LEASE):
        return True
    try:
        with transaction.atomic():
            Leader.objects.create(name=NAME, holder=holder, until=Now() + LEASE)
    except IntegrityError:
        return False
    return True


def give_up(holder: UUID) -> None:
    """Lets the next one lead at once."""
    Leader.objects.filter(pk=NAME, holder=holder).delete()


async def _renew(desk: Desk, mine: Leadership) -> None:
    """A lead that was not renewed in time is lost: who thinks otherwise would write beside the next leader."""
    loop = asyncio.get_running_loop()
    until = loop.time() + LEASE.total_seconds()
    while not mine.lost.is_set():
        await asyncio.sleep(RENEW_EVERY)
        asked = loop.time()
        try:
            if not await desk.do(take, mine.holder):
                mine.lost.set()
                return
            until = asked + LEASE.total_seconds()
        except DatabaseError as error:
            log.warning("lead_not_renewed", error=str(error))
        if loop.time() >= until:
            mine.lost.set()
