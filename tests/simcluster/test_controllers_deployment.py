"""Deployments roll out as the real controller does it."""

from collections.abc import AsyncIterator

import pytest

from simcluster.controllers import rollout
from tests.simcluster.world import DEPLOYMENTS, NAMESPACE, SETS, World, world


@pytest.fixture
async def team() -> AsyncIterator[World]:
    async with world() as here:
        yield here


def change_env(here: World, name: str, **env: str) -> None:
    def change(copy: dict) -> None:
        found = [{"name": key, "value": value} for key, value in env.items()]
        copy["spec"]["template"]["spec"]["containers"][0]["env"] = found

    here.store.modify(DEPLOYMENTS, NAMESPACE, name, change)


async def test_deployment_becomes_available_with_its_condition_texts(team: World) -> None:
    await team.deploy(replicas=2)
    status = await team.available(2)
    assert status["readyReplicas"] == 2
    assert status["terminatingReplicas"] == 0
    assert team.condition("Available")["message"] == "Deployment has minimum availability."
    await team.until(lambda: team.condition("Progressing").get("reason") == "NewReplicaSetAvailable")
    name = team.store.list(SETS, NAMESPACE)[0]["metadata"]["name"]
    assert team.condition("Progressing")["message"] == f'ReplicaSet "{name}" has successfully progressed.'


async def test_pods_stand_under_a_replica_set_of_their_template(team: World) -> None:
    await team.deploy()
    (pod,) = await team.ready(1)
    (rs,) = team.store.list(SETS, NAMESPACE)
    mark = rs["metadata"]["labels"]["pod-template-hash"]
    assert pod["metadata"]["labels"] == {"app": "web", "pod-template-hash": mark}
    assert pod["metadata"]["ownerReferences"][0]["uid"] == rs["metadata"]["uid"]
    assert pod["metadata"]["generateName"] == f"web-{mark}-"
    assert rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"


async def test_rollout_keeps_within_surge_and_unavailable(team: World) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    await team.deploy(replicas=3, spec={"strategy": strategy})
    await team.available(3)
    most, least = [], []

    def measure(_: object) -> None:
        sets = team.store.list(SETS, NAMESPACE)
        most.append(sum(one["spec"]["replicas"] for one in sets))
        pods = [pod for pod in team.pods() if not pod["metadata"].get("deletionTimestamp")]
        least.append(sum(pod["status"].get("phase") == "Running" for pod in pods))

    team.store.listeners.append(measure)
    change_env(team, "web", GREETING="new")
    await team.until(lambda: len(team.store.list(SETS, NAMESPACE)) == 2)
    await team.available(3)
    assert max(most) == 4
    assert min(least) >= 3


async def test_going_back_uses_the_old_replica_set_with_a_new_revision(team: World) -> None:
    await team.deploy()
    await team.available(1)
    first = team.store.list(SETS, NAMESPACE)[0]["metadata"]["name"]
    change_env(team, "web", GREETING="new")
    await team.until(lambda: len(team.store.list(SETS, NAMESPACE)) == 2)
    await team.available(1)
    change_env(team, "web")

    def back() -> bool:
        rs = team.store.get(SETS, NAMESPACE, first)
        revision = rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
        return revision == "3" and rs["spec"]["replicas"] == 1

    await team.until(back)
    await team.available(1)
    assert len(team.store.list(SETS, NAMESPACE)) == 2


async def test_scaling_alone_makes_no_new_replica_set(team: World) -> None:
    await team.deploy()
    await team.available(1)
    team.store.modify(DEPLOYMENTS, NAMESPACE, "web", lambda copy: copy["spec"].update(replicas=3))
    await team.available(3)
    assert len(team.store.list(SETS, NAMESPACE)) == 1
    texts = {event["message"].split(" from ")[1] for event in team.events("ScalingReplicaSet")}
    assert texts == {"0 to 1", "1 to 3"}


async def test_rollout_that_never_gets_ready_exceeds_its_deadline(team: World) -> None:
    probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 3}
    await team.deploy(env={"NOT_READY": "1"}, readinessProbe=probe, spec={"progressDeadlineSeconds": 20})
    await team.until(lambda: team.condition("Progressing").get("reason") == "ProgressDeadlineExceeded")
    progressing = team.condition("Progressing")
    assert progressing["status"] == "False"
    assert progressing["message"].endswith("has timed out progressing.")


async def test_paused_deployment_says_so_and_rolls_out_nothing(team: World) -> None:
    await team.deploy(spec={"paused": True})
    await team.until(lambda: team.condition("Available"))
    assert team.condition("Progressing")["reason"] == "DeploymentPaused"
    assert team.condition("Progressing")["status"] == "Unknown"
    assert team.store.list(SETS, NAMESPACE) == []


async def test_recreate_waits_for_the_old_pods_to_end(team: World) -> None:
    await team.deploy(replicas=2, spec={"strategy": {"type": "Recreate"}}, env={"STOP_DELAY": "2s"})
    await team.available(2)
    old = {pod["metadata"]["uid"] for pod in team.pods()}
    together = []

    def measure(_: object) -> None:
        live = [pod for pod in team.pods() if pod["status"].get("phase") not in ("Succeeded", "Failed")]
        uids = {pod["metadata"]["uid"] for pod in live}
        together.append(bool(uids & old) and bool(uids - old))

    team.store.listeners.append(measure)
    change_env(team, "web", GREETING="new")
    await team.until(lambda: len(team.store.list(SETS, NAMESPACE)) == 2)
    await team.available(2)
    assert not any(together)


async def test_deleting_the_deployment_takes_sets_and_pods_along(team: World) -> None:
    await team.deploy(replicas=2)
    await team.available(2)
    team.store.delete(DEPLOYMENTS, NAMESPACE, "web")
    await team.until(lambda: not team.pods() and not team.store.list(SETS, NAMESPACE))


async def test_foreground_deletion_keeps_the_deployment_until_its_pods_are_gone(team: World) -> None:
    await team.deploy()
    await team.available(1)
    team.store.delete(DEPLOYMENTS, NAMESPACE, "web", propagation="Foreground")
    order = []
    team.store.listeners.append(lambda event: event.type == "DELETED" and order.append(event.obj["kind"]))
    await team.until(lambda: team.store.get(DEPLOYMENTS, NAMESPACE, "web") is None)
    kinds = [kind for kind in order if kind in ("Pod", "ReplicaSet", "Deployment")]
    assert kinds == ["Pod", "ReplicaSet", "Deployment"]


async def test_orphan_deletion_lets_the_replica_set_live(team: World) -> None:
    await team.deploy()
    await team.available(1)
    team.store.delete(DEPLOYMENTS, NAMESPACE, "web", propagation="Orphan")
    await team.until(lambda: team.store.get(DEPLOYMENTS, NAMESPACE, "web") is None)
    (rs,) = team.store.list(SETS, NAMESPACE)
    assert "ownerReferences" not in rs["metadata"]
    assert len(team.pods()) == 1


async def test_a_deleted_pod_is_replaced(team: World) -> None:
    await team.deploy()
    (pod,) = await team.ready(1)
    team.store.delete("pods", NAMESPACE, pod["metadata"]["name"])

    def replaced() -> bool:
        return [one["metadata"]["uid"] for one in team.pods()] != [pod["metadata"]["uid"]] and len(team.pods()) == 1

    await team.until(replaced)


async def test_refused_pods_are_told_by_event_and_condition(team: World) -> None:
    quota = {"metadata": {"name": "q"}, "spec": {"hard": {"pods": "1"}}}
    await team.create("resourcequotas", quota)
    await team.deploy(replicas=2)
    event = await team.event("FailedCreate")
    assert event["involvedObject"]["kind"] == "ReplicaSet"
    assert event["message"].startswith('Error creating: pods "web-')
    failure = await team.until(lambda: team.condition("ReplicaFailure"))
    assert failure["reason"] == "FailedCreate"
    assert "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1" in failure["message"]


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (4, "25%", "25%", rollout.Bounds(1, 1)),
        (3, "25%", "25%", rollout.Bounds(1, 0)),
        (10, "30%", 2, rollout.Bounds(3, 2)),
        (2, 0, "10%", rollout.Bounds(0, 1)),
    ],
)
def test_surge_is_rounded_up_and_unavailable_down(
    replicas: int, surge: int | str, unavailable: int | str, expected: rollout.Bounds
) -> None:
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    assert rollout.bounds({"replicas": replicas, "strategy": {"rollingUpdate": rolling}}) == expected


def test_unhealthy_old_pods_are_removed_before_healthy_ones() -> None:
    spec = {"replicas": 4, "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}
    old = [rollout.Old("a", wanted=4, available=2)]
    assert rollout.old_sizes(spec, old, new_wanted=1, new_available=0) == {"a": 3}


def test_scaling_in_a_rollout_is_spread_in_proportion() -> None:
    spec = {"replicas": 20, "strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}}
    sets = [rollout.Share("old", 8, "2026-01-01", 10), rollout.Share("new", 2, "2026-01-02", 10)]
    assert rollout.proportional(spec, sets) == {"old": 16, "new": 4}
