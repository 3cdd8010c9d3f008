"""Pods as a log view sees them: which runs of which containers there are, and how a run ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cluster import names
from cluster.pruned import ContainerStatus, Pod, Terminated
from tenants.live import frames
from tenants.live.logs.streams import SourceKey


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one container and what a viewer is told of it."""

    key: SourceKey
    node: str
    release: str
    over: bool  # ended already; its log can still be read

    def shown(self) -> frames.Pod:
        """What a viewer is told of it."""
        return frames.Pod(self.key.id, self.key.pod, self.key.pod.rpartition("-")[2], self.release)


def runs(cluster: str, pod: Pod) -> Iterator[Run]:
    """The newest run of each container that has ever started."""
    for status in pod.status.container_statuses:
        started = status.state.running or status.state.terminated or status.restart_count
        if not started:
            continue
        key = SourceKey(cluster, pod.namespace, pod.name, pod.uid, status.name, status.restart_count)
        release = pod.labels.get(names.LABEL_RELEASE, "")
        yield Run(key, pod.spec.node_name, release, over=status.state.running is None)


def ending(key: SourceKey, pod: Pod | None) -> str | None:
    """How the run ended, in words; None while it goes on. A run is over when its pod is gone or another one began."""
    if pod is None or pod.uid != key.uid:
        return "was removed."
    status = next((s for s in pod.status.container_statuses if s.name == key.container), None)
    if status is None or (status.restart_count == key.restart and status.state.running is not None):
        return None
    over = _terminated(status, key.restart)
    if over is None:
        return "ended." if status.restart_count > key.restart else None
    memory = ", out of memory" if over.reason == "OOMKilled" else ""
    verb = "restarted" if status.restart_count > key.restart else "ended"
    return f"{verb}: the container ended with exit code {over.exit_code}{memory}."


def _terminated(status: ContainerStatus, restart: int) -> Terminated | None:
    if status.restart_count == restart:
        return status.state.terminated or status.last_state.terminated
    return status.last_state.terminated if status.restart_count == restart + 1 else None
