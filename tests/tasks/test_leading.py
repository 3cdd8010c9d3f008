"""Which process observes: one leads, the others stand by and take over."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.utils import timezone
from pytest_django import Settings

from simcluster.server import SimCluster
from tenants import observer
from tenants.models import Leader
from tenants.observer import leading
from tenants.observer.sights import PRUNED, WHOLE
from tenants.observer.writing import Desk
from tests.tasks.conftest import eventually, running
from tests.wire import Wire

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_observer_leads_however_long_another_stands_by(
    cluster: SimCluster, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one asks for the lead many times over, past the first one's lease; it watches nothing meanwhile."""
    monkeypatch.setattr(leading, "LEASE", timedelta(seconds=3))
    monkeypatch.setattr(leading, "RENEW_EVERY", 0.1)
    monkeypatch.setattr(observer, "STAND_BY", 0.02)
    kinds = len(WHOLE) + len(PRUNED) + 1  # and namespaces once more: which events are ours
    with Wire(cluster.url) as wire:
        settings.CLUSTERS = {"default": {"title": "harbor-1", "server": wire.url}}
        with running(observer.run):
            eventually(lambda: wire.count("GET", "watch=1") == kinds, what="the leader's watches")
            leader = Leader.objects.get()
            with running(observer.run):
                for _ in range(40):
                    until = Leader.objects.get().until
                    eventually(lambda before=until: Leader.objects.get().until > before, what="the lease is renewed")
                    assert Leader.objects.get().holder == leader.holder
                assert wire.count("GET", "watch=1") == kinds


def test_the_next_one_leads_when_the_first_stops(cluster: SimCluster) -> None:
    with ExitStack() as second:
        with running(observer.run):
            leader = eventually(Leader.objects.first, what="a leader")
            second.enter_context(running(observer.run))
        eventually(lambda: Leader.objects.exclude(holder=leader.holder).first(), what="another leader")
    assert not Leader.objects.exists()


def test_a_dead_leader_s_lease_runs_out(db: None) -> None:
    dead, alive = uuid4(), uuid4()
    assert leading.take(dead)
    assert not leading.take(alive)
    Leader.objects.update(until=timezone.now() - leading.LEASE)
    assert leading.take(alive)
    assert not leading.take(dead)


async def test_a_leader_that_cannot_renew_stops_by_itself(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody tells it: the database does not answer, and when its lease is over another may lead already."""
    monkeypatch.setattr(leading, "LEASE", timedelta(seconds=1))
    monkeypatch.setattr(leading, "RENEW_EVERY", 0.1)
    with ThreadPoolExecutor(1) as thread:
        desk = Desk(thread)
        async with leading.lead(desk) as leadership:
            await desk.do(_rename, Leader._meta.db_table, "leaders_elsewhere")
            try:
                await asyncio.wait_for(leadership.lost.wait(), timeout=20)
            finally:
                await desk.do(_rename, "leaders_elsewhere", Leader._meta.db_table)
        await desk.do(connections.close_all)


def _rename(table: str, other: str) -> None:
    """So that every question to the table is answered by an error of the database."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {other}")
