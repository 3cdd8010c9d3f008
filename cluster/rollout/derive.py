"""One app's objects → its rollout. Pure: the same objects at the same instant give the same answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cluster.names import ANNOTATION_GENERATION
from cluster.pruned import prune
from cluster.rollout import tiles, words
from cluster.rollout.diagnosis import in_words
from cluster.rollout.facts import is_ready
from cluster.rollout.judgement import Verdict, judge
from cluster.rollout.model import Lane, Role, Rollout, Step, Tile
from cluster.rollout.scene import Group, Scene, gather


def derive(
    app: str,
    *,
    deployment: Any,
    replicasets: Iterable[Any],
    pods: Iterable[Any],
    events: Iterable[Any],
    claims: Iterable[Any] = (),
    endpoints: Iterable[Any] = (),
    now: datetime,
) -> Rollout:
    """What the objects of `app` say at `now` (aware).

    Objects are whole dicts or `cluster.pruned` Structs, of the app's whole namespace: others' are left out here.
    `deployment` None: nothing is there yet, state "unknown".
    """
    if deployment is None:
        return _unknown(now)
    scene = gather(
        app,
        deployment=prune("Deployment", deployment),
        replicasets=[prune("ReplicaSet", found) for found in replicasets],
        pods=[prune("Pod", found) for found in pods],
        events=[prune("Event", found) for found in events],
        claims=[prune("PersistentVolumeClaim", found) for found in claims],
        endpoints=[prune("EndpointSlice", found) for found in endpoints],
        now=now,
    )
    verdict = judge(scene)
    diagnosis = in_words(verdict.finding, now) if verdict.finding else None
    waits_for, waits_note = words.waits(scene, verdict)
    pod = verdict.waits_for
    return Rollout(
        state=verdict.state,
        sentence=words.sentence(scene, verdict, diagnosis),
        detail=words.detail(scene, verdict),
        release_new=scene.new.release,
        release_serving=_serving(scene),
        wanted=scene.wanted,
        ready=scene.ready,
        updated=len(scene.new.live),
        available=scene.deployment.status.available_replicas,
        lanes=_lanes(scene, verdict.state == "stuck"),
        waits_for=waits_for,
        waits_note=waits_note,
        steps=_steps(scene, verdict),
        steps_pod=pod.name if pod else "",
        diagnosis=diagnosis,
        started_at=scene.new.started_at,
        finished=verdict.finished,
        failed=verdict.failed,
        endpoints_ready=len(scene.serving or ()),
        endpoints_total=scene.endpoints_total,
        generation=_generation(scene.deployment.annotations.get(ANNOTATION_GENERATION, "")),
        seen_at=now,
    )


def _unknown(now: datetime) -> Rollout:
    return Rollout(
        state="unknown",
        sentence="The cluster does not know this app yet",
        detail="",
        release_new=None,
        release_serving=None,
        wanted=0,
        ready=0,
        updated=0,
        available=0,
        lanes=(),
        waits_for="",
        waits_note="",
        steps=(),
        steps_pod="",
        diagnosis=None,
        started_at=None,
        finished=False,
        failed=False,
        endpoints_ready=0,
        endpoints_total=0,
        generation=0,
        seen_at=now,
    )


def _steps(scene: Scene, verdict: Verdict) -> tuple[Step, ...]:
    pod = verdict.waits_for
    if pod is None:
        return ()
    stuck = verdict.finding is not None and verdict.finding.pod == pod.name
    return tiles.steps(pod, scene.findings.get(pod.name), scene.events, stuck=stuck)


def _generation(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _serving(scene: Scene) -> int | None:
    releases = [group.release for group in scene.groups if group.release is not None and group.ready]
    return max(releases, default=None)


def _lanes(scene: Scene, stuck: bool) -> tuple[Lane, ...]:
    others = [group for group in scene.old if group.pods]
    role: Role = "new" if others else "only"
    waiting = next((pod for pod in scene.new.live if not is_ready(pod)), None)
    places = max(0, scene.wanted - len(scene.new.live))
    name = tiles.short(waiting.name) if waiting else ""
    note = (f"after {name}" if stuck else f"when {name} is ready") if name else ""
    coming = tuple(tiles.coming("Later" if stuck else "Next", note) for _ in range(places))
    lanes = [_lane(scene, scene.new, role, coming)]
    for group in others:
        stopped = tuple(tiles.gone(name, seen) for name, seen in scene.gone(group))
        lanes.append(_lane(scene, group, "old", stopped))
    return tuple(lanes)


def _lane(scene: Scene, group: Group, role: Role, more: tuple[Tile, ...]) -> Lane:
    shown = tuple(tiles.tile(pod, scene.findings.get(pod.name), scene.serving, scene.events) for pod in group.pods)
    wanted = scene.wanted or len(group.live)
    return Lane(release=group.release, role=role, wanted=wanted, ready=group.ready, tiles=shown + more)
