"""A pod as a tile, and the four steps of the pod that a rollout waits for."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from cluster.pruned import ContainerStatus, Pod
from cluster.rollout.causes import CAUSES, CRASHES
from cluster.rollout.facts import (
    Events,
    condition,
    is_leaving,
    is_over,
    is_ready,
    main_container,
    main_status,
    restarts,
    seconds,
    times,
)
from cluster.rollout.finding import Finding
from cluster.rollout.model import Step, StepName, Tile, TileState
from cluster.rollout.placing import PREPARING
from cluster.rollout.program import answer_of

_STATES: dict[str, TileState] = {
    **dict.fromkeys(CRASHES, "crashing"),
    "registry_unreachable": "failed",
    "image_pull": "failed",
    "not_ready": "starting",
    "wrong_port": "starting",
}
"""Code → state, where it is not: failed when it is final, else waiting."""
_PULLED = re.compile(r"Successfully pulled image .* in (?P<took>[\d.hms]+) .*Image size: (?P<size>\d+) bytes")
_MIB = 1024**2


def tile(pod: Pod, finding: Finding | None, serving: Collection[str] | None, events: Events) -> Tile:
    """`serving`: names of the pods that the app's endpoints send requests to; None when the app has no address."""
    state, words, note = _state(pod, finding, serving, events)
    since = pod.metadata.deletion_timestamp or pod.metadata.creation_timestamp
    return Tile(
        pod=pod.name, short=short(pod.name), state=state, words=words, note=note, since=since, restarts=restarts(pod)
    )


def short(name: str) -> str:
    return name[-5:]


def coming(words: str, note: str) -> Tile:
    """The place of a pod that is not made yet."""
    return Tile(pod="", short="", state="next", words=words, note=note, since=None)


def gone(name: str, since: datetime | None) -> Tile:
    return Tile(pod=name, short=short(name), state="gone", words="Gone", note="stopped", since=since)


def _state(
    pod: Pod, finding: Finding | None, serving: Collection[str] | None, events: Events
) -> tuple[TileState, str, str]:
    if is_leaving(pod):
        return "stopping", "Stopping", "finishes its requests"
    if is_over(pod):
        return "failed", CAUSES[finding.code].words if finding else "Ended", finding.note if finding else "ended"
    if finding is not None:
        cause = CAUSES[finding.code]
        return _STATES.get(finding.code, "failed" if cause.final else "waiting"), cause.words, finding.note
    if is_ready(pod):
        return "ready", "Ready", "serves" if serving is None or pod.name in serving else "ready"
    return _on_its_way(pod, events)


def _on_its_way(pod: Pod, events: Events) -> tuple[TileState, str, str]:
    status = main_status(pod)
    if not pod.spec.node_name:
        return "waiting", "Waiting", "for a place on a node"
    if status is None or not _has_run(status):
        pulling = events.of("Pod", pod, "Pulling") and not events.of("Pod", pod, "Pulled")
        return "waiting", "Waiting", "for its image" if pulling else "for its containers"
    if status.state.running is None:
        return "starting", "Starting", f"ended {times(max(1, restarts(pod)))}, starts again"
    return "starting", "Starting", health_note(pod, events) or "health check comes"


def health_note(pod: Pod, events: Events) -> str:
    """What the health check of a starting pod last found; empty when it found nothing yet."""
    container = main_container(pod)
    said = events.last("Pod", pod, "Unhealthy")
    if container is None or said is None:
        return ""
    probe = container.startup_probe if "Startup" in said.message else container.readiness_probe
    return answer_of(said.message, probe).removeprefix("GET ")


def steps(pod: Pod, finding: Finding | None, events: Events, *, stuck: bool) -> tuple[Step, ...]:
    """Placed, Image pulled, Started, Health check: the first that is not done is busy or failed, the rest is to do.

    `stuck`: the finding is what stops the rollout.
    """
    done: tuple[tuple[StepName, str | None], ...] = (
        ("Placed", _placed(pod)),
        ("Image pulled", _pulled(pod, events)),
        ("Started", _started(pod)),
        ("Health check", "passed" if is_ready(pod) else None),
    )
    now = next((name for name, note in done if note is None), "")
    if now == "Image pulled" and finding is not None and finding.code in PREPARING:
        now = "Started"
    found = []
    for name, note in done:
        if name == now:
            said = finding.note if finding else health_note(pod, events) if name == "Health check" else ""
            found.append(Step(name, "failed" if stuck else "busy", said))
        else:
            found.append(Step(name, "todo" if note is None else "done", note or ""))
    return tuple(found)


def _placed(pod: Pod) -> str | None:
    scheduled = condition(pod.status.conditions, "PodScheduled")
    if scheduled is None or scheduled.status != "True":
        return None
    return f"on {pod.spec.node_name}{_took(pod.metadata.creation_timestamp, scheduled.last_transition_time)}"


def _pulled(pod: Pod, events: Events) -> str | None:
    status = main_status(pod)
    if status is None:
        return None
    event = events.last("Pod", pod, "Pulled")
    if event is None:
        return "" if _has_run(status) else None
    if found := _PULLED.search(event.message):
        return f"{int(found['size']) / _MIB:.0f} MiB, {_rounded(found['took'])}"
    return "was on the node"


def _rounded(took: str) -> str:
    """Go's duration as one figure: "6.213s" → "6.2 s", "412ms" → "412 ms"."""
    if found := re.fullmatch(r"([\d.]+)(ms|s)", took):
        return f"{float(found[1]):.1f} s" if found[2] == "s" else f"{float(found[1]):.0f} ms"
    return re.sub(r"\.\d+", "", took)


def _started(pod: Pod) -> str | None:
    status = main_status(pod)
    if status is None or not _has_run(status) or status.state.waiting is not None:
        return None
    return f"{times(status.restart_count)} again" if status.restart_count else ""


def _has_run(status: ContainerStatus) -> bool:
    state = status.state
    return state.running is not None or state.terminated is not None or status.last_state.terminated is not None


def _took(start: datetime | None, end: datetime | None) -> str:
    if start is None or end is None or (end - start).total_seconds() < 1:
        return ""
    return f", {seconds((end - start).total_seconds())}"
