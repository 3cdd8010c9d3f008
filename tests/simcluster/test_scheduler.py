"""Which node a pod gets where there are several, and what affinity makes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.simcluster.world import World, world


@pytest.fixture
async def team() -> AsyncIterator[World]:
    async with world(nodes=3) as here:
        yield here


def beside(app: str) -> dict[str, Any]:
    term = {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": "kubernetes.io/hostname"}
    return {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def nodes(pods: list[dict[str, Any]]) -> set[str]:
    return {pod["spec"]["nodeName"] for pod in pods}


async def test_pods_are_spread_over_the_nodes(team: World) -> None:
    await team.deploy(replicas=3)
    assert len(nodes(await team.ready(3))) == 3


async def test_pods_that_want_to_be_beside_each_other_share_a_node(team: World) -> None:
    await team.deploy("other")
    await team.ready(1, "other")
    await team.deploy(replicas=3, pod=beside("web"))
    assert len(nodes(await team.ready(3))) == 1


async def test_pod_follows_the_one_that_it_wants_to_be_beside(team: World) -> None:
    await team.deploy("filler", replicas=2)
    await team.ready(2, "filler")
    await team.deploy("host")
    there = nodes(await team.ready(1, "host"))
    await team.deploy(pod=beside("host"), replicas=2)
    assert nodes(await team.ready(2)) == there


async def test_node_without_room_is_told_apart_from_those_that_are_not_beside(team: World) -> None:
    ask = {"requests": {"cpu": "5"}}
    await team.deploy(replicas=2, pod=beside("web"), resources=ask)
    await team.until(lambda: len(team.events("FailedScheduling")) == 1)
    (event,) = team.events("FailedScheduling")
    assert event["message"].startswith(
        "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) didn't match pod affinity rules. preemption: "
    )
