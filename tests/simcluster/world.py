"""A simulated cluster inside the test's own loop: store, controllers and nodes, without the HTTP server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from simcluster import controllers
from simcluster.admission import AdmittedStore
from simcluster.clock import Clock
from simcluster.kubelet import Kubelets
from simcluster.seeds import seed
from simcluster.store import Store

NAMESPACE = "team"
IMAGE = "registry.example/hello:v1"
DEPLOYMENTS, SETS = "deployments.apps", "replicasets.apps"


class World:
    """What a test holds: the cluster's parts, and words to make and await things."""

    def __init__(self, store: Store, admitted: AdmittedStore, kubelets: Kubelets, clock: Clock):
        self.store = store
        self.admitted = admitted
        self.kubelets = kubelets
        self.clock = clock
        self._changed = asyncio.Event()
        store.listeners.append(lambda _: self._changed.set())

    async def create(self, resource: str, obj: dict[str, Any]) -> dict[str, Any]:
        obj.setdefault("metadata", {})
        if resource != "namespaces":
            obj["metadata"].setdefault("namespace", NAMESPACE)
        return await self.admitted.create(resource, obj)

    async def namespace(self, name: str = NAMESPACE, **labels: str) -> None:
        """With its default account, without which it takes no pods."""
        await self.create("namespaces", {"metadata": {"name": name, "labels": labels}})
        await self.until(lambda: self.store.get("serviceaccounts", name, "default"))

    async def deploy(self, name: str = "web", **more: Any) -> dict[str, Any]:
        return await self.create(DEPLOYMENTS, deployment(name, **more))

    async def pod(self, name: str, **spec: Any) -> dict[str, Any]:
        return await self.create("pods", {"metadata": {"name": name}, "spec": spec})

    async def until(self, holds: Callable[[], Any], seconds: float = 10) -> Any:
        """What `holds` answers, as soon as it is true; it is asked after every change of the store."""
        async with asyncio.timeout(seconds):
            while True:
                self._changed.clear()
                found = holds()
                if found:
                    return found
                await self._changed.wait()

    def pods(self, app: str = "web") -> list[dict[str, Any]]:
        found = self.store.list("pods", NAMESPACE)
        return [pod for pod in found if (pod["metadata"].get("labels") or {}).get("app") == app]

    def waiting(self, app: str = "web") -> dict[str, Any]:
        """What the first container of the app's first pod waits for."""
        for pod in self.pods(app):
            for status in (pod.get("status") or {}).get("containerStatuses") or ():
                return status["state"].get("waiting") or {}
        return {}

    async def waits(self, reason: str, app: str = "web") -> str:
        """The message of the waiting state with this reason, once it is there."""
        found = await self.until(lambda: self.waiting(app).get("reason") == reason and self.waiting(app))
        return found.get("message", "")

    def events(self, reason: str) -> list[dict[str, Any]]:
        return [event for event in self.store.list("events", NAMESPACE) if event["reason"] == reason]

    async def event(self, reason: str) -> dict[str, Any]:
        return (await self.until(lambda: self.events(reason)))[0]

    def condition(self, kind: str, app: str = "web") -> dict[str, Any]:
        found = self.store.get(DEPLOYMENTS, NAMESPACE, app) or {}
        conditions = (found.get("status") or {}).get("conditions") or ()
        return next((one for one in conditions if one["type"] == kind), {})

    async def ready(self, count: int, app: str = "web") -> list[dict[str, Any]]:
        """The app's pods, once exactly so many are there and all are ready."""

        def holds() -> bool:
            pods = self.pods(app)
            return len(pods) == count and all(is_ready(pod) for pod in pods)

        await self.until(holds)
        return self.pods(app)

    async def available(self, count: int, app: str = "web") -> dict[str, Any]:
        def holds() -> Any:
            status = (self.store.get(DEPLOYMENTS, NAMESPACE, app) or {}).get("status") or {}
            same = status.get("availableReplicas") == status.get("updatedReplicas") == status.get("replicas") == count
            return same and status

        return await self.until(holds)

    def follow(self, pod: str, **params: str) -> AsyncIterator[bytes]:
        """The pieces of a log; the pod must be on a node."""
        pieces = self.kubelets.log(NAMESPACE, pod, params)
        assert pieces is not None
        return pieces

    async def log(self, pod: str, **params: str) -> list[str]:
        return b"".join([piece async for piece in self.follow(pod, **params)]).decode().splitlines()


def is_ready(pod: dict[str, Any]) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def container(name: str = "web", *, env: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    variables = [{"name": key, "value": value} for key, value in (env or {}).items()]
    return {"name": name, "image": IMAGE, "env": variables, **more}


def deployment(name: str, *, replicas: int = 1, pod: dict | None = None, spec: dict | None = None, **of: Any) -> dict:
    """Of one container; `of` goes to the container, `pod` to the pod's spec, `spec` to the Deployment's."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container(**of)], **(pod or {})}}
    template["spec"].setdefault("terminationGracePeriodSeconds", 5)
    body = {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template, **(spec or {})}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": body}


@asynccontextmanager
async def world(*, speed: float = 50, store: Store | None = None, nodes: int = 1) -> AsyncIterator[World]:
    """A running cluster with the namespace `team`; another run's `store` may be given."""
    clock = Clock(speed)
    fresh = store is None
    store = store or Store(clock)
    admitted = AdmittedStore(store)
    admitted.start()
    seed(store, nodes)
    kubelets = Kubelets(store, admitted, clock)
    kubelets.start()
    tasks = controllers.start(store, admitted, clock)
    here = World(store, admitted, kubelets, clock)
    try:
        if fresh:
            await here.namespace()
        yield here
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await kubelets.stop()
        store.listeners.clear()
