"""Pods that do not start: settings, volumes, init containers, no place on a node."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .api import Api, condition, path
from .stuck import status_of, until_waiting


def until_unschedulable(api: Api, space: str, name: str, text: str) -> str:
    """The message of PodScheduled once it is refused with `text`."""
    pod = api.until("pods", space, name, lambda pod: text in condition(pod, "PodScheduled").get("message", ""))
    found = condition(pod, "PodScheduled")
    assert (found["status"], found["reason"]) == ("False", "Unschedulable")
    assert pod["status"]["phase"] == "Pending"
    assert "nodeName" not in pod["spec"]
    return found["message"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("secret-missing", 'secret "gone" not found'),
        ("key-missing", "couldn't find key k in Secret {space}/there"),
        ("config-missing", 'configmap "gone" not found'),
        ("env-from-missing", 'secret "gone" not found'),
        ("as-root", "container has runAsNonRoot and image will run as root (pod: "),
    ],
)
def test_container_that_cannot_be_made(api: Api, stuck: str, name: str, text: str) -> None:
    text = text.format(space=stuck)
    one = until_waiting(api, stuck, name, "CreateContainerConfigError")
    assert one["state"]["waiting"]["message"].startswith(text)
    assert api.until_event(stuck, "Failed", name, text)["message"].startswith(f"Error: {text}")


@pytest.mark.parametrize(("name", "kind"), [("secret-volume", "secret"), ("config-volume", "configmap")])
def test_volume_that_cannot_be_made_shows_in_events_alone(api: Api, stuck: str, name: str, kind: str) -> None:
    event = api.until_event(stuck, "FailedMount", name, "not found")
    assert event["message"] == f'MountVolume.SetUp failed for volume "d" : {kind} "gone" not found'
    pod = api.read("pods", stuck, name)
    assert status_of(pod)["state"] == {"waiting": {"reason": "ContainerCreating"}}


def test_failing_init_container(api: Api, stuck: str) -> None:
    def crashing(pod: dict[str, Any]) -> bool:
        first = status_of(pod, "initContainerStatuses")
        return first.get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff"

    pod = api.until("pods", stuck, "init-fails", crashing, timeout=90)
    first = status_of(pod, "initContainerStatuses")
    assert first["lastState"]["terminated"]["exitCode"] == 4
    assert status_of(pod)["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert pod["status"]["phase"] == "Pending"
    initialized = condition(pod, "Initialized")
    assert (initialized["status"], initialized["reason"]) == ("False", "ContainersNotInitialized")
    assert initialized["message"] == "containers with incomplete status: [init]"


def test_pod_bigger_than_the_nodes(api: Api, stuck: str) -> None:
    message = until_unschedulable(api, stuck, "too-big", "Insufficient cpu")
    assert re.match(r"0/\d+ nodes are available: \d+ Insufficient cpu\.", message)
    assert "No preemption victims found for incoming pod" in message or "Preemption is not helpful" in message
    assert api.until_event(stuck, "FailedScheduling", "too-big")["message"] == message


def test_pod_for_a_node_that_is_not_there(api: Api, stuck: str) -> None:
    message = until_unschedulable(api, stuck, "no-such-node", "node affinity")
    assert re.match(r"0/\d+ nodes are available: \d+ node\(s\) didn't match Pod's node affinity/selector\.", message)


def test_pod_beside_nobody(api: Api, stuck: str) -> None:
    message = until_unschedulable(api, stuck, "nobody-there", "pod affinity")
    assert re.match(
        r"0/\d+ nodes are available: \d+ node\(s\) didn't match pod affinity rules\. "
        r"preemption: 0/\d+ nodes are available: \d+ Preemption is not helpful for scheduling\.",
        message,
    )


def test_claim_that_is_missing(api: Api, stuck: str) -> None:
    message = until_unschedulable(api, stuck, "claim-missing", "persistentvolumeclaim")
    assert re.match(r'0/\d+ nodes are available: persistentvolumeclaim "gone" not found\.', message)


def test_claim_of_a_missing_class(api: Api, stuck: str) -> None:
    message = until_unschedulable(api, stuck, "claim-unbound", "unbound")
    assert re.match(r"0/\d+ nodes are available: pod has unbound immediate PersistentVolumeClaims\.", message)
    event = api.until_event(stuck, "ProvisioningFailed", "unbound")
    assert event["involvedObject"]["kind"] == "PersistentVolumeClaim"
    assert event["message"] == 'storageclass.storage.k8s.io "nothing" not found'


def test_claim_that_waits_for_its_first_pod_is_no_failure(api: Api, stuck: str) -> None:
    event = api.until_event(stuck, "WaitForFirstConsumer", "waits")
    assert event["type"] == "Normal"
    assert event["message"] == "waiting for first consumer to be created before binding"


def test_log_of_a_failing_init_container_is_read_by_its_name(api: Api, stuck: str) -> None:
    taken_away: list[str] = []

    def ended(pod: dict[str, Any]) -> bool:
        last = status_of(pod, "initContainerStatuses").get("lastState", {}).get("terminated", {})
        return bool(last) and last["containerID"] not in taken_away

    gone = "unable to retrieve container logs for "  # said with 200: a kubelet removed it before its status changed
    while True:
        api.until("pods", stuck, "init-fails", ended, timeout=120)
        answer = api.get(path("pods", stuck, "init-fails", "log"), accept="*/*", container="init", previous="true")
        if not answer.text.startswith(gone):
            break
        taken_away.append(answer.text.removeprefix(gone))
    assert (answer.status, answer.text) == (200, "no\n")
    waiting = api.get(path("pods", stuck, "init-fails", "log"), container="web")
    assert waiting.status == 400
    assert waiting.message == 'container "web" in pod "init-fails" is waiting to start: PodInitializing'
