"""The pod row: its STATUS and READY as printPod makes them."""

from typing import Any

from simcluster.tables.durations import ago, since

Obj = dict[str, Any]


def pod_cells(pod: Obj) -> list[Any]:
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    row = _Row(pod)
    row.init_containers()
    if not row.initializing or _condition(status, "Initialized"):
        row.containers()
    reason = row.reason
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif status.get("phase") not in ("Succeeded", "Failed"):
            reason = "Terminating"
    restarts = str(row.restarts)
    if row.restarts and row.last:
        restarts = f"{row.restarts} ({ago(row.last)} ago)"
    cells = [pod["metadata"]["name"], f"{row.ready}/{row.total}", reason, restarts, since(pod)]
    addresses = status.get("podIP") or "<none>"
    gates = "<none>"
    nominated = status.get("nominatedNodeName") or "<none>"
    return [*cells, addresses, spec.get("nodeName") or "<none>", nominated, gates]


class _Row:
    """What is counted while the containers are walked."""

    def __init__(self, pod: Obj):
        self.pod = pod
        self.status = pod.get("status") or {}
        spec = pod.get("spec") or {}
        self.init = {container["name"]: container for container in spec.get("initContainers") or ()}
        self.total = len(spec.get("containers") or ()) + sum(self._sidecar(name) for name in self.init)
        self.reason = self.status.get("reason") or self.status.get("phase") or ""
        for condition in self.status.get("conditions") or ():
            if condition.get("type") == "PodScheduled" and condition.get("reason") == "SchedulingGated":
                self.reason = "SchedulingGated"
        self.ready = self.restarts = 0
        self.last = ""
        self.initializing = False

    def _sidecar(self, name: str) -> bool:
        return bool(self.init.get(name, {}).get("restartPolicy") == "Always")

    def _restart(self, container: Obj) -> None:
        self.restarts += container.get("restartCount", 0)
        ended = (container.get("lastState") or {}).get("terminated")
        if ended:
            self.last = max(self.last, ended.get("finishedAt") or "")

    def init_containers(self) -> None:
        for index, container in enumerate(self.status.get("initContainerStatuses") or ()):
            self._restart(container)
            state = container.get("state") or {}
            ended, waiting = state.get("terminated"), state.get("waiting") or {}
            if ended is not None and not ended.get("exitCode"):
                continue
            if self._sidecar(container["name"]) and container.get("started"):
                self.ready += bool(container.get("ready"))
                continue
            if ended is not None:
                self.reason = f"Init:{_ending(ended)}"
            elif waiting.get("reason") and waiting["reason"] != "PodInitializing":
                self.reason = f"Init:{waiting['reason']}"
            else:
                self.reason = f"Init:{index}/{len(self.init)}"
            self.initializing = True
            break

    def containers(self) -> None:
        self.restarts, self.last = 0, ""
        for container in self.status.get("initContainerStatuses") or ():
            if self._sidecar(container["name"]):
                self._restart(container)
        running, failed = False, ""
        for container in reversed(self.status.get("containerStatuses") or ()):
            self._restart(container)
            state = container.get("state") or {}
            ended, waiting = state.get("terminated"), state.get("waiting") or {}
            if waiting.get("reason"):
                self.reason = waiting["reason"]
            elif ended is not None:
                self.reason = _ending(ended)
                failed = self.reason if ended.get("exitCode") else failed
            elif container.get("ready") and state.get("running") is not None:
                running = True
                self.ready += 1
        if self.reason == "Completed":
            if running and _condition(self.status, "Ready"):
                self.reason = "Running"
            elif failed:
                self.reason = failed
            elif running:
                self.reason = "NotReady"


def _ending(ended: Obj) -> str:
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _condition(status: Obj, kind: str) -> bool:
    return any(one.get("type") == kind and one.get("status") == "True" for one in status.get("conditions") or ())
