"""Whether a rollout is finished, moves, is stuck or has failed.

Its own judgement: the Deployment's condition ProgressDeadlineExceeded comes after minutes and stands beside every
cause, and never comes for a program that runs a few seconds before each crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cluster.pruned import Pod
from cluster.rollout.causes import CAUSES, CRASHES
from cluster.rollout.diagnosis import EVICTION_SHOWN, choose, refusals
from cluster.rollout.facts import condition, is_over, is_ready, keeps_ending, main_status, once, window
from cluster.rollout.finding import PATIENCE, Finding
from cluster.rollout.model import State
from cluster.rollout.scene import Scene


@dataclass(frozen=True, slots=True)
class Verdict:
    """`rolled_out`: the wanted release was out once, so what is wrong now came later."""

    state: State
    finished: bool
    failed: bool
    rolled_out: bool
    finding: Finding | None
    waits_for: Pod | None


def judge(scene: Scene) -> Verdict:
    """What the scene means. Exactly one finding at most, the one that stops it."""
    finished = _finished(scene)
    rolled_out = finished or _rolled_out(scene)
    finding = None if _stopped(scene) else _finding(scene, finished, rolled_out)
    state = _state(scene, finished, rolled_out, finding)
    return Verdict(
        state=state,
        finished=finished,
        failed=not finished and finding is not None and _failed(scene, finding),
        rolled_out=rolled_out,
        finding=finding,
        waits_for=None if finished else _waits_for(scene, finding),
    )


def _current(scene: Scene) -> bool:
    """Whether the controller has seen what was asked for."""
    return scene.deployment.status.observed_generation >= scene.deployment.metadata.generation


def _stopped(scene: Scene) -> bool:
    return scene.wanted == 0 and not any(group.live for group in scene.groups)


def _finished(scene: Scene) -> bool:
    """As `kubectl rollout status`, and the new pods stay up, and no pod of an older release serves any more."""
    status, wanted = scene.deployment.status, scene.wanted
    if not _current(scene) or scene.old_live:
        return False
    counted = status.updated_replicas == status.replicas == wanted and status.available_replicas >= wanted
    return counted and scene.new.ready >= wanted and not any(_unproven(scene, pod) for pod in scene.new.live)


def _unproven(scene: Scene, pod: Pod) -> bool:
    status = main_status(pod)
    return status is not None and keeps_ending(status, scene.now)


def _rolled_out(scene: Scene) -> bool:
    progressing = condition(scene.deployment.status.conditions, "Progressing")
    complete = progressing is not None and progressing.reason == "NewReplicaSetAvailable"
    return _current(scene) and complete and not scene.old_live and scene.new.replicaset is not None


def _finding(scene: Scene, finished: bool, rolled_out: bool) -> Finding | None:
    if finished:
        return _eviction(scene)
    if scene.deployment.spec.paused:
        return Finding("paused", evidence=("Deployment is paused",), reason="DeploymentPaused", since=_moved(scene))
    live = [scene.findings[pod.name] for pod in scene.new.live if pod.name in scene.findings]
    found = choose([*live, *refusals(filter(None, [scene.new.replicaset]))], scene.now)
    if found is not None:
        return found
    if eviction := _eviction(scene):
        return eviction
    return None if rolled_out or not _stalled(scene) else _stall(scene)


def _eviction(scene: Scene) -> Finding | None:
    over = [scene.findings[pod.name] for pod in scene.new.pods if is_over(pod) and pod.name in scene.findings]
    recent = [found for found in over if found.since is not None and scene.now - found.since < EVICTION_SHOWN]
    return max(recent, key=lambda found: found.since or scene.now, default=None)


def _stalled(scene: Scene) -> bool:
    if not _current(scene) or (scene.stops_first and scene.old_live):
        return False
    moved = _moved(scene)
    if moved is None or scene.now - moved < PATIENCE:
        return False
    return all(scene.now - moved >= _allowed(pod) for pod in scene.new.live if not is_ready(pod))


def _allowed(pod: Pod) -> timedelta:
    """How long a pod may take until nothing more is to be expected: its own time to start, if that is longer."""
    probes = [container.startup_probe for container in pod.spec.containers]
    return max([PATIENCE, *(window(probe) + PATIENCE / 4 for probe in probes if probe is not None)])


def _stall(scene: Scene) -> Finding:
    waiting = next((pod for pod in scene.new.live if not is_ready(pod)), None)
    told = scene.events.of("Pod", waiting) if waiting else scene.events.of("Deployment", scene.deployment)
    warnings = [event.message for event in told if event.type == "Warning"]
    conditions = [
        found.message for found in scene.deployment.status.conditions if found.status != "True" and found.message
    ]
    return Finding(
        "stalled",
        evidence=once(*reversed(warnings), *conditions)[:3],
        note="waits",
        since=_moved(scene),
        pod=waiting.name if waiting else "",
    )


def _moved(scene: Scene) -> datetime | None:
    """When something last went forward."""
    progressing = condition(scene.deployment.status.conditions, "Progressing")
    moments = [scene.new.started_at, scene.deployment.metadata.creation_timestamp]
    if progressing is not None and progressing.status == "True":
        moments.append(progressing.last_update_time)
    if scene.stops_first:  # a pod that ends may take until then
        moments += [pod.metadata.deletion_timestamp for group in scene.old for pod in group.pods]
    for pod in scene.new.pods:
        moments.append(pod.metadata.creation_timestamp)
        moments += [found.last_transition_time for found in pod.status.conditions if found.status == "True"]
        status = main_status(pod)
        if status is not None and status.restart_count == 0 and status.state.running is not None:
            moments.append(status.state.running.started_at)
    return max((moment for moment in moments if moment is not None), default=None)


def _failed(scene: Scene, finding: Finding) -> bool:
    if finding.code == "paused":
        return False
    if CAUSES[finding.code].final:
        return True
    moved = _moved(scene)
    deadline = timedelta(seconds=scene.deployment.spec.progress_deadline_seconds)
    return moved is not None and scene.now - moved >= deadline


def _state(scene: Scene, finished: bool, rolled_out: bool, finding: Finding | None) -> State:
    if _stopped(scene):
        return "stopped"
    if finished:
        return "running"
    if finding is not None and finding.code == "paused":
        return "waiting"
    if finding is not None and finding.code in CRASHES and (rolled_out or not scene.ready):
        return "crashing"
    if rolled_out:
        return "degraded"
    return "stuck" if finding is not None else "rolling"


def _waits_for(scene: Scene, finding: Finding | None) -> Pod | None:
    """The pod with the cause, else the first that is not ready."""
    unready = [pod for pod in scene.new.live if not is_ready(pod) or _unproven(scene, pod)]
    if finding is not None and finding.pod:
        return next((pod for pod in scene.new.live if pod.name == finding.pod), None)
    return unready[0] if unready else None
