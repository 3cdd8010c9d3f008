"""How a rollout is called, and when it is finished or failed."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from cluster.pruned import Pod, prune
from cluster.rollout import derive, from_json, to_json

from .cases import CASES
from .recordings import recorded, rollout, rollout_of

LINES = {
    ("running", "late"): ("running", "Running v1, 3 of 3 ready", ""),
    ("rolling", "early"): ("rolling", "Rolling out v2, 0 of 4 new pods ready", "v1 keeps serving, 4 of 4 ready."),
    ("rolling", "late"): ("running", "Running v2, 4 of 4 ready", ""),
    ("image_missing", "late"): ("stuck", "v2 is stuck: image tag not found", "v1 keeps serving, 4 of 4 ready."),
    ("crash", "late"): ("stuck", "v2 is stuck: it ends with exit code 3", "v1 keeps serving, 2 of 2 ready."),
    ("crash_alone", "late"): ("crashing", "v1 crashes: it ends with exit code 3", "Nothing serves."),
    ("crash_later", "late"): ("crashing", "v1 crashes: it ends with exit code 1", "Nothing serves."),
    ("quota_full", "late"): ("stuck", "v1 is stuck: the quota leaves no room", "2 of 3 pods serve."),
    ("starting_slowly", "late"): ("rolling", "Rolling out v1, 0 of 1 pods ready", "Nothing serves yet."),
    ("paused", "late"): ("waiting", "v2 is paused", "v1 keeps serving, 1 of 1 ready."),
    ("stopped", "late"): ("stopped", "Stopped, no pods wanted", ""),
}


@pytest.mark.parametrize(("place", "line"), LINES.items())
def test_the_line_says_how_it_is(place: tuple[str, str], line: tuple[str, str, str]) -> None:
    found = rollout(*place)
    assert (found.state, found.sentence, found.detail) == line


@pytest.mark.parametrize("case", [case.name for case in CASES])
@pytest.mark.parametrize("age", ["early", "late"])
def test_json_keeps_everything(case: str, age: str) -> None:
    found = rollout(case, age)
    assert from_json(orjson.loads(orjson.dumps(to_json(found)))) == found


@pytest.mark.parametrize("case", [case.name for case in CASES])
def test_nothing_is_finished_and_failed_at_once(case: str) -> None:
    for age in ("early", "late"):
        found = rollout(case, age)
        assert not (found.finished and found.failed)


def test_finished_is_when_all_new_pods_are_ready_and_no_old_one_serves() -> None:
    assert not rollout("rolling", "early").finished
    done = rollout("rolling", "late")
    assert done.finished
    assert (done.release_new, done.release_serving, done.endpoints_ready, done.endpoints_total) == (2, 2, 4, 4)


def test_not_finished_before_the_controller_has_seen_the_change() -> None:
    recording = recorded("running")
    recording["objects"]["Deployment"][0]["metadata"]["generation"] += 1
    assert not rollout_of(recording).finished


def test_not_finished_while_an_old_pod_serves() -> None:
    recording = recorded("rolling")
    old = recorded("rolling", "early")
    recording["objects"]["Pod"] += [
        pod for pod in old["objects"]["Pod"] if pod["metadata"]["labels"]["berth.dev/release"] == "1"
    ]
    assert not rollout_of(recording).finished


def test_an_app_that_crashes_again_and_again_is_not_finished_while_it_runs_in_between() -> None:
    recording = recorded("crash_later", "early")
    assert rollout_of(recording).ready == 1
    recording["objects"]["Pod"][0]["status"]["containerStatuses"][0]["restartCount"] = 3
    found = rollout_of(recording)
    assert not found.finished
    assert found.state == "crashing"
    assert found.diagnosis is not None
    assert found.diagnosis.code == "crash"


def test_an_app_that_stays_up_after_crashes_is_well_again() -> None:
    recording = recorded("crash_later", "early")
    recording["objects"]["Pod"][0]["status"]["containerStatuses"][0]["restartCount"] = 3
    found = rollout_of(recording, later=700)
    assert found.state == "running"
    assert found.diagnosis is None


def test_a_pod_that_was_slow_to_start_once_is_well_when_it_is_ready() -> None:
    recording = recorded("startup")
    pod = recording["objects"]["Pod"][0]
    status = pod["status"]["containerStatuses"][0]
    status.update(ready=True, started=True, restartCount=1, state={"running": {"startedAt": "2026-11-23T11:17:40Z"}})
    for condition in pod["status"]["conditions"]:
        condition["status"] = "True"
    recording["objects"]["Deployment"][0]["status"].update(readyReplicas=1, availableReplicas=1)
    assert rollout_of(recording).diagnosis is None


def test_what_may_pass_has_failed_only_after_the_progress_deadline() -> None:
    assert not rollout("no_room").failed
    assert rollout("no_room", later=600).failed


def test_a_slow_start_is_stuck_only_after_its_own_time() -> None:
    assert rollout("starting_slowly", later=400).state == "rolling"
    assert rollout("starting_slowly", later=700).state == "stuck"


def test_a_ready_app_that_loses_a_pod_is_degraded() -> None:
    recording = recorded("running")
    pod = recording["objects"]["Pod"][0]
    for condition in pod["status"]["conditions"]:
        if condition["type"] in ("Ready", "ContainersReady"):
            condition["status"] = "False"
    pod["status"]["containerStatuses"][0]["ready"] = False
    recording["objects"]["Deployment"][0]["status"].update(readyReplicas=2, availableReplicas=2)
    found = rollout_of(recording)
    assert (found.state, found.sentence) == ("degraded", "Running v1, 2 of 3 ready")


def test_without_a_deployment_the_state_is_unknown() -> None:
    recording = recorded("running")
    seen = rollout_of(recording).seen_at
    found = derive("web", deployment=None, replicasets=[], pods=[], events=[], now=seen)
    assert (found.state, found.finished, found.failed) == ("unknown", False, False)


def test_other_apps_of_the_namespace_change_nothing() -> None:
    mine = recorded("running")
    alone = rollout_of(mine)
    for kind, items in recorded("crash_alone")["objects"].items():
        if kind == "Deployment":
            continue
        for found in items:
            labels = found["metadata"].get("labels", {})
            labels.update({"berth.dev/app": "other", "kubernetes.io/service-name": "other"})
            mine["objects"][kind].append(found)
    assert rollout_of(mine) == alone


def test_pruned_objects_give_the_same_as_whole_ones() -> None:
    recording = recorded("crash")
    whole = rollout_of(recording)
    for kind, items in recording["objects"].items():
        recording["objects"][kind] = [prune(kind, found) for found in items]
    assert isinstance(recording["objects"]["Pod"][0], Pod)
    assert rollout_of(recording) == whole


def test_generation_is_that_of_the_intent() -> None:
    assert rollout("rolling").generation == 2


def stopping_first() -> dict[str, Any]:
    """A rollout that ends all old pods before it makes new ones, in the midst of that."""
    recording = recorded("rolling", "early")
    objects = recording["objects"]
    deployment = objects["Deployment"][0]
    deployment["spec"]["strategy"] = {"type": "Recreate"}
    for condition in deployment["status"]["conditions"]:
        if condition["type"] == "Progressing":
            condition.update(reason="NewReplicaSetAvailable", lastUpdateTime="2026-11-22T08:00:00Z")
    for kind in ("ReplicaSet", "Pod"):
        objects[kind] = [one for one in objects[kind] if one["metadata"]["labels"]["berth.dev/release"] == "1"]
    deployment["metadata"]["creationTimestamp"] = "2026-11-22T08:00:00Z"
    for pod in objects["Pod"]:
        pod["metadata"]["deletionTimestamp"] = "2026-11-23T11:13:50Z"
    return recording


def test_a_rollout_that_stops_first_waits_for_the_old_pods_and_is_not_stuck() -> None:
    found = rollout_of(stopping_first())
    assert (found.state, found.diagnosis, found.waits_for) == ("rolling", None, "the old pods to stop")
    assert found.waits_note == "They end before new ones start: their volume serves one node at a time."
    assert found.detail == "Nothing serves yet."


def test_an_old_pod_that_does_not_end_is_told_a_minute_after_it_should_have() -> None:
    assert rollout_of(stopping_first(), later=80).state == "rolling"
    found = rollout_of(stopping_first(), later=90)
    assert found.diagnosis is not None
    assert (found.state, found.diagnosis.code) == ("stuck", "stalled")
