"""Every way to be stuck shows the reasons and texts that a real node and scheduler give."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.simcluster.world import NAMESPACE, World, container, world


@pytest.fixture
async def team() -> AsyncIterator[World]:
    async with world() as here:
        yield here


def pull_failure(image: str, why: str) -> str:
    return f'failed to pull and unpack image "{image}": failed to resolve image: {why}'


REQUEST = 'failed to do request: Head "https://{}/v2/hello/manifests/v1": dial tcp'
DENIED = "pull access denied, repository does not exist or may require authorization"
IMAGES = {
    "registry.example/hello:v9": "registry.example/hello:v9: not found",
    "registry.example/nothing:v1": "registry.example/nothing:v1: not found",
    "10.89.0.1:5001/hello:v1": f"{DENIED}: authorization failed: no basic auth credentials",
    "10.89.0.1:5999/hello:v1": f"{REQUEST.format('10.89.0.1:5999')} 10.89.0.1:5999: connect: connection refused",
    "nothing.test/hello:v1": f"{REQUEST.format('nothing.test')}: lookup nothing.test on 10.96.0.10:53: no such host",
}


@pytest.mark.parametrize("image", IMAGES)
async def test_image_that_cannot_be_pulled(team: World, image: str) -> None:
    await team.deploy(image=image)
    message = await team.waits("ImagePullBackOff")
    assert message.startswith(f'Back-off pulling image "{image}": ErrImagePull: ')
    assert message.endswith(pull_failure(image, IMAGES[image]))
    assert team.pods()[0]["status"]["phase"] == "Pending"


def login_secret(password: str) -> dict[str, Any]:
    auth = {"auths": {"10.89.0.1:5001": {"username": "robot", "password": password}}}
    data = {".dockerconfigjson": base64.b64encode(json.dumps(auth).encode()).decode()}
    return {"metadata": {"name": "login"}, "type": "kubernetes.io/dockerconfigjson", "data": data}


async def test_refused_registry_login(team: World) -> None:
    await team.create("secrets", login_secret("wrong"))
    await team.deploy(image="10.89.0.1:5001/hello:v1", pod={"imagePullSecrets": [{"name": "login"}]})
    message = await team.waits("ImagePullBackOff")
    url = "http://10.89.0.1:5001/v2/hello/manifests/v1"
    assert message.endswith(f"unexpected status from HEAD request to {url}: 401 Unauthorized")


async def test_right_registry_login_pulls(team: World) -> None:
    await team.create("secrets", login_secret("swordfish"))
    await team.deploy(image="10.89.0.1:5001/hello:v1", pod={"imagePullSecrets": [{"name": "login"}]})
    await team.ready(1)


async def test_malformed_image_name(team: World) -> None:
    await team.deploy(image="Hello:v1:x")
    message = await team.waits("InvalidImageName")
    assert message == (
        'Failed to apply default image tag "Hello:v1:x": couldn\'t parse image name "Hello:v1:x": '
        "invalid reference format: repository name (library/Hello) must be lowercase"
    )
    assert (await team.event("InspectFailed"))["message"] == message


def last_end(team: World) -> dict[str, Any]:
    status = team.pods()[0]["status"]["containerStatuses"][0]
    return status["lastState"]["terminated"]


@pytest.mark.parametrize(
    ("of", "code", "reason"),
    [
        ({"args": ["exit", "3", "bye"]}, 3, "Error"),
        ({"args": ["exit", "0", "bye"]}, 0, "Completed"),
        ({"env": {"CRASH_AFTER": "1s"}}, 1, "Error"),
        ({"env": {"EAT_MIB": "200"}, "resources": {"limits": {"memory": "64Mi"}}}, 137, "OOMKilled"),
    ],
)
async def test_crash_loop_shows_how_the_last_run_ended(team: World, of: dict, code: int, reason: str) -> None:
    await team.deploy(**of)
    message = await team.waits("CrashLoopBackOff")
    pod = team.pods()[0]["metadata"]
    assert message.startswith("back-off ")
    assert message.endswith(f" restarting failed container=web pod={pod['name']}_{NAMESPACE}({pod['uid']})")
    ended = last_end(team)
    assert (ended["exitCode"], ended["reason"]) == (code, reason)
    assert team.pods()[0]["status"]["phase"] == "Running"


async def test_back_off_doubles_from_ten_seconds(team: World) -> None:
    await team.deploy(args=["exit", "1", "no"])
    await team.until(lambda: team.waiting().get("message", "").startswith("back-off 10s "))
    await team.until(lambda: team.waiting().get("message", "").startswith("back-off 20s "))
    await team.until(lambda: team.waiting().get("message", "").startswith("back-off 40s "))
    assert team.pods()[0]["status"]["containerStatuses"][0]["restartCount"] == 3


async def test_command_that_does_not_exist(team: World) -> None:
    await team.deploy(command=["/bin/nothing"])
    await team.waits("CrashLoopBackOff")
    ended = last_end(team)
    assert (ended["exitCode"], ended["reason"], ended["startedAt"]) == (128, "StartError", "1970-01-01T00:00:00Z")
    assert ended["message"].endswith('exec: "/bin/nothing": stat /bin/nothing: no such file or directory')
    failed = await team.event("Failed")
    assert failed["message"] == f"Error: {ended['message']}"


@pytest.mark.parametrize("kind", ["liveness", "startup"])
async def test_failed_probe_restarts_a_program_that_stops_politely(team: World, kind: str) -> None:
    probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 2}
    await team.deploy(env={"NOT_READY": "1"}, **{f"{kind}Probe": probe})
    killing = await team.event("Killing")
    assert killing["message"] == f"Container web failed {kind} probe, will be restarted"
    unhealthy = await team.event("Unhealthy")
    assert unhealthy["message"] == f"{kind.title()} probe failed: HTTP probe failed with statuscode: 503"
    await team.waits("CrashLoopBackOff")
    assert (last_end(team)["exitCode"], last_end(team)["reason"]) == (0, "Completed")


async def test_never_ready_runs_and_says_why_in_counted_events(team: World) -> None:
    probe = {"httpGet": {"path": "/ready", "port": 9999}, "periodSeconds": 2}
    await team.deploy(readinessProbe=probe)
    event = await team.until(lambda: next((one for one in team.events("Unhealthy") if one["count"] >= 3), None))
    address = team.pods()[0]["status"]["podIP"]
    url = f'Get "http://{address}:9999/ready": dial tcp {address}:9999: connect: connection refused'
    assert event["message"] == f"Readiness probe failed: {url}"
    assert event["involvedObject"]["fieldPath"] == "spec.containers{web}"
    status = team.pods()[0]["status"]
    assert status["phase"] == "Running"
    ready = next(one for one in status["conditions"] if one["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "ContainersNotReady")
    assert ready["message"] == "containers with unready status: [web]"


def from_key(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"name": "A", "valueFrom": {kind: {"name": name, "key": "k"}}}]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (from_key("secretKeyRef", "gone"), 'secret "gone" not found'),
        (from_key("secretKeyRef", "there"), "couldn't find key k in Secret team/there"),
        (from_key("configMapKeyRef", "gone"), 'configmap "gone" not found'),
        (from_key("configMapKeyRef", "there"), "couldn't find key k in ConfigMap team/there"),
    ],
)
async def test_environment_from_something_missing(team: World, variables: list, message: str) -> None:
    await team.create("secrets", {"metadata": {"name": "there"}, "data": {"a": "Yg=="}})
    await team.create("configmaps", {"metadata": {"name": "there"}, "data": {"a": "b"}})
    await team.pod("web", containers=[{**container(), "env": variables}])

    def stuck() -> bool:
        status = team.store.get("pods", NAMESPACE, "web")["status"]
        waiting = (status.get("containerStatuses") or [{"state": {}}])[0]["state"].get("waiting") or {}
        return waiting == {"reason": "CreateContainerConfigError", "message": message}

    await team.until(stuck)
    assert any(event["message"] == f"Error: {message}" for event in team.events("Failed"))


async def test_pod_recovers_when_the_missing_secret_appears(team: World) -> None:
    await team.deploy(envFrom=[{"secretRef": {"name": "late"}}])
    await team.waits("CreateContainerConfigError")
    await team.create("secrets", {"metadata": {"name": "late"}, "data": {}})
    await team.ready(1)


@pytest.mark.parametrize(
    ("volume", "why"),
    [
        ({"secret": {"secretName": "gone"}}, 'secret "gone" not found'),
        ({"configMap": {"name": "gone"}}, 'configmap "gone" not found'),
    ],
)
async def test_volume_of_something_missing_waits_with_an_event_only(team: World, volume: dict, why: str) -> None:
    mounts = [{"name": "d", "mountPath": "/d"}]
    await team.deploy(volumeMounts=mounts, pod={"volumes": [{"name": "d", **volume}]})
    event = await team.event("FailedMount")
    assert event["message"] == f'MountVolume.SetUp failed for volume "d" : {why}'
    assert "fieldPath" not in event["involvedObject"]
    assert team.waiting() == {"reason": "ContainerCreating"}


async def test_image_that_would_run_as_root(team: World) -> None:
    security = {"securityContext": {"runAsNonRoot": True}}
    await team.deploy(image="registry.example/root:v1", pod=security)
    message = await team.waits("CreateContainerConfigError")
    pod = team.pods()[0]["metadata"]
    where = f'(pod: "{pod["name"]}_{NAMESPACE}({pod["uid"]})", container: web)'
    assert message == f"container has runAsNonRoot and image will run as root {where}"


async def unschedulable(team: World) -> str:
    def found() -> str:
        conditions = [one for pod in team.pods() for one in (pod.get("status") or {}).get("conditions") or ()]
        scheduled = [one for one in conditions if one["type"] == "PodScheduled" and one["status"] == "False"]
        assert all(one["reason"] == "Unschedulable" for one in scheduled)
        return scheduled[0]["message"] if scheduled else ""

    return await team.until(found)


NO_HELP = "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."


@pytest.mark.parametrize(
    ("of", "pod", "message"),
    [
        ({"resources": {"requests": {"cpu": "500"}}}, {}, f"0/1 nodes are available: 1 Insufficient cpu. {NO_HELP}"),
        (
            {"resources": {"requests": {"cpu": "500", "memory": "9000Gi"}}},
            {},
            f"0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. {NO_HELP}",
        ),
        (
            {},
            {"nodeSelector": {"disk": "ssd"}},
            f"0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. {NO_HELP}",
        ),
        (
            {},
            {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]},
            '0/1 nodes are available: persistentvolumeclaim "data" not found. not found',
        ),
    ],
)
async def test_no_node_takes_the_pod(team: World, of: dict, pod: dict, message: str) -> None:
    await team.deploy(pod=pod, **of)
    assert await unschedulable(team) == message
    event = await team.event("FailedScheduling")
    assert event["message"] == message
    assert (event["action"], event["reportingComponent"]) == ("Scheduling", "default-scheduler")


async def test_waiting_pod_is_scheduled_when_room_appears(team: World) -> None:
    await team.deploy("big", resources={"requests": {"cpu": "5"}})
    await team.ready(1, "big")
    await team.deploy(resources={"requests": {"cpu": "5"}})
    message = await unschedulable(team)
    assert message.endswith("1 No preemption victims found for incoming pod.")
    team.store.delete("deployments.apps", NAMESPACE, "big")
    await team.ready(1)


async def test_failing_init_container_keeps_the_main_one_waiting(team: World) -> None:
    first = {"name": "prep", "image": "registry.example/hello:v1", "args": ["exit", "2", "no"]}
    await team.deploy(pod={"initContainers": [first]})

    def looping() -> Any:
        status = (team.pods() or [{}])[0].get("status") or {}
        first_status = (status.get("initContainerStatuses") or [{"state": {}}])[0]
        return first_status["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff" and status

    status = await team.until(looping)
    assert status["phase"] == "Pending"
    assert status["containerStatuses"][0]["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert status["initContainerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 2
    initialized = next(one for one in status["conditions"] if one["type"] == "Initialized")
    assert initialized["message"] == "containers with incomplete status: [prep]"
    backed_off = await team.event("BackOff")
    assert backed_off["involvedObject"]["fieldPath"] == "spec.initContainers{prep}"
