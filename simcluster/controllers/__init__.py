"""The controllers of the simulated cluster: each a loop of its own over the Store."""

import asyncio
from typing import Any

from simcluster.clock import Clock
from simcluster.controllers.claims import Claims
from simcluster.controllers.deployment import Deployments
from simcluster.controllers.endpoints import ServiceEndpoints
from simcluster.controllers.expiry import expire_events
from simcluster.controllers.garbage import Garbage
from simcluster.controllers.namespace import Namespaces
from simcluster.controllers.queue import Controller
from simcluster.controllers.replicaset import ReplicaSets
from simcluster.controllers.serviceaccounts import ServiceAccounts

ALL: tuple[type[Controller], ...] = (
    Namespaces,
    ServiceAccounts,
    Garbage,
    Deployments,
    ReplicaSets,
    Claims,
    ServiceEndpoints,
)


def start(store: Any, admitted: Any, clock: Clock) -> list[asyncio.Task]:
    """Begin all controllers on the running loop; each task runs until it is canceled."""
    tasks = [asyncio.create_task(one(store, admitted, clock).run(), name=one.__name__) for one in ALL]
    return [*tasks, asyncio.create_task(expire_events(store), name="events expire")]
