"""How Berth reaches one API server: address, TLS and credentials of an alias, for workers and for streams.

One `Connection` per alias and process. The kubernetes client's configuration loaders and connection pools do
the work (kubeconfig, in-cluster tokens, exec plugins); its typed API is not used, since it costs many times
the raw JSON.
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Mapping
from typing import Any

import kubernetes.aio.client as aio_client
import kubernetes.aio.config as aio_config
import kubernetes.client as sync_client
import kubernetes.config as sync_config

from cluster.calls import Caller

STREAMS = 4096
"""Upstream connections that one process may hold open: a watch or a followed log takes one each."""

POOL = 32
"""Idle keep-alive connections kept for workers' calls."""

_KEYS = frozenset({"kubeconfig", "context", "in_cluster", "server", "timeout"})


class Connection:
    """One API server under one alias. Thread-safe; survives a fork (each process opens its own pool).

    Give exactly one of `kubeconfig` (a path; `context` picks within it), `in_cluster`, or `server` (plain
    HTTP or HTTPS without credentials: simcluster). `timeout` is the read deadline of a call in seconds.
    """

    def __init__(
        self,
        alias: str,
        *,
        kubeconfig: str | None = None,
        context: str | None = None,
        in_cluster: bool = False,
        server: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        if sum((kubeconfig is not None, in_cluster, server is not None)) != 1:
            raise ValueError(f"cluster {alias!r}: give one of kubeconfig, in_cluster and server")
        self.alias = alias
        self.timeout = timeout
        self._kubeconfig = os.path.expanduser(kubeconfig) if kubeconfig else None
        self._context = context
        self._in_cluster = in_cluster
        self._server = server
        self._lock = threading.Lock()
        self._caller: Caller | None = None
        self._pid = 0
        self._aio: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, aio_client.ApiClient]
        self._aio = weakref.WeakKeyDictionary()

    def __repr__(self) -> str:
        return f"Connection({self.alias!r})"

    @property
    def sync(self) -> Caller:
        """The caller of workers and scripts: one pool of keep-alive connections, shared by threads."""
        if self._caller is None or self._pid != os.getpid():
            with self._lock:
                if self._caller is None or self._pid != os.getpid():
                    self._caller = Caller(self._load, timeout=self.timeout, pool=POOL)
                    self._pid = os.getpid()
        return self._caller

    async def aio(self) -> aio_client.ApiClient:
        """The kubernetes.aio client of the running loop, for streams. Closed by `close_aio` or with its loop."""
        loop = asyncio.get_running_loop()
        client = self._aio.get(loop)
        if client is None:
            client = aio_client.ApiClient(await self._load_aio())
            current = self._aio.setdefault(loop, client)
            if current is not client:
                await client.close()
                client = current
        return client

    async def renew_aio(self) -> aio_client.ApiClient:
        """Reads the credentials again and answers a client with them: after a 401 on a stream."""
        await self.close_aio()
        return await self.aio()

    async def close_aio(self) -> None:
        """Closes the running loop's client; its open streams end."""
        client = self._aio.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    def close(self) -> None:
        """Closes the workers' pool. A later call opens a new one."""
        with self._lock:
            if self._caller is not None and self._pid == os.getpid():
                self._caller.close()
            self._caller = None

    @property
    def verifies_tls(self) -> bool:
        """Whether the server's certificate is checked; False for plain HTTP too. Production refuses False."""
        configuration = self._load()
        return configuration.host.startswith("https://") and bool(configuration.verify_ssl)

    def _load(self) -> sync_client.Configuration:
        configuration = sync_client.Configuration(host=self._server)
        if self._in_cluster:
            sync_config.load_incluster_config(client_configuration=configuration)
        elif self._kubeconfig:
            sync_config.load_kube_config(
                config_file=self._kubeconfig,
                context=self._context,
                client_configuration=configuration,
                persist_config=False,
            )
        return configuration

    async def _load_aio(self) -> aio_client.Configuration:
        configuration = aio_client.Configuration(host=self._server, connection_pool_maxsize=STREAMS)
        if self._in_cluster:
            aio_config.load_incluster_config(client_configuration=configuration)
        elif self._kubeconfig:
            await aio_config.load_kube_config(
                config_file=self._kubeconfig,
                context=self._context,
                client_configuration=configuration,
                persist_config=False,
            )
        return configuration


def connect(alias: str, config: Mapping[str, Any]) -> Connection:
    """The connection of `settings.CLUSTERS[alias]`: keys kubeconfig, context, in_cluster, server, timeout.

    Raises ValueError for an unknown key or when it is not clear where the API server is.
    """
    unknown = set(config) - _KEYS
    if unknown:
        raise ValueError(f"cluster {alias!r}: unknown settings {', '.join(sorted(unknown))}")
    return Connection(alias, **config)
