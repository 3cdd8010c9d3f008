"""What the steps of a pod's life (start, probes, end) may ask of the worker whose pod it is: `lifecycle.PodWorker`."""

from typing import Any, Protocol

from simcluster.clock import Clock
from simcluster.kubelet.container import Container
from simcluster.kubelet.node import NodeAgent
from simcluster.kubelet.status import Sandbox


class Prober(Protocol):
    """Begins and ends the probes of a container's run."""

    def start(self, container: Container) -> None: ...

    def stop(self, container: Container) -> None: ...


class Worker(Protocol):
    store: Any
    clock: Clock
    node: NodeAgent
    pod: dict
    sandbox: Sandbox
    final: bool

    @property
    def prober(self) -> Prober: ...

    @property
    def full_name(self) -> str: ...

    @property
    def containers(self) -> list[Container]: ...

    def kick(self, *, interrupt: bool = False) -> None: ...

    def exited(self, container: Container, code: int, oom: bool) -> None: ...

    def normal(self, container: Container, reason: str, message: str) -> None: ...

    def warning(self, container: Container, reason: str, message: str) -> None: ...

    def publish(self) -> None: ...

    def pull_secrets(self) -> list[dict]: ...

    def missing_pull_secrets(self) -> list[str]: ...

    def files(self, container: Container) -> dict[str, str]: ...

    async def until_ended(self, seconds: float) -> None: ...
