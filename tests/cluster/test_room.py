"""What nodes have for pods: of which nodes it is counted, and in which units."""

from __future__ import annotations

from typing import Any

import pytest

from cluster.gateway import Gateway
from cluster.room import counted

MIB = 1 << 20


def node(*, ready: str = "True", taints: tuple[dict[str, str], ...] = (), **spec: Any) -> dict[str, Any]:
    allocatable = {
        "cpu": "3920m",
        "memory": "1000Mi",
        "pods": "110",
        "ephemeral-storage": "90Gi",
        "hugepages-2Mi": "0",
        "nvidia.com/gpu": "2",
    }
    conditions = [{"type": "Ready", "status": ready}]
    return {
        "spec": {"taints": list(taints), **spec},
        "status": {"allocatable": allocatable, "conditions": conditions},
    }


def test_nodes_are_added_up() -> None:
    room = counted([node(), node()])
    assert room.nodes == 2
    assert room.allocatable == {"cpu": 7840, "memory": 2000 * MIB, "pods": 220, "nvidia.com/gpu": 4}


@pytest.mark.parametrize(
    "out",
    [
        node(unschedulable=True),
        node(ready="False"),
        node(ready="Unknown"),
        node(taints=({"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},)),
    ],
)
def test_node_that_takes_no_pods_has_no_room(out: dict[str, Any]) -> None:
    assert counted([out, node()]) == counted([node()])


def test_taint_that_only_prefers_others_closes_nothing() -> None:
    assert counted([node(taints=({"key": "spot", "effect": "PreferNoSchedule"},))]) == counted([node()])


def test_node_that_is_kept_for_a_device_has_that_device_alone() -> None:
    room = counted([node(taints=({"key": "nvidia.com/gpu", "effect": "NoSchedule"},))])
    assert (room.nodes, room.allocatable) == (0, {"nvidia.com/gpu": 2})


def test_cluster_tells_what_its_nodes_have(gateway: Gateway) -> None:
    room = gateway.room()
    assert room.nodes >= 1
    assert {"cpu", "memory", "pods"} <= set(room.allocatable)
    assert room.allocatable["memory"] > 512 * MIB
