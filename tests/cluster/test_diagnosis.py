"""Each way not to run is told from every other, by what a real cluster said about 80 s after it was asked."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cluster.rollout import Diagnosis
from cluster.rollout.causes import CAUSES

from .cases import CASES
from .recordings import recorded, rollout, rollout_of

CAUSE_OF = {
    "image_missing": "image_missing",
    "repository_missing": "image_missing",
    "registry_login": "registry_login",
    "registry_refused": "registry_refused",
    "registry_unreachable": "registry_unreachable",
    "registry_name": "registry_name",
    "image_name": "image_name",
    "crash": "crash",
    "crash_alone": "crash",
    "crash_later": "crash",
    "completed": "completed",
    "memory": "memory",
    "command_missing": "command_missing",
    "liveness": "liveness",
    "startup": "startup",
    "secret_missing": "secret_missing",
    "secret_key_missing": "secret_key_missing",
    "config_map_missing": "config_map_missing",
    "secret_file_missing": "secret_file_missing",
    "secret_file_key_missing": "secret_file_key_missing",
    "root_image": "root_image",
    "pod_security": "pod_security",
    "quota_full": "quota_full",
    "quota_surge": "quota_full",
    "quota_demands": "quota_demands",
    "limit_range": "limit_range",
    "no_room": "no_room",
    "no_node": "no_node",
    "claim_missing": "claim_missing",
    "claim_unbound": "claim_class",
    "not_ready": "not_ready",
    "wrong_port": "wrong_port",
    "init": "init",
    "scratch": "scratch",
    "paused": "paused",
}
HEALTHY = ("claim_late", "running", "rolling", "stopped", "starting_slowly")

FINAL_AT_ONCE = (
    "command_missing",
    "secret_missing",
    "secret_key_missing",
    "config_map_missing",
    "secret_file_missing",
    "secret_file_key_missing",
    "image_name",
    "root_image",
    "pod_security",
    "quota_full",
    "quota_surge",
    "quota_demands",
    "limit_range",
    "claim_missing",
    "claim_unbound",
)
NOT_YET = (
    "image_missing",
    "registry_login",
    "registry_unreachable",
    "crash",
    "completed",
    "memory",
    "no_room",
    "no_node",
    "not_ready",
    "wrong_port",
)


def diagnosis(case: str, age: str = "late") -> Diagnosis:
    found = rollout(case, age).diagnosis
    assert found is not None
    return found


def test_every_recorded_case_is_judged() -> None:
    assert {case.name for case in CASES} == {*CAUSE_OF, *HEALTHY}


@pytest.mark.parametrize(("case", "code"), CAUSE_OF.items())
def test_the_true_cause_is_named(case: str, code: str) -> None:
    assert diagnosis(case).code == code


@pytest.mark.parametrize("case", HEALTHY)
def test_what_is_well_has_no_cause(case: str) -> None:
    assert rollout(case).diagnosis is None


@pytest.mark.parametrize("case", FINAL_AT_ONCE)
def test_what_cannot_pass_is_said_within_seconds(case: str) -> None:
    early = rollout(case, "early")
    assert early.failed
    assert early.diagnosis is not None


@pytest.mark.parametrize("case", NOT_YET)
def test_what_may_still_pass_is_not_called_stuck_after_seconds(case: str) -> None:
    early = rollout(case, "early")
    assert (early.state, early.diagnosis, early.failed) == ("rolling", None, False)


@pytest.mark.parametrize("case", CAUSE_OF)
def test_the_evidence_is_the_clusters_own_words(case: str) -> None:
    objects = recorded(case)["objects"]
    said = [event["message"] for event in objects["Event"]]
    for kind in ("Deployment", "ReplicaSet", "Pod"):
        said += [c.get("message", "") for found in objects[kind] for c in found["status"].get("conditions", ())]
    for pod in objects["Pod"]:
        said.append(pod["status"].get("message", "").strip())
        for status in pod["status"].get("containerStatuses", []) + pod["status"].get("initContainerStatuses", []):
            for state in (*status["state"].values(), *status.get("lastState", {}).values()):
                said.append(state.get("message", ""))
                if "exitCode" in state:
                    said.append(f"{state['reason']}, exitCode {state['exitCode']}")
    evidence = diagnosis(case).evidence
    assert evidence
    assert [text for text in evidence if text not in said] == []


@pytest.mark.parametrize("case", ["crash", "crash_later", "completed", "memory", "command_missing", "init"])
def test_a_crash_lasts_since_its_first_back_off_and_not_since_the_last_try(case: str) -> None:
    found = diagnosis(case)
    told = [event for event in recorded(case)["objects"]["Event"] if "restarting failed" in event["message"]]
    first = min(datetime.fromisoformat(event["firstTimestamp"]) for event in told)
    assert found.since is not None
    assert found.last_try is not None
    assert (found.since, found.last_try - found.since > timedelta(seconds=20)) == (first, True)


def test_a_crash_after_a_long_run_is_new() -> None:
    recording = recorded("crash_alone")
    for pod in recording["objects"]["Pod"]:
        ended = pod["status"]["containerStatuses"][0]["lastState"]["terminated"]
        ended["startedAt"] = "2026-11-23T11:04:00Z"
    found = rollout_of(recording).diagnosis
    assert found is not None
    assert found.since == found.last_try


@pytest.mark.parametrize("case", CAUSE_OF)
def test_no_placeholder_is_left_in_the_words(case: str) -> None:
    found = diagnosis(case)
    words = (found.headline, found.title, found.why, found.remedy)
    assert all(words)
    assert not any("{" in text or "? " in text or text.endswith("?") for text in words)


@pytest.mark.parametrize("case", sorted(set(CAUSE_OF) - {"paused"}))
def test_the_deadlines_condition_changes_no_diagnosis(case: str) -> None:
    recording = recorded(case)
    for condition in recording["objects"]["Deployment"][0]["status"]["conditions"]:
        if condition["type"] == "Progressing" and condition["reason"] != "NewReplicaSetAvailable":
            condition.update(status="False", reason="ProgressDeadlineExceeded", message="has timed out progressing")
    found = rollout_of(recording).diagnosis
    assert found is not None
    assert found.code == CAUSE_OF[case]


def test_image_names_tag_and_tries() -> None:
    found = diagnosis("image_missing")
    assert found.title == "The registry has no tag nope of this image"
    assert (found.action, found.tries, found.reason) == ("deploy", 4, "ImagePullBackOff")
    assert found.evidence[0].startswith('Failed to pull image "10.89.0.1:5000/hello:nope": ')
    assert found.next_try is not None
    assert found.last_try is not None
    assert (found.next_try - found.last_try).total_seconds() == 80


def test_crash_tells_its_exit_code_and_wants_the_log() -> None:
    found = diagnosis("crash")
    assert (found.exit_code, found.wants_log, found.action, found.container) == (3, True, "logs", "web")


def test_liveness_kill_is_not_an_app_that_ends_by_itself() -> None:
    killed, ended = diagnosis("liveness"), diagnosis("completed")
    assert killed.exit_code == ended.exit_code == 0
    assert (killed.code, ended.code) == ("liveness", "completed")
    assert "GET /read?path=/nothing said 502" in killed.why


def test_a_probe_that_killed_long_ago_does_not_explain_a_crash() -> None:
    recording = recorded("crash_alone")
    pod = recording["objects"]["Pod"][0]
    killing = {
        **recording["objects"]["Event"][0],
        "reason": "Killing",
        "message": "Container web failed liveness probe, will be restarted",
        "involvedObject": {"kind": "Pod", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]},
        "lastTimestamp": "2026-11-23T10:00:00Z",
    }
    recording["objects"]["Event"].append(killing)
    found = rollout_of(recording).diagnosis
    assert found is not None
    assert found.code == "crash"


def test_memory_names_the_limit() -> None:
    assert "32 MiB" in diagnosis("memory").why


def test_quota_says_what_is_wanted_and_what_is_taken() -> None:
    assert diagnosis("quota_full").why == (
        "One more pod does not fit: CPU: 0.01 core wanted, 0.02 core of 0.02 core taken."
    )


def test_limits_are_said_as_people_write_them() -> None:
    assert diagnosis("quota_demands").title == "The quota wants every pod to say its memory limit"
    assert diagnosis("limit_range").why == (
        "By the namespace's limits the memory of one container is at most 32 MiB, and this one asks for 64 MiB."
    )


def test_several_broken_limits_are_told_in_the_clusters_words() -> None:
    recording = recorded("limit_range")
    both = "[maximum cpu usage per Container is 1, but limit is 2, maximum memory usage per Container is 32Mi]"
    for found in recording["objects"]["ReplicaSet"]:
        for condition in found["status"]["conditions"]:
            condition["message"] = f'pods "web" is forbidden: {both}'
    found = rollout_of(recording).diagnosis
    assert found is not None
    assert found.code == "limit_range"
    assert both.strip("[]") in found.why


def test_the_cluster_is_quoted_once() -> None:
    assert len(diagnosis("image_missing").evidence) == 1


def said_by_the_scheduler(message: str) -> Diagnosis:
    recording = recorded("no_room")
    for pod in recording["objects"]["Pod"]:
        for condition in pod["status"]["conditions"]:
            condition["message"] = message
    found = rollout_of(recording).diagnosis
    assert found is not None
    return found


def test_no_room_on_the_volumes_node_is_not_called_a_busy_volume() -> None:
    apart = "0/3 nodes are available: 1 Insufficient memory, 2 node(s) didn't match pod affinity rules. preemption: …"
    local = "0/3 nodes are available: 1 Insufficient memory, 2 node(s) had volume node affinity conflict. preemption: …"
    for message in (apart, local):
        found = said_by_the_scheduler(message)
        assert (found.code, found.action) == ("no_room_beside", "scale")
        assert found.title == "The node that the volume stands on has not enough memory left"
    assert said_by_the_scheduler("0/3 nodes are available: 3 node(s) didn't match pod affinity rules.").title == (
        "The node that the volume stands on has not enough room left"
    )


def test_missing_secret_and_key_are_named() -> None:
    assert diagnosis("secret_missing").title == "The secret gone does not exist"
    assert diagnosis("secret_key_missing").title == "The secret here has no key k"


def test_a_passing_hiccup_of_the_kubelets_cache_is_no_cause() -> None:
    recording = recorded("secret_file_missing", "early")
    for event in recording["objects"]["Event"]:
        if event["reason"] == "FailedMount":
            event["message"] = 'MountVolume.SetUp failed for volume "d" : failed to sync secret cache: timed out'
    assert rollout_of(recording).diagnosis is None


def test_refusal_is_read_from_the_clean_condition_not_from_merged_events() -> None:
    recording = recorded("pod_security")
    assert any(e["message"].startswith("(combined from similar events)") for e in recording["objects"]["Event"])
    assert not diagnosis("pod_security").evidence[0].startswith("(combined")


def test_an_unknown_pull_error_is_still_told() -> None:
    recording = recorded("image_missing")
    for pod in recording["objects"]["Pod"]:
        for status in pod["status"]["containerStatuses"]:
            if "waiting" in status["state"]:
                status["state"]["waiting"]["message"] = "rpc error: code = Unknown desc = layers: digest mismatch"
    for event in recording["objects"]["Event"]:
        event["message"] = event["message"].replace("not found", "digest mismatch")
    found = rollout_of(recording).diagnosis
    assert found is not None
    assert found.code == "image_pull"


def test_when_nothing_explains_the_standstill_the_last_warning_is_shown() -> None:
    recording = recorded("not_ready")
    for event in recording["objects"]["Event"]:
        event["reason"] = "Odd" if event["reason"] == "Unhealthy" else event["reason"]
    found = rollout_of(recording).diagnosis
    assert found is not None
    assert found.code == "stalled"
    assert found.evidence[0] == "Readiness probe failed: HTTP probe failed with statuscode: 503"


def test_a_multi_attach_error_names_the_busy_volume() -> None:
    recording = recorded("secret_file_missing")
    for event in recording["objects"]["Event"]:
        if event["reason"] == "FailedMount":
            event["reason"] = "FailedAttachVolume"
            event["message"] = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) web-1'
    found = rollout_of(recording).diagnosis
    assert found is not None
    assert found.code == "claim_busy"


def test_every_cause_has_all_its_words() -> None:
    for code, cause in CAUSES.items():
        assert cause.title, code
        assert cause.headline[0].islower() or cause.headline.startswith("{"), code
        assert cause.remedy.endswith("."), code
        assert cause.why.endswith("."), code
