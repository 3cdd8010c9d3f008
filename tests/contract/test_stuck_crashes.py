"""Pods that start and do not last: exits, memory, commands, probes."""

from __future__ import annotations

import re

from . import manifests
from .api import Api, condition, path
from .manifests import container
from .stuck import status_of, until_crashed


def test_crash_has_its_exit_code(api: Api, stuck: str) -> None:
    last = until_crashed(api, stuck, "crashes")
    assert (last["reason"], last["exitCode"]) == ("Error", 3)
    assert {"startedAt", "finishedAt"} < set(last)
    assert last["containerID"].startswith("containerd://")


def test_crash_left_its_last_words(api: Api, stuck: str) -> None:
    until_crashed(api, stuck, "crashes")
    answer = api.get(path("pods", stuck, "crashes", "log"), accept="*/*", previous="true")
    assert (answer.status, answer.text) == (200, "out of luck\n")


def test_crash_is_told_by_an_event(api: Api, stuck: str) -> None:
    found = api.until_event(stuck, "BackOff", "crashes")
    assert found["type"] == "Warning"
    assert found["message"].startswith("Back-off restarting failed container web in pod crashes_")


def test_crashing_pod_is_running_but_not_ready(api: Api, stuck: str) -> None:
    until_crashed(api, stuck, "crashes")
    pod = api.read("pods", stuck, "crashes")
    assert pod["status"]["phase"] == "Running"
    assert condition(pod, "Ready")["status"] == "False"


def test_end_with_0_is_completed(api: Api, stuck: str) -> None:
    last = until_crashed(api, stuck, "ends-well")
    assert (last["reason"], last["exitCode"]) == ("Completed", 0)


def test_out_of_memory_is_137(api: Api, stuck: str) -> None:
    last = until_crashed(api, stuck, "out-of-memory")
    assert (last["reason"], last["exitCode"]) == ("OOMKilled", 137)


def test_missing_command_is_128(api: Api, stuck: str) -> None:
    last = until_crashed(api, stuck, "command-missing")
    assert (last["reason"], last["exitCode"]) == ("StartError", 128)
    text = 'exec: "/bin/nothing": stat /bin/nothing: no such file or directory'
    assert text in last["message"]
    assert text in api.until_event(stuck, "Failed", "command-missing", "/bin/nothing")["message"]


def test_missing_command_is_run_container_error_before_it_is_a_crash_loop(api: Api, stuck: str) -> None:
    since = api.get(path("pods", stuck)).ok()["metadata"]["resourceVersion"]
    api.create("pods", manifests.pod(stuck, "commandless", container(command=["/bin/nothing"])))
    until_crashed(api, stuck, "commandless")
    states = []
    with api.watch(path("pods", stuck), resourceVersion=since, fieldSelector="metadata.name=commandless") as events:
        for event in events:
            one = status_of(event["object"])
            states.append((one.get("state", {}).get("waiting", {}).get("reason"), one.get("lastState")))
            if states[-1][0] == "CrashLoopBackOff":
                break
    last = next(last for reason, last in states if reason == "RunContainerError")
    assert last["terminated"]["reason"] == "StartError"


def test_failing_liveness_looks_like_a_polite_end(api: Api, stuck: str) -> None:
    last = until_crashed(api, stuck, "liveness")
    assert (last["reason"], last["exitCode"]) == ("Completed", 0)
    killed = api.until_event(stuck, "Killing", "liveness")
    assert killed["message"] == "Container web failed liveness probe, will be restarted"
    unhealthy = api.until_event(stuck, "Unhealthy", "liveness")
    assert unhealthy["message"] == "Liveness probe failed: HTTP probe failed with statuscode: 503"


def test_failing_startup_looks_like_a_polite_end(api: Api, stuck: str) -> None:
    last = until_crashed(api, stuck, "startup")
    assert (last["reason"], last["exitCode"]) == ("Completed", 0)
    killed = api.until_event(stuck, "Killing", "startup")
    assert killed["message"] == "Container web failed startup probe, will be restarted"
    unhealthy = api.until_event(stuck, "Unhealthy", "startup")
    assert unhealthy["message"] == "Startup probe failed: HTTP probe failed with statuscode: 503"


def test_never_ready_runs_and_says_why(api: Api, stuck: str) -> None:
    unhealthy = api.until_event(stuck, "Unhealthy", "never-ready")
    assert unhealthy["message"] == "Readiness probe failed: HTTP probe failed with statuscode: 503"
    assert unhealthy["type"] == "Warning"
    assert unhealthy["involvedObject"]["fieldPath"] == "spec.containers{web}"
    pod = api.read("pods", stuck, "never-ready")
    one = status_of(pod)
    assert pod["status"]["phase"] == "Running"
    assert (one["ready"], one["started"], one["restartCount"]) == (False, True, 0)
    assert condition(pod, "Ready")["reason"] == "ContainersNotReady"


def test_repeated_event_is_counted(api: Api, stuck: str) -> None:
    found = api.until(
        "events",
        stuck,
        None,
        lambda event: (
            event["reason"] == "Unhealthy"
            and event["involvedObject"]["name"] == "never-ready"
            and event.get("count", 0) >= 3
        ),
    )
    assert found["firstTimestamp"] <= found["lastTimestamp"]


def test_probe_of_a_wrong_port_is_refused(api: Api, stuck: str) -> None:
    message = api.until_event(stuck, "Unhealthy", "wrong-port")["message"]
    assert re.fullmatch(
        r'Readiness probe failed: Get "http://([\d.]+):9/ready": dial tcp \1:9: connect: connection refused', message
    )
