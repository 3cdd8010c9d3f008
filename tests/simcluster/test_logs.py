"""Container logs read as the kubelet serves them: stamps, since, tail, limits, follow, previous, rotation."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from simcluster.errors import ApiError
from simcluster.kubelet import log_request
from simcluster.kubelet.logs import FILE_BYTES, ContainerLog, LogOptions
from tests.simcluster.world import NAMESPACE, World, container, world

STAMPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z .*")


@pytest.fixture
async def team() -> AsyncIterator[World]:
    async with world() as here:
        yield here


async def text(log: ContainerLog, **options: object) -> str:
    return b"".join([piece async for piece in log.read(LogOptions(**options))]).decode()  # type: ignore[arg-type]


def filled(count: int) -> ContainerLog:
    log = ContainerLog()
    log.write("\n".join(f"line {i}" for i in range(1, count + 1)))
    return log


async def test_lines_have_growing_nanosecond_stamps_on_request() -> None:
    lines = (await text(filled(50), timestamps=True)).splitlines()
    assert all(STAMPED.fullmatch(line) for line in lines)
    stamps = [line.split(" ")[0] for line in lines]
    assert stamps == sorted(set(stamps))
    assert (await text(filled(2))) == "line 1\nline 2\n"


async def test_tail_and_limit() -> None:
    assert await text(filled(9), tail=2) == "line 8\nline 9\n"
    assert await text(filled(9), tail=0) == ""
    assert await text(filled(9), limit=10) == "line 1\nlin"


async def test_since_is_cut_to_whole_seconds() -> None:
    log = filled(3)
    second = log.file.lines[0][:19].decode()
    assert await text(log, since=second) == "line 1\nline 2\nline 3\n"
    params = {"sinceTime": f"{second}.999999999Z"}
    asked = log_request.options("web", params, datetime.now(UTC))
    assert asked.since == second
    assert await text(log, since="2999-01-01T00:00:00") == ""


async def test_follow_gets_lines_as_they_come_and_ends_with_the_container() -> None:
    log = filled(1)
    pieces = log.read(LogOptions(follow=True))
    assert await anext(pieces) == b"line 1\n"
    waiting = asyncio.create_task(anext(pieces))
    await asyncio.sleep(0)
    log.write("later")
    assert await waiting == b"later\n"
    log.close()
    with pytest.raises(StopAsyncIteration):
        await anext(pieces)


async def test_rotation_hides_old_lines_from_new_readers_only() -> None:
    log = filled(1)
    follower = log.read(LogOptions(follow=True))
    assert await anext(follower) == b"line 1\n"
    log.rotate()
    log.write("fresh")
    assert await text(log) == "fresh\n"
    assert await anext(follower) == b"fresh\n"


async def test_kept_log_is_bounded() -> None:
    log = ContainerLog()
    for _ in range(60):
        log.write("\n".join(["x" * 100] * 1000))
    assert log.file.size <= FILE_BYTES
    assert len(await text(log)) < FILE_BYTES


async def test_rate_of_lines_is_kept(team: World) -> None:
    await team.deploy(env={"LOG_RATE": "20"})
    (pod,) = await team.ready(1)
    began = team.clock.elapsed()
    numbers = []
    async for piece in team.follow(pod["metadata"]["name"], follow="true"):
        numbers += [int(line.split()[1]) for line in piece.decode().splitlines() if line.startswith("line")]
        if len(numbers) >= 200:
            break
    assert numbers == list(range(1, len(numbers) + 1))
    assert team.clock.elapsed() - began >= 8


async def test_count_prints_every_line_and_ends(team: World) -> None:
    await team.pod("once", restartPolicy="Never", containers=[container(args=["count", "5000", "0"])])
    await team.until(lambda: team.store.get("pods", NAMESPACE, "once")["status"].get("phase") == "Succeeded")
    assert await team.log("once") == [f"line {i}" for i in range(1, 5001)]


async def test_previous_run_is_kept_after_a_restart(team: World) -> None:
    await team.deploy(env={"CRASH_AFTER": "1s"})
    await team.waits("CrashLoopBackOff")
    name = team.pods()[0]["metadata"]["name"]
    expected = [
        "hello v1 starting as uid 65532",
        "hello: listening on :8080",
        "hello: crashing, as asked by CRASH_AFTER",
    ]
    assert await team.log(name, previous="true") == expected
    assert await team.log(name) == expected


@pytest.mark.parametrize(
    ("image", "reason", "why"),
    [
        ("registry.example/hello:v9", "ImagePullBackOff", "trying and failing to pull image"),
        ("registry.example/hello:v9", "ErrImagePull", "image can't be pulled"),
        ("Hello:v1:x", "InvalidImageName", "InvalidImageName"),
    ],
)
async def test_container_without_a_log_says_why(team: World, image: str, reason: str, why: str) -> None:
    await team.deploy(image=image)
    await team.waits(reason)
    name = team.pods()[0]["metadata"]["name"]
    with pytest.raises(ApiError) as refused:
        team.kubelets.log(NAMESPACE, name, {})
    assert refused.value.code == 400
    assert refused.value.message == f'container "web" in pod "{name}" is waiting to start: {why}'


async def test_refusals_of_a_log_request(team: World) -> None:
    await team.pod("two", containers=[container("a"), container("b", env={"PORT": "8081"})])
    await team.until(lambda: team.store.get("pods", NAMESPACE, "two")["status"].get("phase") == "Running")

    def refusal(**params: str) -> tuple[int, str]:
        with pytest.raises(ApiError) as refused:
            team.kubelets.log(NAMESPACE, params.pop("pod", "two"), params)
        return refused.value.code, refused.value.message

    assert refusal(pod="gone") == (404, 'pods "gone" not found')
    assert refusal() == (400, "a container name must be specified for pod two, choose one of: [a b]")
    assert refusal(container="zz") == (400, "container zz is not valid for pod two")
    assert refusal(container="a", previous="true") == (
        400,
        'previous terminated container "a" in pod "two" not found',
    )
    invalid = 'PodLogOptions "two" is invalid: '
    assert refusal(container="a", tailLines="-1") == (
        422,
        f"{invalid}tailLines: Invalid value: -1: must be greater than or equal to 0",
    )
    assert refusal(container="a", sinceSeconds="0") == (
        422,
        f"{invalid}sinceSeconds: Invalid value: 0: must be greater than 0",
    )
    assert refusal(container="a", sinceSeconds="1", sinceTime="2026-01-01T00:00:00Z") == (
        422,
        f"{invalid}[]: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified",
    )


async def test_pod_on_no_node_has_no_log(team: World) -> None:
    await team.deploy(pod={"nodeSelector": {"disk": "ssd"}})
    await team.event("FailedScheduling")
    assert team.kubelets.log(NAMESPACE, team.pods()[0]["metadata"]["name"], {}) is None
