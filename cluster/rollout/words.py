"""The sentences of a rollout."""

from __future__ import annotations

from cluster.pruned import Pod, Probe
from cluster.rollout import tiles
from cluster.rollout.facts import condition, last_end, main_container, main_status, seconds, window
from cluster.rollout.judgement import Verdict
from cluster.rollout.model import Diagnosis
from cluster.rollout.scene import Scene

_WAITS = {
    "image_missing": "the image {tag}",
    "quota_full": "room in the quota",
    "no_room": "a node with room",
    "no_room_beside": "room on the volume's node",
    "no_node": "a node that fits",
    "claim_missing": "the volume {claim}",
    "claim_class": "the volume {claim}",
    "claim_unbound": "the volume {claim}",
    "secret_missing": "the secret {secret}",
    "secret_file_missing": "the secret {secret}",
    "secret_gone": "values of the secret {secret}",
    "secret_file_gone": "values of the secret {secret}",
    "secret_key_missing": "the key {key} of {secret}",
    "secret_file_key_missing": "the key {key}",
    "registry_unreachable": "the registry {host}",
    "config_map_missing": "the config map {secret}",
    "registry_login": "a login to {host}",
    "login_gone": "a login to {host}",
    "registry_refused": "a right login to {host}",
    "registry_name": "the registry {host}",
    "image_name": "an image that has a right name",
    "root_image": "an image that does not run as root",
    "quota_demands": "pods that say {missing}",
    "limit_range": "pods of an allowed size",
    "pod_security": "pods that the policy allows",
    "paused": "somebody to let it go on",
}


def sentence(scene: Scene, verdict: Verdict, diagnosis: Diagnosis | None) -> str:
    """The one line that says how the app is, without a full stop."""
    name, counts = _name(scene.new.release), f"{scene.new.ready} of {scene.wanted}"
    why = f": {diagnosis.headline}" if diagnosis else ""
    lines = {
        "stopped": "Stopped, no pods wanted",
        "running": f"Running {name}, {counts} ready",
        "degraded": f"Running {name}, {counts} ready{why}",
        "stuck": f"{name} is stuck{why}",
        "crashing": f"{name} crashes{why}",
        "waiting": f"{name} is paused",
    }
    if verdict.state in lines:
        return lines[verdict.state]
    if scene.wanted == 0:
        return f"Stopping, {_pods(sum(len(group.live) for group in scene.groups))} left"
    return f"Rolling out {name}, {counts} {'new ' if scene.old_live else ''}pods ready"


def detail(scene: Scene, verdict: Verdict) -> str:
    """What serves meanwhile; empty when all is well."""
    if verdict.state in ("running", "stopped"):
        return ""
    old = [group for group in scene.old if group.ready]
    if old:
        name, ready = _name(old[0].release), sum(group.ready for group in old)
        if scene.new.ready and verdict.state == "rolling":
            return f"{name} serves beside it."
        return f"{name} keeps serving, {ready} of {max(scene.wanted, ready)} ready."
    if scene.new.ready:
        return f"{scene.new.ready} of {scene.wanted} pods serve."
    return "Nothing serves yet." if verdict.state == "rolling" else "Nothing serves."


def waits(scene: Scene, verdict: Verdict) -> tuple[str, str]:
    """What it waits for, and a remark on it; both empty when it waits for nothing."""
    if verdict.finished or verdict.state == "stopped":
        return "", ""
    finding, pod = verdict.finding, verdict.waits_for
    if finding is not None and finding.code in _WAITS:
        return _WAITS[finding.code].format(**finding.facts), _stays(scene)
    if pod is None:
        return _of_nobody(scene)
    short = tiles.short(pod.name)
    if finding is not None:
        return f"{short} to stay up" if finding.exit_code is not None else f"{short} to become ready", _stays(scene)
    return _of_pod(scene, pod, short)


def _of_nobody(scene: Scene) -> tuple[str, str]:
    live = len(scene.new.live)
    if not any(group.pods for group in scene.old):
        return "the cluster to make the pods" if live < scene.wanted else "the cluster to confirm it", ""
    if scene.stops_first:
        return "the old pods to stop", "They end before new ones start: their volume serves one node at a time."
    return ("the old pods to stop", "") if live >= scene.wanted else ("the first new pod", _stays(scene))


def _of_pod(scene: Scene, pod: Pod, short: str) -> tuple[str, str]:
    scheduled = condition(pod.status.conditions, "PodScheduled")
    status, container = main_status(pod), main_container(pod)
    if scheduled is None or scheduled.status != "True":
        return f"a place for {short}", _so_far(scene, pod)
    if status is None or container is None or status.state.running is None:
        return f"{short} to start", _so_far(scene, pod)
    probe = container.readiness_probe if status.started else container.startup_probe or container.readiness_probe
    if probe is None:
        return f"{short} to become ready", ""
    return f"{short} to pass its health check", _asked(scene, pod, probe, starting=not status.started)


def _so_far(scene: Scene, pod: Pod) -> str:
    """What went wrong and may still pass."""
    finding, status = scene.findings.get(pod.name), main_status(pod)
    if finding is not None:
        return f"{finding.note[:1].upper()}{finding.note[1:]}."
    end = last_end(status) if status else None
    return f"It ended with exit code {end.exit_code} and is started again." if end else ""


def _asked(scene: Scene, pod: Pod, probe: Probe, *, starting: bool) -> str:
    said = tiles.health_note(pod, scene.events)
    every = f"asked every {probe.period_seconds} s"
    allowed = f"; a start may take {seconds(window(probe).total_seconds())}" if starting else ""
    return f"{said[:1].upper()}{said[1:]}; {every}{allowed}." if said else f"{every.capitalize()}{allowed}."


def _stays(scene: Scene) -> str:
    old = next((group for group in scene.old if group.ready), None)
    if old is None or scene.stops_first:
        return ""
    return f"{_name(old.release)} stays until a pod of {_name(scene.new.release)} is ready."


def _name(release: int | None) -> str:
    return f"v{release}" if release is not None else "the app"


def _pods(count: int) -> str:
    return f"{count} pod{'' if count == 1 else 's'}"
