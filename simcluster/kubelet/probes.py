"""Startup, liveness and readiness probes with their own periods and thresholds; the texts are the kubelet's.

A probe that succeeded rests: the simulated programs answer the same until they end, so that ten thousand ready pods
need no timers. It goes on where a request leaves a trace in the log, or where it fails.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from simcluster.clock import Clock
from simcluster.kubelet.container import Container
from simcluster.kubelet.shell import run_command


class Probe:
    """One probe of one run of a container.

    `verdict(True|False)` is called when a threshold is reached, `unhealthy(text)` at every failure.
    """

    def __init__(  # noqa: PLR0917 - a probe is what it asks, of whom, and whom it tells
        self,
        spec: dict,
        container: Container,
        pod_ip: str,
        clock: Clock,
        verdict: Callable[[bool], None],
        unhealthy: Callable[[str], None],
    ):
        self.spec = spec
        self.container = container
        self.pod_ip = pod_ip
        self.clock = clock
        self._verdict = verdict
        self._unhealthy = unhealthy
        self._good = self._bad = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        delay = self.spec.get("initialDelaySeconds", 0)
        self._timer = self.clock.call_later(max(delay, 0.1), self._tick)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        failure = self._ask()
        if failure is None:
            self._bad, self._good = 0, self._good + 1
            reached = self._good == self.spec.get("successThreshold", 1)
        else:
            self._good, self._bad = 0, self._bad + 1
            self._unhealthy(failure)
            reached = self._bad >= self.spec.get("failureThreshold", 3)
        rests = failure is None and self._good >= self.spec.get("successThreshold", 1) and not self._leaves_trace()
        if not rests:
            self._timer = self.clock.call_later(self.spec.get("periodSeconds", 10), self._tick)
        if reached:
            if failure is not None:
                self._bad = 0
            self._verdict(failure is None)

    def _ask(self) -> str | None:
        """None for success, else what the kubelet says of the failure."""
        process = self.container.process
        if "exec" in self.spec:
            return self._run(self.spec["exec"].get("command") or [])
        if "httpGet" in self.spec:
            return self._get(self.spec["httpGet"])
        port = self._port((self.spec.get("tcpSocket") or self.spec.get("grpc") or {}).get("port", 0))
        if process is not None and process.listens(port):
            return None
        if "grpc" in self.spec:
            return f'timeout: failed to connect service "{self.pod_ip}:{port}" within 1s: context deadline exceeded'
        return f"dial tcp {self.pod_ip}:{port}: connect: connection refused"

    def _get(self, spec: dict) -> str | None:
        port = self._port(spec.get("port", 0))
        path = spec.get("path") or "/"
        path = path if path.startswith("/") else f"/{path}"
        process = self.container.process
        answer = process.request(port, path) if process is not None else None
        host = spec.get("host") or self.pod_ip
        if answer is None:
            scheme = spec.get("scheme", "HTTP").lower()
            return f'Get "{scheme}://{host}:{port}{path}": dial tcp {host}:{port}: connect: connection refused'
        return None if 200 <= answer < 400 else f"HTTP probe failed with statuscode: {answer}"

    def _run(self, command: list[str]) -> str | None:
        process = self.container.process
        if process is None:
            return "container is not running"
        code, output = run_command(command, process.setting)
        return None if code == 0 else output

    def _port(self, port: Any) -> int:
        """A name is one of the container's ports."""
        if isinstance(port, int):
            return port
        for one in self.container.spec.get("ports") or ():
            if one.get("name") == port:
                return int(one["containerPort"])
        return int(port) if str(port).isdigit() else 0

    def _leaves_trace(self) -> bool:
        process, get = self.container.process, self.spec.get("httpGet")
        return get is not None and process is not None and process.notes_requests(get.get("path") or "/")
