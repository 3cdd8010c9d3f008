"""Reading pods and events: the small questions that tiles, steps and diagnoses all ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from cluster.names import CONTAINER
from cluster.pruned import Condition, Container, ContainerStatus, Event, Object, Pod, Probe, Terminated

PROVEN = timedelta(seconds=60)
"""A container that ended before counts as running again after so long, or after twice its last run."""
LONGEST_BACKOFF = timedelta(minutes=10)
"""The kubelet forgets earlier crashes after a run of so long."""


class Events:
    """Events by the object they speak of, oldest first."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._by_object: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for event in events:
            self._by_object[event.involved_object.kind, event.involved_object.name].append(event)
        for found in self._by_object.values():
            found.sort(key=lambda event: event.order)

    def of(self, kind: str, found: Object, *reasons: str) -> list[Event]:
        """Events of one object (not of an earlier one of its name), of any or only of some reasons."""
        return [
            event
            for event in self._by_object.get((kind, found.name), ())
            if (not reasons or event.reason in reasons)
            and (not event.involved_object.uid or not found.uid or event.involved_object.uid == found.uid)
        ]

    def last(self, kind: str, found: Object, *reasons: str, saying: str = "") -> Event | None:
        """The newest of them whose message has `saying` in it."""
        fitting = [event for event in self.of(kind, found, *reasons) if saying in event.message]
        return fitting[-1] if fitting else None


def condition(conditions: Iterable[Condition], type_: str) -> Condition | None:
    return next((found for found in conditions if found.type == type_), None)


def main_status(pod: Pod) -> ContainerStatus | None:
    """The status of the app's own container."""
    statuses = pod.status.container_statuses
    return next((status for status in statuses if status.name == CONTAINER), statuses[0] if statuses else None)


def main_container(pod: Pod) -> Container | None:
    """The app's own container as the pod names it."""
    containers = pod.spec.containers
    return next((found for found in containers if found.name == CONTAINER), containers[0] if containers else None)


def is_ready(pod: Pod) -> bool:
    """Ready and not on its way out."""
    ready = condition(pod.status.conditions, "Ready")
    return pod.metadata.deletion_timestamp is None and ready is not None and ready.status == "True"


def is_over(pod: Pod) -> bool:
    """Failed or succeeded: it runs no more and counts for nobody."""
    return pod.status.phase in ("Failed", "Succeeded")


def is_leaving(pod: Pod) -> bool:
    return pod.metadata.deletion_timestamp is not None


def restarts(pod: Pod) -> int:
    return sum(status.restart_count for status in pod.status.container_statuses)


def last_end(status: ContainerStatus) -> Terminated | None:
    """How the container ended last: now, or before its present run."""
    return status.state.terminated or status.last_state.terminated


def keeps_ending(status: ContainerStatus, now: datetime) -> bool:
    """Whether the container ended at least twice and its present run proves nothing yet.

    A program that runs for seconds before each crash is ready in between; the Deployment counts that as progress.
    """
    if status.restart_count + (status.state.terminated is not None) < 2:
        return False
    if status.state.running is None:
        return True
    return now - (status.state.running.started_at or now) < _proof(status)


def _proof(status: ContainerStatus) -> timedelta:
    ended = status.last_state.terminated
    run = timedelta(0)
    if ended is not None and ended.started_at and ended.finished_at:
        run = ended.finished_at - ended.started_at
    return min(LONGEST_BACKOFF, max(PROVEN, 2 * run))


def window(probe: Probe | None) -> timedelta:
    """How long a probe may fail before the kubelet acts on it."""
    return timedelta(seconds=probe.period_seconds * probe.failure_threshold) if probe else timedelta(0)


def once(*texts: str) -> tuple[str, ...]:
    """What the cluster said, each sentence once: one that another repeats behind a prefix of its own is left out."""
    said = [text for text in texts if text]
    kept: list[str] = []
    for text in said:
        error = text.rpartition("ErrImagePull: ")[2]
        if not any(error in other for other in kept):
            kept.append(text)
    return tuple(kept)


def seconds(amount: float) -> str:
    """A span as people say it: "22 s", "1 min 48 s", "2 h 5 min", "6 days"."""
    whole = max(0, int(amount))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{hours // 24} days"


def times(count: int) -> str:
    """ "once", "twice", "7 times"."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
