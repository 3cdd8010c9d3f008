"""Claims are bound, grow, are protected and reclaimed as their classes say."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.simcluster.world import NAMESPACE, World, container, world

CLAIMS, VOLUMES = "persistentvolumeclaims", "persistentvolumes"


@pytest.fixture
async def team() -> AsyncIterator[World]:
    async with world() as here:
        yield here


async def claim(team: World, class_name: str | None = None, size: str = "1Gi") -> dict[str, Any]:
    spec: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if class_name:
        spec["storageClassName"] = class_name
    return await team.create(CLAIMS, {"metadata": {"name": "data"}, "spec": spec})


def found(team: World) -> dict[str, Any]:
    return team.store.get(CLAIMS, NAMESPACE, "data") or {}


async def bound(team: World) -> dict[str, Any]:
    await team.until(lambda: (found(team).get("status") or {}).get("phase") == "Bound")
    return found(team)


def use(team: World, name: str = "web") -> Any:
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
    return team.pod(name, containers=[container()], volumes=volumes, terminationGracePeriodSeconds=2)


async def running(team: World, name: str = "web") -> None:
    await team.until(lambda: (team.store.get("pods", NAMESPACE, name)["status"]).get("phase") == "Running")


async def test_default_class_is_provisioned_at_once(team: World) -> None:
    made = await claim(team)
    after = await bound(team)
    volume = f"pvc-{made['metadata']['uid']}"
    assert after["spec"]["storageClassName"] == "standard"
    assert after["spec"]["volumeName"] == volume
    assert after["status"]["capacity"] == {"storage": "1Gi"}
    assert after["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] == "yes"
    stored = team.store.get(VOLUMES, None, volume)
    assert (stored["status"]["phase"], stored["spec"]["persistentVolumeReclaimPolicy"]) == ("Bound", "Delete")
    succeeded = await team.event("ProvisioningSucceeded")
    assert succeeded["message"] == f"Successfully provisioned volume {volume}"


async def test_late_class_waits_for_its_first_pod(team: World) -> None:
    await claim(team, "late")
    event = await team.event("WaitForFirstConsumer")
    assert event["message"] == "waiting for first consumer to be created before binding"
    assert found(team)["status"]["phase"] == "Pending"
    await use(team)
    await running(team)
    assert (await bound(team))["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] == "node-1"


async def test_missing_class_fails_with_a_counted_event(team: World) -> None:
    await claim(team, "nothing")
    event = await team.event("ProvisioningFailed")
    assert event["message"] == 'storageclass.storage.k8s.io "nothing" not found'
    await use(team)
    unbound = await team.event("FailedScheduling")
    assert unbound["message"] == "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"


async def test_claim_grows_where_its_class_allows(team: World) -> None:
    await claim(team)
    await bound(team)
    team.store.modify(
        CLAIMS, NAMESPACE, "data", lambda copy: copy["spec"]["resources"]["requests"].update(storage="3Gi")
    )
    await team.until(lambda: found(team)["status"]["capacity"] == {"storage": "3Gi"})
    volume = team.store.get(VOLUMES, None, found(team)["spec"]["volumeName"])
    assert volume["spec"]["capacity"] == {"storage": "3Gi"}


async def test_claim_in_use_outlives_its_deletion_until_the_pod_has_ended(team: World) -> None:
    await claim(team)
    await use(team)
    await running(team)
    team.store.delete(CLAIMS, NAMESPACE, "data")
    await team.until(lambda: found(team)["metadata"].get("deletionTimestamp"))
    team.store.delete("pods", NAMESPACE, "web")
    phases = []
    team.store.listeners.append(lambda event: event.resource == "pods" and phases.append(event.obj["status"]["phase"]))
    await team.until(lambda: not found(team))
    assert phases[-1] == "Succeeded"


@pytest.mark.parametrize(("class_name", "phase"), [("standard", None), ("keep", "Released")])
async def test_reclaim_policy_decides_what_becomes_of_the_volume(
    team: World, class_name: str, phase: str | None
) -> None:
    await claim(team, class_name)
    volume = (await bound(team))["spec"]["volumeName"]
    team.store.delete(CLAIMS, NAMESPACE, "data")

    def reclaimed() -> bool:
        stored = team.store.get(VOLUMES, None, volume)
        return (stored["status"]["phase"] if stored else None) == phase

    await team.until(reclaimed)


async def test_condition_unused_tells_whether_a_pod_uses_the_claim(team: World) -> None:
    await claim(team)

    def unused() -> str:
        conditions = (found(team).get("status") or {}).get("conditions") or [{}]
        return conditions[0].get("status", "")

    await team.until(lambda: unused() == "True")
    await use(team)
    await team.until(lambda: unused() == "False")
