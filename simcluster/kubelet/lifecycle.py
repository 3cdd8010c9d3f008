"""One pod on its node, from volumes to the last status: a short task while something changes, timers otherwise.

Follows the order of the kubelet's syncPod and killPod; what a pod's status shows at each step was read off a real node.
"""

import asyncio
import logging
from typing import Any

from simcluster.clock import Clock
from simcluster.kubelet import ending, launch, status, volumes
from simcluster.kubelet.container import Container
from simcluster.kubelet.environment import ConfigError, content
from simcluster.kubelet.node import NodeAgent
from simcluster.kubelet.probing import Probing
from simcluster.references import InvalidName

log = logging.getLogger(__name__)

MOUNT_FIRST, MOUNT_MOST = 0.5, 122.0
RELIST = 0.4


class PodWorker:
    """Acts for one pod (by uid) until it is gone."""

    def __init__(self, store: Any, clock: Clock, node: NodeAgent, pod: dict):
        self.store = store
        self.clock = clock
        self.node = node
        self.pod = pod
        self.sandbox = status.Sandbox()
        first = pod["spec"].get("initContainers") or []
        self.init = [Container(one, init=True, initializing=True) for one in first]
        self.main = [Container(one, init=False, initializing=bool(first)) for one in pod["spec"]["containers"]]
        self.mounted = False
        self.final = False
        self._mount_wait = MOUNT_FIRST
        self.prober = Probing(self)
        self._task: asyncio.Task | None = None
        self._again = self._interrupted = False
        self._timer: asyncio.TimerHandle | None = None
        self._gone = False
        self._grace: float | None = None
        self._ended = asyncio.Event()

    @property
    def full_name(self) -> str:
        """name_namespace(uid), as the kubelet writes a pod."""
        metadata = self.pod["metadata"]
        return f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"

    @property
    def containers(self) -> list[Container]:
        return [*self.init, *self.main]

    # What others tell it

    def adopt(self) -> None:
        """Take over a pod whose status is from an earlier run of this program."""
        before = self.pod.get("status") or {}
        known = [*(before.get("initContainerStatuses") or ()), *(before.get("containerStatuses") or ())]
        by_name = {one["name"]: one for one in known}
        for container in self.containers:
            if container.name in by_name:
                container.restore(by_name[container.name])
                container.ended_at = self.clock.elapsed()
        self.sandbox.ip = before.get("podIP", "")
        self.node.take_address(self.sandbox.ip)
        self.mounted = bool(self.sandbox.ip)
        self._resume_running()
        if before.get("phase") not in ("Succeeded", "Failed"):
            self.kick()

    def _resume_running(self) -> None:
        for container in self.containers:
            if not container.running:
                continue
            try:
                launch.resume(self, container)
            except (InvalidName, ConfigError, AssertionError):
                container.end(255, self.clock, reason="Unknown")

    def observe(self, pod: dict) -> None:
        """The pod changed: a deletion, or somebody else's metadata."""
        self.pod = pod
        if not pod["metadata"].get("deletionTimestamp"):
            return
        grace = pod["metadata"].get("deletionGracePeriodSeconds", 0)
        if self._grace is None:
            self._grace = grace
            self._cancel_timer()
            self.kick(interrupt=True)
        elif grace < self._grace:
            self._grace = grace
            self.clock.call_later(grace, self.kill_all)

    def kick(self, *, interrupt: bool = False) -> None:
        """Look again: now, or when the look that is under way ends. `interrupt` breaks off a start."""
        if self._gone:
            return
        if self._task is not None and not self._task.done():
            self._again = True
            if interrupt:
                self._interrupted = True
                self._task.cancel()
            return
        self._task = asyncio.get_running_loop().create_task(self._look())

    def forget(self) -> None:
        """The object is gone: end everything without a word."""
        self._gone = True
        self._cancel_timer()
        if self._task is not None:
            self._task.cancel()
        for container in self.containers:
            self.prober.stop(container)
            if container.process is not None:
                process, container.process = container.process, None
                container.runs += 1
                process.kill()
            if container.log is not None:
                container.log.close()
        self.node.free_address(self.sandbox.ip)

    def exited(self, container: Container, code: int, oom: bool) -> None:
        """A program ended by itself or was stopped."""
        self.prober.stop(container)
        container.end(code, self.clock, oom=oom)
        self._ended.set()
        if self._gone:
            return
        self.publish()
        self._look_after(RELIST)

    # What it says

    def normal(self, container: Container, reason: str, message: str) -> None:
        self.node.recorder.normal(self.pod, reason, message, container.field_path)

    def warning(self, container: Container, reason: str, message: str) -> None:
        self.node.recorder.warning(self.pod, reason, message, container.field_path)

    def publish(self) -> None:
        """Write the status when it changed."""
        if self._gone:
            return
        metadata = self.pod["metadata"]
        stored = self.store.get("pods", metadata["namespace"], metadata["name"])
        if stored is None or stored["metadata"]["uid"] != metadata["uid"]:
            return
        now = self.clock.stamp()
        new = status.build(stored, self.sandbox, self.init, self.main, now, self.node.address, final=self.final)

        def change(copy: dict) -> None:
            copy["status"] = new

        updated = self.store.modify("pods", metadata["namespace"], metadata["name"], change, status_only=True)
        if updated is not None:
            self.pod = updated

    def pull_secrets(self) -> list[dict]:
        return [found for _, found in self._pull_secrets() if found is not None]

    def missing_pull_secrets(self) -> list[str]:
        """Names of those that the pod wants and that are not there."""
        return [name for name, found in self._pull_secrets() if found is None]

    def _pull_secrets(self) -> list[tuple[str, dict | None]]:
        namespace = self.pod["metadata"]["namespace"]
        names = [one.get("name", "") for one in self.pod["spec"].get("imagePullSecrets") or ()]
        return [(name, self.store.get("secrets", namespace, name)) for name in names]

    def files(self, container: Container) -> dict[str, str]:
        """Paths and texts of the secrets and config maps that are mounted."""
        sources = {one["name"]: one for one in self.pod["spec"].get("volumes") or ()}
        found: dict[str, str] = {}
        for mount in container.spec.get("volumeMounts") or ():
            volume = sources.get(mount["name"], {})
            for field, resource, key in (("secret", "secrets", "secretName"), ("configMap", "configmaps", "name")):
                name = (volume.get(field) or {}).get(key)
                obj = self.store.get(resource, self.pod["metadata"]["namespace"], name) if name else None
                for file, text in content(obj).items() if obj else ():
                    found[f"{mount['mountPath'].rstrip('/')}/{file}"] = text
        return found

    # What it does

    async def _look(self) -> None:
        try:
            while True:
                self._again = False
                try:
                    if self.pod["metadata"].get("deletionTimestamp"):
                        await ending.terminate(self)
                    else:
                        await self._sync()
                except asyncio.CancelledError:
                    if self._gone or not self._interrupted:
                        raise
                    self._interrupted = False
                if not self._again or self._gone:
                    return
        except asyncio.CancelledError:
            return
        except Exception:  # whatever it was: the pod is looked at again, as a kubelet does
            log.exception("pod %s", self.full_name)
            self._look_after(launch.SYNC)

    async def _sync(self) -> None:
        if not self.mounted and not self._mount():
            return
        if not self.sandbox.ip:
            await self.clock.sleep(0.2)
            self.sandbox.ip = self.node.new_address()
            self.publish()
        waits: list[float] = []
        if await self._initialize(waits):
            for container in self.main:
                if self._wants_start(container):
                    wait = await launch.launch(self, container)
                    waits.extend([wait] if wait is not None else [])
        self._finish_if_over()
        self.publish()
        if waits:
            self._look_after(min(waits))

    def _mount(self) -> bool:
        why = volumes.problem(self.store, self.pod)
        self.publish()
        if why is None:
            self.mounted = True
            return True
        self.node.recorder.warning(self.pod, "FailedMount", why)
        self._look_after(self._mount_wait)
        self._mount_wait = min(MOUNT_MOST, self._mount_wait * 2)
        return False

    async def _initialize(self, waits: list[float]) -> bool:
        """Init containers one after the other; True when the main ones may start."""
        for container in self.init:
            if container.succeeded or (container.running and container.sidecar and container.started):
                continue
            if container.running or not self._wants_start(container):
                return False
            wait = await launch.launch(self, container)
            if wait is not None:
                waits.append(wait)
            if not (container.sidecar and container.started):
                return False
        return True

    def _wants_start(self, container: Container) -> bool:
        if container.running or container.succeeded:
            return False
        ended = container.ended
        if ended is None or container.sidecar:
            return True
        policy = self.pod["spec"].get("restartPolicy", "Always")
        if container.init and policy == "Always":
            return True
        return policy == "Always" or (policy == "OnFailure" and ended["exitCode"] != 0)

    def _finish_if_over(self) -> None:
        policy = self.pod["spec"].get("restartPolicy", "Always")
        if status.phase(policy, self.init, self.main) in ("Succeeded", "Failed"):
            self.publish()
            self.sandbox.over = True
            for container in self.init:
                if container.process is not None:
                    container.process.kill()

    async def until_ended(self, seconds: float) -> None:
        """Until no program runs any more, `seconds` at most."""
        timer = self.clock.call_later(seconds, self.kill_all)
        while any(one.process for one in self.containers):
            self._ended.clear()
            await self._ended.wait()
        timer.cancel()

    def kill_all(self) -> None:
        """SIGKILL to whatever still runs."""
        for container in self.containers:
            if container.process is not None:
                container.process.kill()

    # Timers

    def _look_after(self, seconds: float) -> None:
        self._cancel_timer()
        self._timer = self.clock.call_later(seconds, self.kick)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
