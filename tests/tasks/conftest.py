"""Tasks against simcluster, with rows that other threads and processes see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from pytest_django import Settings

from portal.celery import app as celery
from simcluster.server import SimCluster
from tenants import operations, tasks
from tenants.models import Namespace, Operation, Team, User
from tests import factories

SPEED = 20.0
assert tasks.__all__, "importing them is what makes Celery know the tasks"


@pytest.fixture(scope="session")
def simulated() -> Iterator[SimCluster]:
    with SimCluster(speed=SPEED) as server:
        yield server


@pytest.fixture
def cluster(simulated: SimCluster, settings: Settings, transactional_db: None) -> Iterator[SimCluster]:
    """A cluster that answers, whatever the test before did to it."""
    settings.CLUSTERS = {"default": {"title": "harbor-1", "server": simulated.url}}
    yield simulated
    simulated.clear_faults()
    simulated.resume()


_numbers = iter(range(1, 10_000))


@pytest.fixture
def place(cluster: SimCluster, team: Team) -> Namespace:
    """A row whose namespace is not in the cluster yet; its name is new, since the cluster outlives the test's rows."""
    return factories.make_namespace(team, f"t{next(_numbers)}", ready=False)


@pytest.fixture
def provisioned(place: Namespace) -> Namespace:
    """A namespace that is in the cluster with all its parts."""
    carry_out(opened(place, "namespace.apply"))
    place.refresh_from_db()
    return place


def opened(target: Any, kind: str, actor: User | None = None, **more: Any) -> Operation:
    """An operation as a service opens it."""
    with transaction.atomic():
        return operations.open(kind=kind, target=target, actor=actor, generation=target.generation, **more)


def deliver(operation: Operation) -> Operation:
    """What a worker does with one message."""
    celery.tasks[operation.kind](str(operation.pk))
    operation.refresh_from_db()
    return operation


def carry_out(operation: Operation, *, seconds: float = 20) -> Operation:
    """Delivers until it waits for the observer or is over."""
    until = time.monotonic() + seconds
    while True:
        deliver(operation)
        if not operation.open or (operation.state == "confirming" and operation.not_before is None):
            return operation
        assert time.monotonic() < until, f"{operation} is {operation.state}: {operation.error_message}"
        time.sleep(0.02)


@contextmanager
def running(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Does the work in a thread beside the block; its event is set at the block's end."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def eventually(condition: Callable[[], Any], *, seconds: float = 20, what: str = "") -> Any:
    """The condition's first true answer."""
    until = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < until, f"not within {seconds} s: {what or condition}"
        time.sleep(0.02)
