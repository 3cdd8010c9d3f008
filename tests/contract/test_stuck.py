"""Every way in which a pod does not get to run, and the signals by which it is told from the others.

All are begun at once, so that the slow ones (back-off, probes) wait together; each test awaits its own.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from . import manifests
from .api import Api, condition, path
from .manifests import BUSYBOX, GUARDED, HELLO, ROOT, container

PROBE = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}
NOT_READY = [{"name": "NOT_READY", "value": "1"}]
FROM_SECRET = {"secretKeyRef": {"name": "gone", "key": "k"}}
FROM_KEY = {"secretKeyRef": {"name": "there", "key": "k"}}
FROM_CONFIG = {"configMapKeyRef": {"name": "gone", "key": "k"}}
MOUNT = [{"name": "d", "mountPath": "/d"}]


def from_claim(name: str) -> dict[str, Any]:
    return {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": name}}]}


def login(space: str, name: str, user: str, password: str) -> dict[str, Any]:
    """A pull secret for the registry that wants a login."""
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    config = json.dumps({"auths": {"10.89.0.1:5001": {"username": user, "password": password, "auth": auth}}})
    return manifests.secret(space, name, **{".dockerconfigjson": config}) | {"type": "kubernetes.io/dockerconfigjson"}


PODS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # name: (container, the pod's further parts)
    "tag-missing": (container("10.89.0.1:5000/hello:none"), {}),
    "repository-missing": (container("10.89.0.1:5000/nothing:v1"), {}),
    "login-wanted": (container(GUARDED), {}),
    "login-refused": (container(GUARDED), {"imagePullSecrets": [{"name": "wrong"}]}),
    "login-right": (container(GUARDED), {"imagePullSecrets": [{"name": "right"}]}),
    "registry-down": (container("10.89.0.1:5999/hello:v1"), {}),
    "registry-unknown": (container("registry.nothing.test/hello:v1"), {}),
    "image-malformed": (container("10.89.0.1:5000/Hello:v1"), {}),
    "crashes": (container(args=["exit", "3", "out of luck"]), {}),
    "ends-well": (container(args=["exit", "0", "that was it"]), {}),
    "out-of-memory": (container(env=[{"name": "EAT_MIB", "value": "200"}]), {}),
    "command-missing": (container(command=["/bin/nothing"]), {}),
    "liveness": (container(env=NOT_READY, livenessProbe=PROBE), {}),
    "startup": (container(env=NOT_READY, startupProbe=PROBE), {}),
    "never-ready": (container(env=NOT_READY, readinessProbe=PROBE), {}),
    "wrong-port": (container(readinessProbe=PROBE | {"httpGet": {"path": "/ready", "port": 9}}), {}),
    "secret-missing": (container(env=[{"name": "A", "valueFrom": FROM_SECRET}]), {}),
    "key-missing": (container(env=[{"name": "A", "valueFrom": FROM_KEY}]), {}),
    "config-missing": (container(env=[{"name": "A", "valueFrom": FROM_CONFIG}]), {}),
    "env-from-missing": (container(envFrom=[{"secretRef": {"name": "gone"}}]), {}),
    "secret-volume": (container(volumeMounts=MOUNT), {"volumes": [{"name": "d", "secret": {"secretName": "gone"}}]}),
    "config-volume": (container(volumeMounts=MOUNT), {"volumes": [{"name": "d", "configMap": {"name": "gone"}}]}),
    "as-root": (container(ROOT), {}),
    "too-big": (container(requests={"cpu": "900"}, limits={}), {}),
    "no-such-node": (container(), {"nodeSelector": {"no": "such"}}),
    "claim-missing": (container(volumeMounts=MOUNT), from_claim("gone")),
    "claim-unbound": (container(volumeMounts=MOUNT), from_claim("unbound")),
    "init-fails": (
        container(),
        {"initContainers": [container(BUSYBOX, name="init", command=["sh", "-c", "echo no; exit 4"])]},
    ),
}


@pytest.fixture(scope="module")
def stuck(api: Api, new_namespace: Callable[..., str]) -> str:
    """A namespace with all the stuck pods."""
    space = new_namespace("stuck")
    api.create("secrets", manifests.secret(space, "there", other="1"))
    api.create("secrets", login(space, "wrong", "robot", "herring"))
    api.create("secrets", login(space, "right", "robot", "swordfish"))
    api.create("persistentvolumeclaims", manifests.claim(space, "unbound", storage_class="nothing"))
    api.create("persistentvolumeclaims", manifests.claim(space, "waits", storage_class="late"))
    for name, (one, parts) in PODS.items():
        api.create("pods", manifests.pod(space, name, one, **parts))
    return space


def status_of(pod: dict[str, Any], kind: str = "containerStatuses") -> dict[str, Any]:
    return (pod["status"].get(kind) or [{}])[0]


def until_waiting(api: Api, space: str, name: str, reason: str, text: str = "") -> dict[str, Any]:
    """The container's status once it waits for that reason, with `text` in the message."""
    pod = api.until(
        "pods",
        space,
        name,
        lambda pod: (
            (waiting := status_of(pod).get("state", {}).get("waiting", {})).get("reason") == reason
            and text in waiting.get("message", "")
        ),
        timeout=90,
    )
    return status_of(pod)


def until_crashed(api: Api, space: str, name: str) -> dict[str, Any]:
    """How the container ended last, once it is in CrashLoopBackOff."""
    one = until_waiting(api, space, name, "CrashLoopBackOff")
    assert re.fullmatch(
        rf"back-off \d+\w* restarting failed container=web pod={name}_{space}\([0-9a-f-]{{36}}\)",
        one["state"]["waiting"]["message"],
    )
    assert one["restartCount"] >= 1
    assert one["ready"] is False
    return one["lastState"]["terminated"]


def until_unschedulable(api: Api, space: str, name: str, text: str) -> str:
    """The message of PodScheduled once it is refused with `text`."""
    pod = api.until("pods", space, name, lambda pod: text in condition(pod, "PodScheduled").get("message", ""))
    found = condition(pod, "PodScheduled")
    assert (found["status"], found["reason"]) == ("False", "Unschedulable")
    assert pod["status"]["phase"] == "Pending"
    assert "nodeName" not in pod["spec"]
    return found["message"]


# --- images


@pytest.mark.parametrize(
    ("name", "image"),
    [("tag-missing", "10.89.0.1:5000/hello:none"), ("repository-missing", "10.89.0.1:5000/nothing:v1")],
)
def test_image_that_does_not_exist(api: Api, stuck: str, name: str, image: str) -> None:
    one = until_waiting(api, stuck, name, "ImagePullBackOff")
    message = one["state"]["waiting"]["message"]
    assert message.startswith(f'Back-off pulling image "{image}": ErrImagePull: ')
    assert message.endswith(f"failed to resolve image: {image}: not found")
    assert (one["ready"], one["started"], one["restartCount"], one["imageID"]) == (False, False, 0, "")


def test_image_that_does_not_exist_is_told_by_events(api: Api, stuck: str) -> None:
    image = "10.89.0.1:5000/hello:none"
    assert api.until_event(stuck, "Pulling", "tag-missing")["message"] == f'Pulling image "{image}"'
    failed = api.until_event(stuck, "Failed", "tag-missing", "Failed to pull image")
    assert failed["type"] == "Warning"
    assert failed["message"].startswith(f'Failed to pull image "{image}": ')
    assert api.until_event(stuck, "Failed", "tag-missing", "Error: ErrImagePull")
    assert api.until_event(stuck, "BackOff", "tag-missing")["message"].startswith(f'Back-off pulling image "{image}"')


def test_pod_whose_image_does_not_come_is_pending(api: Api, stuck: str) -> None:
    until_waiting(api, stuck, "tag-missing", "ImagePullBackOff")
    pod = api.read("pods", stuck, "tag-missing")
    assert pod["status"]["phase"] == "Pending"
    ready = condition(pod, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "ContainersNotReady")
    assert ready["message"] == "containers with unready status: [web]"


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        (
            "login-wanted",
            [
                "pull access denied, repository does not exist or may require authorization",
                "no basic auth credentials",
            ],
        ),
        ("login-refused", ["unexpected status from HEAD request to http", "401 Unauthorized"]),
        ("registry-down", ["dial tcp 10.89.0.1:5999: connect: connection refused"]),
        ("registry-unknown", ["lookup registry.nothing.test", "no such host"]),
    ],
)
def test_registry_that_does_not_give_the_image(api: Api, stuck: str, name: str, texts: list[str]) -> None:
    message = until_waiting(api, stuck, name, "ImagePullBackOff")["state"]["waiting"]["message"]
    for text in texts:
        assert text in message


def test_right_login_lets_it_run(api: Api, stuck: str) -> None:
    pod = api.until("pods", stuck, "login-right", lambda pod: pod["status"]["phase"] == "Running")
    assert "@sha256:" in status_of(pod)["imageID"]


def test_malformed_image(api: Api, stuck: str) -> None:
    one = until_waiting(api, stuck, "image-malformed", "InvalidImageName")
    assert one["state"]["waiting"]["message"] == (
        'Failed to apply default image tag "10.89.0.1:5000/Hello:v1": couldn\'t parse image name '
        '"10.89.0.1:5000/Hello:v1": invalid reference format: repository name (Hello) must be lowercase'
    )
    assert "invalid reference format" in api.until_event(stuck, "InspectFailed", "image-malformed")["message"]


# --- crashes


def test_crash_has_its_exit_code(api: Api, stuck: str) -> None:
    last = until_crashed(api, stuck, "crashes")
    assert (last["reason"], last["exitCode"]) == ("Error", 3)
    assert last["startedAt"] <= last["finishedAt"]
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


# --- settings and volumes


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


# --- no place


def test_pod_bigger_than_the_nodes(api: Api, stuck: str) -> None:
    message = until_unschedulable(api, stuck, "too-big", "Insufficient cpu")
    assert re.match(r"0/\d+ nodes are available: \d+ Insufficient cpu\.", message)
    assert "No preemption victims found for incoming pod" in message or "Preemption is not helpful" in message
    assert api.until_event(stuck, "FailedScheduling", "too-big")["message"] == message


def test_pod_for_a_node_that_is_not_there(api: Api, stuck: str) -> None:
    message = until_unschedulable(api, stuck, "no-such-node", "node affinity")
    assert re.match(r"0/\d+ nodes are available: \d+ node\(s\) didn't match Pod's node affinity/selector\.", message)


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


# --- what the API server refuses to the ReplicaSet


def refusal(api: Api, space: str, name: str) -> str:
    """The message of ReplicaFailure, which the event FailedCreate of the ReplicaSet has too."""
    found = api.until("deployments.apps", space, name, lambda one: condition(one, "ReplicaFailure"))
    failure = condition(found, "ReplicaFailure")
    assert (failure["status"], failure["reason"]) == ("True", "FailedCreate")
    event = api.until_event(space, "FailedCreate", name, "is forbidden")
    assert event["involvedObject"]["kind"] == "ReplicaSet"
    assert event["message"].startswith("Error creating: ")
    return failure["message"]


def test_pod_security_refuses_the_pods(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("refused", {"pod-security.kubernetes.io/enforce": "restricted"})
    api.create("deployments.apps", manifests.deployment(space, "web", {"name": "web", "image": HELLO}))
    assert re.match(
        r'pods "web-[a-z0-9]+-[a-z0-9]+" is forbidden: violates PodSecurity "restricted:latest": '
        r"allowPrivilegeEscalation != false",
        refusal(api, space, "web"),
    )


def test_quota_refuses_some_of_the_pods(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("full")
    api.create("resourcequotas", manifests.quota(space, "q", **{"requests.cpu": "15m"}))
    api.until("resourcequotas", space, "q", lambda one: "used" in one["status"])
    body = manifests.deployment(space, "web", container(requests={"cpu": "10m"}, limits={}), replicas=2)
    api.create("deployments.apps", body)
    message = refusal(api, space, "web")
    assert message.endswith(
        "is forbidden: exceeded quota: q, requested: requests.cpu=10m, used: requests.cpu=10m, "
        "limited: requests.cpu=15m"
    )
    found = api.until("deployments.apps", space, "web", lambda one: one["status"].get("availableReplicas") == 1)
    available = condition(found, "Available")
    assert (available["status"], available["reason"]) == ("False", "MinimumReplicasUnavailable")
    assert available["message"] == "Deployment does not have minimum availability."


def test_quota_wants_what_the_pod_does_not_say(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("unsaid")
    api.create("resourcequotas", manifests.quota(space, "q", **{"limits.memory": "1Gi"}))
    api.until("resourcequotas", space, "q", lambda one: "used" in one["status"])
    api.create("deployments.apps", manifests.deployment(space, "web", container(requests={}, limits={})))
    assert refusal(api, space, "web").endswith("is forbidden: failed quota: q: must specify limits.memory for: web")


def test_limit_range_refuses_the_pods(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("narrow")
    api.create("limitranges", manifests.limit_range(space, "l", {"type": "Container", "max": {"memory": "32Mi"}}))
    api.create("deployments.apps", manifests.deployment(space, "web"))
    assert refusal(api, space, "web").endswith(
        "is forbidden: maximum memory usage per Container is 32Mi, but limit is 64Mi"
    )


def test_refused_pods_come_when_there_is_room(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("room")
    api.create("resourcequotas", manifests.quota(space, "q", pods="0"))
    api.until("resourcequotas", space, "q", lambda one: "used" in one["status"])
    api.create("deployments.apps", manifests.deployment(space, "web"))
    refusal(api, space, "web")
    api.patch(path("resourcequotas", space, "q"), {"spec": {"hard": {"pods": "5"}}}).ok()
    found = api.until("deployments.apps", space, "web", lambda one: one["status"].get("availableReplicas") == 1)
    found = api.until("deployments.apps", space, "web", lambda one: not condition(one, "ReplicaFailure"))
    assert condition(found, "Available")["status"] == "True"


def test_log_of_a_failing_init_container_is_read_by_its_name(api: Api, stuck: str) -> None:
    def ended(pod: dict[str, Any]) -> bool:
        return bool(status_of(pod, "initContainerStatuses").get("lastState", {}).get("terminated"))

    api.until("pods", stuck, "init-fails", ended, timeout=90)
    answer = api.get(path("pods", stuck, "init-fails", "log"), accept="*/*", container="init", previous="true")
    assert (answer.status, answer.text) == (200, "no\n")
    waiting = api.get(path("pods", stuck, "init-fails", "log"), container="web")
    assert waiting.status == 400
    assert waiting.message == 'container "web" in pod "init-fails" is waiting to start: PodInitializing'
