"""Pods start, end and are taken over as on a real node."""

from collections.abc import AsyncIterator

import pytest

from simcluster.store import Store
from tests.simcluster.world import IMAGE, NAMESPACE, World, container, world

BUSYBOX = "registry.example/busybox:1.35"


@pytest.fixture
async def team() -> AsyncIterator[World]:
    async with world() as here:
        yield here


def phase(team: World, name: str) -> str:
    pod = team.store.get("pods", NAMESPACE, name)
    return (pod or {}).get("status", {}).get("phase", "gone")


async def test_ready_pod_has_the_status_of_a_real_one(team: World) -> None:
    resources = {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}}
    await team.deploy(resources=resources)
    (pod,) = await team.ready(1)
    status = pod["status"]
    assert [one["type"] for one in status["conditions"]] == [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    ]
    assert all(one["status"] == "True" and one["observedGeneration"] == 1 for one in status["conditions"])
    assert (status["phase"], status["qosClass"], status["observedGeneration"]) == ("Running", "Burstable", 1)
    (shown,) = status["containerStatuses"]
    assert shown["imageID"].startswith("registry.example/hello@sha256:")
    assert shown["containerID"].startswith("containerd://")
    assert shown["user"] == {"linux": {"gid": 0, "supplementalGroups": [0], "uid": 65532}}
    assert (shown["resources"], shown["allocatedResources"]) == (resources, resources["requests"])
    assert pod["metadata"]["generation"] == 1


async def test_start_is_told_step_by_step(team: World) -> None:
    await team.deploy()
    await team.ready(1)
    order = ["Scheduled", "Pulling", "Pulled", "Created", "Started"]
    found = {event["reason"]: event for event in team.store.list("events", NAMESPACE)}
    assert set(order) <= set(found)
    assert found["Pulled"]["message"].endswith("including waiting). Image size: 8366762 bytes.")
    assert found["Created"]["message"] == "Container created"
    assert found["Scheduled"]["message"].startswith(f"Successfully assigned {NAMESPACE}/web-")


async def test_start_delay_and_readiness_probe_hold_readiness_back(team: World) -> None:
    probe = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    await team.deploy(env={"START_DELAY": "4s"}, readinessProbe=probe)
    await team.until(lambda: team.pods() and team.pods()[0].get("status", {}).get("phase") == "Running")
    assert not team.pods()[0]["status"]["containerStatuses"][0]["ready"]
    await team.ready(1)


async def test_deleted_pod_stops_politely_and_ends_succeeded(team: World) -> None:
    await team.pod("one", containers=[container()], terminationGracePeriodSeconds=5)
    await team.until(lambda: phase(team, "one") == "Running")
    seen = []
    team.store.listeners.append(lambda event: event.resource == "pods" and seen.append(event.obj))
    team.store.delete("pods", NAMESPACE, "one")
    await team.until(lambda: phase(team, "one") == "gone")
    assert any(event["message"] == "Stopping container web" for event in team.events("Killing"))
    last = seen[-1]["status"]
    assert last["phase"] == "Succeeded"
    assert last["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 0
    sandbox = last["conditions"][0]
    assert (sandbox["reason"], sandbox["message"]) == ("PodSandboxNotReady", "pod sandbox is not ready")


async def test_program_that_ignores_the_signal_is_killed_after_its_grace(team: World) -> None:
    sleeper = {"name": "c", "image": BUSYBOX, "command": ["sleep", "1000"]}
    await team.pod("one", containers=[sleeper], terminationGracePeriodSeconds=3)
    await team.until(lambda: phase(team, "one") == "Running")
    seen = []
    team.store.listeners.append(lambda event: event.resource == "pods" and seen.append(event.obj))
    began = team.clock.elapsed()
    team.store.delete("pods", NAMESPACE, "one")
    await team.until(lambda: phase(team, "one") == "gone")
    assert team.clock.elapsed() - began >= 3
    assert seen[-1]["status"]["phase"] == "Failed"
    assert seen[-1]["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 137


async def test_pod_that_cannot_start_is_deleted_at_once(team: World) -> None:
    await team.pod("one", containers=[container(image="registry.example/hello:v9")])
    await team.event("BackOff")
    team.store.delete("pods", NAMESPACE, "one")
    await team.until(lambda: phase(team, "one") == "gone")


@pytest.mark.parametrize(
    ("code", "expected", "reason"), [("0", "Succeeded", "PodCompleted"), ("5", "Failed", "PodFailed")]
)
async def test_pod_that_is_not_restarted_ends(team: World, code: str, expected: str, reason: str) -> None:
    await team.pod("once", restartPolicy="Never", containers=[container(args=["exit", code, "done"])])
    await team.until(lambda: phase(team, "once") == expected)
    status = team.store.get("pods", NAMESPACE, "once")["status"]
    ready = next(one for one in status["conditions"] if one["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("False", reason)
    assert await team.log("once") == ["done"]


async def test_restart_on_failure_ends_with_the_first_success(team: World) -> None:
    script = 'if [ -n "$HOSTNAME" ]; then exit 0; fi; exit 1'
    shell = {"name": "c", "image": BUSYBOX, "command": ["sh", "-c", script]}
    await team.pod("once", restartPolicy="OnFailure", containers=[shell])
    await team.until(lambda: phase(team, "once") == "Succeeded")


async def test_init_containers_run_in_order_before_the_main_one(team: World) -> None:
    first = [container(f"prep-{i}", args=["exit", "0", f"step {i}"]) for i in (1, 2)]
    await team.pod("one", initContainers=first, containers=[container()])
    await team.until(lambda: phase(team, "one") == "Running")
    status = team.store.get("pods", NAMESPACE, "one")["status"]
    assert [one["state"]["terminated"]["reason"] for one in status["initContainerStatuses"]] == ["Completed"] * 2
    assert await team.log("one", container="prep-2") == ["step 2"]


async def test_environment_reaches_the_program(team: World) -> None:
    await team.create("configmaps", {"metadata": {"name": "c"}, "data": {"NAME": "bob"}})
    command = ["sh", "-c", "echo $GREETING $NAME; sleep 1000"]
    variables = [{"name": "GREETING", "value": "hi"}]
    source = [{"configMapRef": {"name": "c"}}]
    shell = {"name": "c", "image": BUSYBOX, "command": command, "env": variables, "envFrom": source}
    await team.pod("one", containers=[shell])
    await team.until(lambda: phase(team, "one") == "Running")
    assert [line async for line in _first(team)] == ["hi bob\n"]


async def _first(team: World) -> AsyncIterator[str]:
    async for piece in team.follow("one", follow="true"):
        yield piece.decode()
        return


async def test_another_run_takes_the_pods_over_and_begins_their_logs_anew() -> None:
    async with world() as first:
        await first.deploy(replicas=2)
        await first.ready(2)
        store: Store = first.store
        before = {pod["metadata"]["name"]: pod for pod in first.pods()}
    async with world(store=store) as second:
        name = next(iter(before))
        pieces = second.follow(name, follow="true")
        text = (await anext(pieces)).decode()
        assert text.startswith("hello v1 starting as uid 65532\n")
        after = {pod["metadata"]["name"]: pod for pod in second.pods()}
        assert {name: pod["status"] for name, pod in after.items()} == {n: p["status"] for n, p in before.items()}
        second.store.delete("pods", NAMESPACE, name)
        await second.until(lambda: second.store.get("pods", NAMESPACE, name) is None)


async def test_image_is_pulled_once_for_a_node(team: World) -> None:
    await team.pod("one", containers=[container()])
    await team.until(lambda: phase(team, "one") == "Running")
    await team.pod("two", containers=[container()])
    await team.until(lambda: phase(team, "two") == "Running")
    present = f'Container image "{IMAGE}" already present on machine and can be accessed by the pod'
    assert [event["involvedObject"]["name"] for event in team.events("Pulled") if event["message"] == present] == [
        "two"
    ]
