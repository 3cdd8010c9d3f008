"""One container of a pod: its state as the API shows it, its run, its logs and its back-off."""

import secrets
from typing import Any

from simcluster.clock import Clock
from simcluster.kubelet.backoff import Backoff
from simcluster.kubelet.images import Image
from simcluster.kubelet.logs import ContainerLog
from simcluster.kubelet.programs import Process


class Container:
    """`state` and `last` are ContainerState objects; `ended_at` is in simulated seconds of Clock.elapsed()."""

    def __init__(self, spec: dict, *, init: bool, initializing: bool):
        self.spec = spec
        self.name: str = spec["name"]
        self.init = init
        self.state: dict[str, Any] = {"waiting": {"reason": "PodInitializing" if initializing else "ContainerCreating"}}
        self.last: dict[str, Any] = {}
        self.restarts = 0
        self.runs = 0
        self.ready = False
        self.started = False
        self.id = ""
        self.image: Image | None = None
        self.uid = 0
        self.process: Process | None = None
        self.log: ContainerLog | None = None
        self.logs: dict[str, ContainerLog] = {}
        self.ended_at = 0.0
        self.crash = Backoff()
        self.pull = Backoff()
        self.pull_failed_at = 0.0
        self.pull_error = ""

    @property
    def sidecar(self) -> bool:
        """An init container that keeps running beside the others."""
        return self.init and self.spec.get("restartPolicy") == "Always"

    @property
    def field_path(self) -> str:
        """What events of this container point at."""
        return f"spec.{'initContainers' if self.init else 'containers'}{{{self.name}}}"

    @property
    def running(self) -> bool:
        return "running" in self.state

    @property
    def ended(self) -> dict[str, Any] | None:
        """How it ended, when it is not running now: its last run's `terminated`."""
        if self.running:
            return None
        return self.state.get("terminated") or self.last.get("terminated")

    @property
    def succeeded(self) -> bool:
        """An init container's work is done."""
        return self.init and self.state.get("terminated", {}).get("exitCode") == 0

    def wait(self, reason: str, message: str = "") -> bool:
        """Show a waiting state; an ended run moves to lastState. Answers whether anything changed."""
        waiting = {"reason": reason, **({"message": message} if message else {})}
        if "terminated" in self.state:
            self.last = {"terminated": self.state["terminated"]}
        changed = self.state != {"waiting": waiting}
        self.state = {"waiting": waiting}
        return changed

    def create(self, image: Image, uid: int) -> None:
        """A new run gets an id and a log; the log of the run before is kept."""
        if self.runs:
            self.restarts += 1
        self.runs += 1
        if "terminated" in self.state:
            self.last = {"terminated": self.state["terminated"]}
        self.id = f"containerd://{secrets.token_hex(32)}"
        self.equip(image, uid)

    def equip(self, image: Image, uid: int) -> None:
        """The run that `id` names gets its log."""
        self.image, self.uid = image, uid
        self.log = ContainerLog()
        kept = list(self.logs.items())[-1:]
        self.logs = {**dict(kept), self.id: self.log}

    def begin(self, process: Process | None, clock: Clock) -> None:
        self.process = process
        self.state = {"running": {"startedAt": clock.stamp()}}

    def end(self, code: int, clock: Clock, *, oom: bool = False, reason: str = "", message: str = "") -> None:
        """The run is over: `terminated`, with the reason that the kubelet gives an exit code."""
        began = self.state.get("running", {}).get("startedAt", "1970-01-01T00:00:00Z")
        terminated = {
            "containerID": self.id,
            "exitCode": code,
            "finishedAt": clock.stamp(),
            "reason": reason or ("OOMKilled" if oom else "Error" if code else "Completed"),
            "startedAt": began,
        }
        if message:
            terminated["message"] = message
        self.state = {"terminated": terminated}
        self.process = None
        self.ready = self.started = False
        self.ended_at = clock.elapsed()
        if self.log is not None:
            self.log.close()

    def restore(self, status: dict) -> None:
        """Take over what a status of an earlier run of this program says."""
        self.state, self.last = dict(status["state"]), dict(status.get("lastState") or {})
        self.restarts = status.get("restartCount", 0)
        self.runs = self.restarts + 1 if status.get("containerID") else 0
        self.ready, self.started = status.get("ready", False), status.get("started", False)
        self.id = status.get("containerID", "")

    def status(self, security: dict) -> dict[str, Any]:
        """ContainerStatus, in the shape of Kubernetes 1.37; `security` is the pod's security context."""
        found: dict[str, Any] = {
            "name": self.name,
            "image": self.image.reference if self.image and self.id else self.spec["image"],
            "imageID": self.image.image_id if self.image and self.id else "",
            "lastState": self.last,
            "ready": self.succeeded if self.init and not self.sidecar else self.ready,
            "restartCount": self.restarts,
            "started": self.started,
            "state": self.state,
        }
        mounts = self.spec.get("volumeMounts")
        if mounts:
            found["volumeMounts"] = [_mount(one) for one in mounts]
        if self.id:
            found["containerID"] = self.id
            resources = self.spec.get("resources") or {}
            found["resources"] = resources
            if resources.get("requests"):
                found["allocatedResources"] = resources["requests"]
            group = self._security(security, "runAsGroup", 0)
            groups = sorted({group, *([security["fsGroup"]] if "fsGroup" in security else [])})
            linux = {"gid": group, "supplementalGroups": groups, "uid": self.uid}
            found["user"] = {"linux": linux}
        return found

    def _security(self, pod: dict, field: str, default: Any) -> Any:
        return (self.spec.get("securityContext") or {}).get(field, pod.get(field, default))


def _mount(mount: dict) -> dict[str, Any]:
    shown = {"name": mount["name"], "mountPath": mount["mountPath"]}
    if mount.get("readOnly"):
        shown |= {"readOnly": True, "recursiveReadOnly": "Disabled"}
    return shown
