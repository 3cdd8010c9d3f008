"""The server itself: a thread with its own event loop, on loopback only."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from simcluster.admission import AdmittedStore
from simcluster.app import App
from simcluster.clock import Clock
from simcluster.controllers import start as start_controllers
from simcluster.faults import Fault, Faults
from simcluster.kubeconfig import kubeconfig
from simcluster.kubelet import Kubelets
from simcluster.persistence import StateFile
from simcluster.seeds import seed
from simcluster.store import Store

HOST = "127.0.0.1"
log = logging.getLogger(__name__)


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that lets the app break its own connection, for faults."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self.access_log = False

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: Any = {"simcluster.transport": self.transport}
        self.scope["extensions"] = extensions


class SimCluster:
    """A Kubernetes API server in this process. Use start() and stop(), or as a context manager.

    `state_path`: a file that keeps the state over restarts. `port` 0 takes a free one. `speed` shortens every simulated
    wait. `nodes`: how many nodes there are. `controllers` False leaves the API server alone: nothing runs.
    """

    def __init__(
        self,
        *,
        state_path: str | Path | None = None,
        port: int = 0,
        speed: float = 1.0,
        nodes: int = 1,
        controllers: bool = True,
    ):
        self.port = port
        self.clock = Clock(speed)
        self.faults = Faults()
        self.store: Store
        self._nodes = nodes
        self._controllers = controllers
        self._state_path = Path(state_path) if state_path else None
        self._state: StateFile | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._listener: asyncio.Server | None = None
        self._connections: ServerState
        self._make_protocol: Callable[[], Protocol]
        self._tasks: list[asyncio.Task[Any]] = []

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def write_kubeconfig(self, path: str | Path) -> Path:
        """A kubeconfig for this server; answers its path."""
        path = Path(path)
        path.write_text(kubeconfig(self.url))
        return path

    def start(self) -> "SimCluster":
        """Serve; returns when requests are answered. Raises what kept it from starting."""
        started: threading.Event = threading.Event()
        failure: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=(started, failure), name="simcluster", daemon=True)
        self._thread.start()
        started.wait()
        if failure:
            self._thread.join()
            raise failure[0]
        return self

    def stop(self) -> None:
        """Close every connection, write the state, end the thread. Safe to repeat."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(loop.stop)
        thread.join()
        self._loop = self._thread = None

    def stop_answering(self) -> None:
        """Refuse connections and break those that are open; the cluster itself lives on."""
        self._call(self._close_listener())

    def resume(self) -> None:
        """Answer again, on the same port."""
        self._call(self._listen())

    def fault(self, kind: str, match: dict[str, str] | None = None, **more: Any) -> Fault:
        """As POST /_faults. Raises ValueError on an unknown kind."""
        return self.faults.add(kind, match, **more)

    def clear_faults(self) -> None:
        self.faults.clear()

    def forget_history(self, *resources: str) -> None:
        """Make watches and continue tokens too old (410), as a compaction does."""

        async def forget() -> None:
            self.store.version += 1
            self.store.forget_history(*resources)

        self._call(forget())

    def __enter__(self) -> "SimCluster":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _call(self, coroutine: Any) -> Any:
        if self._loop is None:
            coroutine.close()
            raise RuntimeError("simcluster does not run")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=10)

    def _run(self, started: threading.Event, failure: list[BaseException]) -> None:
        loop = self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._open())
        except BaseException as error:
            failure.append(error)
            loop.close()
            started.set()
            return
        started.set()
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(self._close())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    async def _open(self) -> None:
        self.store = Store(self.clock)
        admitted = AdmittedStore(self.store)
        if self._state_path is not None:
            self._state = StateFile(self._state_path)
            self._state.load(self.store)
        admitted.start()
        seed(self.store, self._nodes)
        self.store.forget_history()
        if self._state is not None:
            self._state.follow(self.store)
        logs = self._start_controllers(admitted) if self._controllers else None
        config = Config(
            App(self.store, admitted, self.faults, logs),
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=120,
        )
        config.load()
        self._connections = ServerState()
        self._make_protocol = lambda: Protocol(config, self._connections, {})
        await self._listen()

    def _start_controllers(self, admitted: AdmittedStore) -> Any:
        kubelets = Kubelets(self.store, admitted, self.clock)
        kubelets.start()
        self._tasks.extend(start_controllers(self.store, admitted, self.clock))
        return kubelets

    async def _listen(self) -> None:
        if self._listener is None:
            loop = asyncio.get_running_loop()
            self._listener = await loop.create_server(self._make_protocol, HOST, self.port, backlog=512)
            self.port = self._listener.sockets[0].getsockname()[1]

    async def _close_listener(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for connection in tuple(self._connections.connections):
            transport: Any = connection.transport
            if transport is not None:
                transport.abort()

    async def _close(self) -> None:
        await self._close_listener()
        running: Sequence[asyncio.Task[Any]] = [
            task for task in asyncio.all_tasks() if task is not asyncio.current_task()
        ]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._state is not None:
            self._state.close()
