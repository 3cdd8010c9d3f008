"""How a pod that is deleted ends: hooks, the polite signal, the kill after the grace, the last status.

What the status shows at each step was read off a real node of Kubernetes 1.37.
"""

from simcluster.kubelet.container import Container
from simcluster.kubelet.worker import Worker

LOST = {
    "exitCode": 137,
    "finishedAt": None,
    "message": "The container could not be located when the pod was terminated",
    "reason": "ContainerStatusUnknown",
    "startedAt": None,
}


async def terminate(worker: Worker) -> None:
    """Ask every program to stop, kill after the grace, write the last status, let the object go."""
    clock = worker.clock
    grace = worker.pod["metadata"].get("deletionGracePeriodSeconds", 30)
    worker.publish()
    live = [one for one in worker.containers if one.process is not None]
    for container in live:
        worker.normal(container, "Killing", f"Stopping container {container.name}")
        worker.prober.stop(container)
    deadline = clock.elapsed() + grace
    await _before_stop(worker, live, grace)
    for container in live:
        if container.process is not None:
            container.process.stop()
    await worker.until_ended(deadline - clock.elapsed())
    _last_states(worker)
    worker.final = True
    worker.publish()
    worker.sandbox.over = True
    await clock.sleep(0.3)
    worker.publish()
    _release(worker)


async def _before_stop(worker: Worker, live: list[Container], grace: float) -> None:
    """preStop hooks that wait (`sleep`, or a `sleep` command) take their time from the grace."""
    longest = 0.0
    for container in live:
        hook = (container.spec.get("lifecycle") or {}).get("preStop") or {}
        command = (hook.get("exec") or {}).get("command") or []
        if "sleep" in hook:
            longest = max(longest, hook["sleep"].get("seconds", 0))
        elif command[:1] in (["sleep"], ["/bin/sleep"]) and command[1:2] and command[1].isdigit():
            longest = max(longest, float(command[1]))
    if longest:
        await worker.clock.sleep(min(longest, grace))


def _last_states(worker: Worker) -> None:
    """A container that waited to be restarted shows how it ended; one that never ran cannot be located."""
    for container in worker.containers:
        if "waiting" in container.state:
            last = container.last.get("terminated")
            container.state = {"terminated": last or dict(LOST)}
            container.last = {} if last else container.last


def _release(worker: Worker) -> None:
    """The kubelet's own deletion without grace; another's finalizer may still hold the object."""
    metadata = worker.pod["metadata"]
    stored = worker.store.get("pods", metadata["namespace"], metadata["name"])
    if stored is not None and stored["metadata"]["uid"] == metadata["uid"]:
        worker.store.delete("pods", metadata["namespace"], metadata["name"], grace=0)
