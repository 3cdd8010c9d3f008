"""What nodes do: one worker a pod, from its binding to its last status, and the logs of its containers."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from simcluster import errors
from simcluster.clock import Clock
from simcluster.kubelet import log_request
from simcluster.kubelet.lifecycle import PodWorker
from simcluster.kubelet.logs import ContainerLog
from simcluster.kubelet.node import Addresses, NodeAgent
from simcluster.kubelet.scheduler import Scheduler

FINAL = ("Succeeded", "Failed")


class Kubelets:
    """All nodes of the cluster, and the scheduler. They act through the Store only."""

    def __init__(self, store: Any, admitted: Any, clock: Clock):
        self.store = store
        self.clock = clock
        self._scheduler = Scheduler(store, admitted, clock)
        self._addresses = Addresses()
        self._nodes: dict[str, NodeAgent] = {}
        self._workers: dict[str, PodWorker] = {}
        self._tasks: list[asyncio.Task] = []

    def start(self) -> list[asyncio.Task]:
        """Begin on the running loop; pods that an earlier run of this program left are taken over first."""
        for pod in self.store.list("pods"):
            if pod["spec"].get("nodeName") and (pod.get("status") or {}).get("containerStatuses"):
                self._worker(pod).adopt()
        self._tasks = [
            asyncio.create_task(self._watch(), name="kubelets"),
            asyncio.create_task(self._scheduler.run(), name="scheduler"),
        ]
        return self._tasks

    async def stop(self) -> None:
        """End all work, leaving objects as they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def log(self, namespace: str, pod: str, params: Mapping[str, str]) -> AsyncIterator[bytes] | None:
        """The log that GET …/pods/{pod}/log asks for, in pieces; None for a pod on no node.

        Raises ApiError 400, 404, 422.
        """
        found = self.store.get("pods", namespace, pod)
        if found is None:
            raise errors.not_found("pods", pod)
        options = log_request.options(pod, params, self.clock.now())
        name = log_request.container(found, params)
        if not found["spec"].get("nodeName"):
            return None
        run = log_request.run(found, name, previous=log_request.previous(params))
        log = self._log_of(found["metadata"]["uid"], name, run)
        return log.read(options) if log is not None else _nothing()

    def _log_of(self, uid: str, name: str, run: str) -> ContainerLog | None:
        worker = self._workers.get(uid)
        if worker is None:
            return None
        container = next(one for one in worker.containers if one.name == name)
        return container.logs.get(run)

    async def _watch(self) -> None:
        try:
            async for change, resource, obj, _ in self.store.subscribe("nodes", "pods"):
                if resource == "pods":
                    self._hear(change, obj)
                elif change == "DELETED":
                    self._nodes.pop(obj["metadata"]["name"], None)
        finally:
            for worker in self._workers.values():
                worker.forget()
            self._workers.clear()

    def _hear(self, change: str, pod: dict) -> None:
        uid = pod["metadata"]["uid"]
        worker = self._workers.get(uid)
        if change == "DELETED":
            if worker is not None:
                self._workers.pop(uid).forget()
        elif worker is not None:
            worker.observe(pod)
        elif pod["spec"].get("nodeName") and (pod.get("status") or {}).get("phase") not in FINAL:
            self._worker(pod).kick()

    def _worker(self, pod: dict) -> PodWorker:
        node = self._node(pod["spec"]["nodeName"])
        worker = self._workers[pod["metadata"]["uid"]] = PodWorker(self.store, self.clock, node, pod)
        return worker

    def _node(self, name: str) -> NodeAgent:
        agent = self._nodes.get(name)
        if agent is None:
            node = self.store.get("nodes", None, name) or {"metadata": {"name": name}}
            agent = self._nodes[name] = NodeAgent(node, self.store, self.clock, self._addresses)
        return agent


async def _nothing() -> AsyncIterator[bytes]:
    """An empty log."""
    return
    yield b""
