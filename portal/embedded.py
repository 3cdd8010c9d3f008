"""Berth in one process: simulated cluster, Celery worker, observer and server, each in a thread of its own.

For the demo and for trying things. Production runs the same parts as processes (docs/operations.md).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any

import uvicorn

from portal.celery import app as celery_app
from tenants import observer

GRACE = 3
"""Seconds that open requests and sockets get at the end."""


class Server(uvicorn.Server):
    """uvicorn that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def serve(*, host: str, port: int, ready: Callable[[], None]) -> None:
    """Runs worker and observer beside the server until it is told to stop. Blocks."""
    with ExitStack() as parts:
        parts.callback(_worker())
        parts.callback(_observer())
        with suppress(KeyboardInterrupt):  # uvicorn raises Ctrl-C again when it has stopped
            Server(server_config(host=host, port=port), ready).run()


def server_config(*, host: str, port: int) -> uvicorn.Config:
    """How the server stands: on its own, with nothing before it."""
    return uvicorn.Config(
        "portal.asgi:application",
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # what a caller says of its address counts for nothing
        timeout_graceful_shutdown=GRACE,
        ws_per_message_deflate=False,
    )


def _worker() -> Callable[[], None]:
    """A Celery worker on the in-memory broker; answers the way to stop it."""
    worker = celery_app.WorkController(
        pool="threads",
        concurrency=4,
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        hostname="demo",
    )
    thread = threading.Thread(target=worker.start, name="worker", daemon=True)
    thread.start()

    def stop() -> None:
        worker.stop(in_sighandler=False)
        thread.join(timeout=GRACE)

    return stop


def _observer() -> Callable[[], None]:
    over = threading.Event()
    thread = threading.Thread(target=observer.run, args=(over,), name="observer", daemon=True)
    thread.start()

    def stop() -> None:
        over.set()
        thread.join(timeout=GRACE)

    return stop
