"""Programs and the shell print and end as in real containers of the same images."""

from collections.abc import AsyncIterator

import pytest

from simcluster import references
from simcluster.clock import Clock
from simcluster.kubelet import images
from simcluster.kubelet.programs import Setting, duration
from simcluster.kubelet.shell import run_command
from tests.simcluster.world import NAMESPACE, World, container, world

BUSYBOX = "registry.example/busybox:1.35"
SCRIPT = """nosuch; echo $?; if [ 1 -eq 1 ]; then echo yes; else echo no; fi; for i in 1 2; do echo n$i; done
A=5; echo $((A+1)) ${B:-dflt} 'q $A' "$A"; false || echo or; true && echo and; printf 'x%s\\n' y; exit 4"""
PRINTED = ["sh: nosuch: not found", "127", "yes", "n1", "n2", "6 dflt q $A 5", "or", "and", "xy"]


@pytest.fixture
async def team() -> AsyncIterator[World]:
    async with world() as here:
        yield here


def run(script: str) -> tuple[int, str]:
    return run_command(["sh", "-c", script], Setting(("sh",), {}, 65532, Clock(), print))


async def end(team: World, name: str) -> dict:
    """How the pod's only container ended; the pod may be deleted."""
    seen = []

    def watch(event: object) -> None:
        obj = event.obj  # type: ignore[attr-defined]
        if obj["kind"] == "Pod" and obj["metadata"]["name"] == name:
            statuses = (obj.get("status") or {}).get("containerStatuses") or [{"state": {}}]
            seen.extend(filter(None, [statuses[0]["state"].get("terminated")]))

    team.store.listeners.append(watch)
    return (await team.until(lambda: seen))[0]


def test_script_prints_and_exits_as_a_real_shell() -> None:
    assert run(SCRIPT) == (4, "".join(f"{line}\n" for line in PRINTED))


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo out > /tmp/x; echo in 2>&1", (0, "in\n")),
        ("while true; do echo once; exit 3; done", (3, "once\n")),
        ("exec echo a", (0, "a\n")),
        ("echo a && false && echo b", (1, "a\n")),
    ],
)
def test_shell_grammar(script: str, expected: tuple[int, str]) -> None:
    assert run(script) == expected


async def test_shell_waits_where_a_script_sleeps(team: World) -> None:
    began = team.clock.elapsed()
    shell = {"name": "c", "image": BUSYBOX, "command": ["sh", "-c", "echo a; sleep 5; echo b; exit 6"]}
    await team.pod("one", restartPolicy="Never", containers=[shell])
    assert (await end(team, "one"))["exitCode"] == 6
    assert team.clock.elapsed() - began >= 5
    assert await team.log("one") == ["a", "b"]


async def test_shell_that_traps_the_signal_ends_by_its_own_code(team: World) -> None:
    script = "trap 'echo bye; exit 7' TERM; while true; do sleep 1; done"
    shell = {"name": "c", "image": BUSYBOX, "command": ["sh", "-c", script]}
    await team.pod("one", containers=[shell])
    await team.until(lambda: team.store.get("pods", NAMESPACE, "one")["status"].get("phase") == "Running")
    team.store.delete("pods", NAMESPACE, "one")
    assert (await end(team, "one"))["exitCode"] == 7


async def test_server_that_is_stopped_before_it_serves_ends_with_two(team: World) -> None:
    await team.pod("one", containers=[container(env={"START_DELAY": "60s"})])
    await team.until(lambda: team.store.get("pods", NAMESPACE, "one")["status"].get("phase") == "Running")
    team.store.delete("pods", NAMESPACE, "one")
    assert (await end(team, "one"))["exitCode"] == 2


async def test_memory_below_the_limit_is_no_reason_to_be_killed(team: World) -> None:
    await team.deploy(env={"EAT_MIB": "20"}, resources={"limits": {"memory": "64Mi"}})
    await team.ready(1)


async def test_probe_of_a_path_that_is_logged_goes_on(team: World) -> None:
    probe = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 2}
    await team.deploy(readinessProbe=probe)
    (pod,) = await team.ready(1)
    requests = 0
    async for piece in team.follow(pod["metadata"]["name"], follow="true"):
        requests += piece.count(b"request GET /\n")
        if requests >= 3:
            break


async def test_pods_are_spread_over_nodes() -> None:
    async with world(nodes=3) as team:
        await team.deploy(replicas=6)
        pods = await team.ready(6)
        nodes = [pod["spec"]["nodeName"] for pod in pods]
        assert sorted(nodes.count(name) for name in set(nodes)) == [2, 2, 2]
        assert len({pod["status"]["podIP"] for pod in pods}) == 6


@pytest.mark.parametrize(("text", "seconds"), [("1m30s", 90), ("250ms", 0.25), ("1.5h", 5400), ("soon", 0), ("", 0)])
def test_durations_are_read_as_go_does(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", references.Name("docker.io", "library/hello", "latest")),
        ("registry.example/hello", references.Name("registry.example", "hello", "latest")),
        ("10.89.0.1:5000/a/b:v1", references.Name("10.89.0.1:5000", "a/b", "v1")),
        (
            f"registry.example/hello@sha256:{'0' * 64}",
            references.Name("registry.example", "hello", "", f"sha256:{'0' * 64}"),
        ),
    ],
)
def test_image_names_are_read_as_a_registry_client_does(text: str, expected: references.Name) -> None:
    assert references.parse(text) == expected


@pytest.mark.parametrize("text", ["", "a b", "registry.example/", "hello:", "hello:v1:v2", "hello@sha256:12"])
def test_malformed_image_names_are_refused(text: str) -> None:
    with pytest.raises(references.InvalidName):
        references.parse(text)


async def test_image_can_be_named_by_its_digest(team: World) -> None:
    digest = images.find(references.parse("registry.example/hello:v2")).digest
    await team.deploy(image=f"registry.example/hello@{digest}")
    (pod,) = await team.ready(1)
    assert (await team.log(pod["metadata"]["name"]))[0] == "hello v2 starting as uid 65532"
