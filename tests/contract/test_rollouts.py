"""Deployments, their ReplicaSets and their pods: conditions, surge, rollback, scale, pause, endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from . import manifests
from .api import STRATEGIC, Api, condition, path
from .rollouts import complete, revision, roll_out, sets_of, web


@pytest.fixture(scope="module")
def running(api: Api, new_namespace: Callable[..., str]) -> tuple[str, dict[str, Any]]:
    """(namespace, complete Deployment `web` of two pods behind a Service `web`)."""
    space = new_namespace("rollout")
    api.create("services", manifests.service(space, "web"))
    api.create("deployments.apps", manifests.deployment(space, "web", web(), replicas=2))
    return space, api.until("deployments.apps", space, "web", complete)


def test_complete_deployment_counts_its_pods(running: tuple[str, dict[str, Any]]) -> None:
    status = dict(running[1]["status"])
    del status["conditions"]
    assert status == {
        "observedGeneration": 1,
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "terminatingReplicas": 0,
    }


def test_complete_deployment_is_available_and_progressed(api: Api, running: tuple[str, dict[str, Any]]) -> None:
    space, _ = running
    done = "NewReplicaSetAvailable"
    found = api.until("deployments.apps", space, "web", lambda one: condition(one, "Progressing")["reason"] == done)
    available, progressing = condition(found, "Available"), condition(found, "Progressing")
    assert (available["status"], available["reason"]) == ("True", "MinimumReplicasAvailable")
    assert available["message"] == "Deployment has minimum availability."
    assert progressing["status"] == "True"
    (newest,) = sets_of(api, space, "web").values()
    assert progressing["message"] == f'ReplicaSet "{newest["metadata"]["name"]}" has successfully progressed.'
    assert {"lastTransitionTime", "lastUpdateTime"} < set(available)


def test_deployment_carries_its_revision(running: tuple[str, dict[str, Any]]) -> None:
    assert revision(running[1]) == "1"


def test_replica_set_belongs_to_the_deployment(api: Api, running: tuple[str, dict[str, Any]]) -> None:
    space, owner = running
    (one,) = sets_of(api, space, "web").values()
    template_hash = one["metadata"]["labels"]["pod-template-hash"]
    assert one["metadata"]["name"] == f"web-{template_hash}"
    assert one["spec"]["selector"]["matchLabels"] == {"app": "web", "pod-template-hash": template_hash}
    assert one["spec"]["template"]["metadata"]["labels"]["pod-template-hash"] == template_hash
    assert one["metadata"]["ownerReferences"] == [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": "web",
            "uid": owner["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    assert one["metadata"]["annotations"]["deployment.kubernetes.io/desired-replicas"] == "2"
    assert one["metadata"]["annotations"]["deployment.kubernetes.io/max-replicas"] == "3"
    assert one["status"]["readyReplicas"] == one["status"]["fullyLabeledReplicas"] == 2


def test_pods_belong_to_the_replica_set(api: Api, running: tuple[str, dict[str, Any]]) -> None:
    space, _ = running
    (one,) = sets_of(api, space, "web").values()
    pods = api.items("pods", space, labelSelector="app=web")
    assert len(pods) == 2
    for pod in pods:
        assert pod["metadata"]["name"].startswith(f"{one['metadata']['name']}-")
        assert pod["metadata"]["generateName"] == f"{one['metadata']['name']}-"
        assert pod["metadata"]["ownerReferences"][0]["uid"] == one["metadata"]["uid"]


def test_running_pod_tells_all(api: Api, running: tuple[str, dict[str, Any]]) -> None:
    space, _ = running
    pod = api.items("pods", space, labelSelector="app=web")[0]
    status = pod["status"]
    assert status["phase"] == "Running"
    assert pod["spec"]["nodeName"]
    assert status["podIP"] == status["podIPs"][0]["ip"]
    assert status["hostIP"]
    assert status["startTime"]
    assert status["qosClass"] == "Burstable"
    assert {one["type"]: one["status"] for one in status["conditions"]} == {
        "PodReadyToStartContainers": "True",
        "Initialized": "True",
        "Ready": "True",
        "ContainersReady": "True",
        "PodScheduled": "True",
    }


def test_running_container_tells_all(api: Api, running: tuple[str, dict[str, Any]]) -> None:
    space, _ = running
    pod = api.items("pods", space, labelSelector="app=web")[0]
    (one,) = pod["status"]["containerStatuses"]
    assert (one["name"], one["ready"], one["started"], one["restartCount"]) == ("web", True, True, 0)
    assert one["image"] == manifests.HELLO
    assert one["imageID"].startswith("10.89.0.1:5000/hello@sha256:")
    assert one["containerID"].startswith("containerd://")
    assert set(one["state"]) == {"running"}
    assert one["state"]["running"]["startedAt"]
    assert one["lastState"] == {}


def test_ready_pods_are_the_endpoints_of_the_service(api: Api, running: tuple[str, dict[str, Any]]) -> None:
    space, _ = running
    ips = {pod["status"]["podIP"] for pod in api.items("pods", space, labelSelector="app=web")}
    slices = api.until(
        "endpointslices.discovery.k8s.io",
        space,
        None,
        lambda one: sum(end["conditions"]["ready"] for end in one["endpoints"] or []) == 2,
    )
    assert slices["metadata"]["labels"]["kubernetes.io/service-name"] == "web"
    assert slices["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    assert {end["addresses"][0] for end in slices["endpoints"]} == ips
    assert {end["targetRef"]["kind"] for end in slices["endpoints"]} == {"Pod"}
    both = api.until("endpoints", space, "web", lambda one: len(one.get("subsets", [{}])[0].get("addresses", [])) == 2)
    assert {address["ip"] for address in both["subsets"][0]["addresses"]} == ips


@pytest.mark.parametrize(
    ("kind", "reason", "text"),
    [
        ("Deployment", "ScalingReplicaSet", "Scaled up replica set web-"),
        ("ReplicaSet", "SuccessfulCreate", "Created pod: web-"),
        ("Pod", "Scheduled", "Successfully assigned contract-rollout-"),
        ("Pod", "Created", "Container created"),
        ("Pod", "Started", "Container started"),
    ],
)
def test_way_of_a_pod_is_told_by_events(
    api: Api, running: tuple[str, dict[str, Any]], kind: str, reason: str, text: str
) -> None:
    space, _ = running
    found = api.until_event(space, reason, "web", text)
    assert (found["involvedObject"]["kind"], found["type"]) == (kind, "Normal")


def test_bad_image_leaves_the_old_pods_and_rollback_mends_it(api: Api, new_namespace: Callable[..., str]) -> None:
    """A surge that never gets ready: the old pods stay, the condition says so in time, the old template comes back."""
    space = new_namespace("rollback")
    body = manifests.deployment(space, "web", web(), replicas=2, spec={"progressDeadlineSeconds": 3})
    api.create("deployments.apps", body)
    first = api.until("deployments.apps", space, "web", complete)
    change = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "10.89.0.1:5000/hello:none"}]}}}}
    api.patch(path("deployments.apps", space, "web"), change, STRATEGIC).ok()
    stuck = api.until(
        "deployments.apps",
        space,
        "web",
        lambda one: condition(one, "Progressing").get("reason") == "ProgressDeadlineExceeded",
    )
    progressing = condition(stuck, "Progressing")
    newest = sets_of(api, space, "web")["2"]
    assert progressing["status"] == "False"
    assert progressing["message"] == f'ReplicaSet "{newest["metadata"]["name"]}" has timed out progressing.'
    assert condition(stuck, "Available")["status"] == "True"
    assert stuck["status"]["availableReplicas"] == 2
    assert stuck["status"]["unavailableReplicas"] == 1
    assert stuck["status"]["updatedReplicas"] == 1

    template = first["spec"]["template"]
    replace = [{"op": "replace", "path": "/spec/template", "value": template}]
    api.patch(path("deployments.apps", space, "web"), replace, "application/json-patch+json").ok()
    mended = api.until("deployments.apps", space, "web", complete)
    assert revision(mended) == "3"
    sets = sets_of(api, space, "web")
    assert set(sets) == {"2", "3"}
    assert sets["3"]["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"] == "1"
    assert sets["3"]["spec"]["replicas"] == 2
    assert sets["2"]["spec"]["replicas"] == 0


def test_new_image_comes_by_surge_and_takes_no_pod_away_first(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("surge")
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    body = manifests.deployment(space, "web", web(), replicas=2, spec={"strategy": strategy})
    api.create("deployments.apps", body)
    api.until("deployments.apps", space, "web", complete)
    where = path("deployments.apps", space)
    since = api.get(where).ok()["metadata"]["resourceVersion"]
    done = roll_out(api, space, "web", image="10.89.0.1:5000/hello:v2")
    seen = []
    with api.watch(where, resourceVersion=since) as events:
        for event in events:
            seen.append(event["object"]["status"])
            if event["object"]["metadata"]["resourceVersion"] == done["metadata"]["resourceVersion"]:
                break
    # The sum of what the ReplicaSets last said: one that was just scaled down may be counted as it was.
    assert max(status["replicas"] for status in seen) in (3, 4)
    assert min(status.get("availableReplicas", 0) for status in seen) == 2
    assert {status.get("updatedReplicas", 0) for status in seen} >= {1, 2}
    assert revision(done) == "2"
    old, new = sets_of(api, space, "web")["1"], sets_of(api, space, "web")["2"]
    assert (old["spec"]["replicas"], new["spec"]["replicas"]) == (0, 2)
    texts = [one["message"] for one in api.items("events", space) if one["reason"] == "ScalingReplicaSet"]
    name = new["metadata"]["name"]
    assert f"Scaled up replica set {name} from 0 to 1" in texts
    assert f"Scaled down replica set {old['metadata']['name']} from 2 to 1" in texts


def test_old_revisions_are_kept_up_to_the_limit(api: Api, space: str) -> None:
    body = manifests.deployment(space, "short", replicas=0, spec={"revisionHistoryLimit": 1})
    api.create("deployments.apps", body)
    api.until("deployments.apps", space, "short", complete)
    first = sets_of(api, space, "short")["1"]
    for number in ("2", "3"):
        change = {"spec": {"template": {"metadata": {"annotations": {"round": number}}}}}
        api.patch(path("deployments.apps", space, "short"), change).ok()
        api.until("deployments.apps", space, "short", lambda one, n=number: revision(one) == n)
    api.until_gone("replicasets.apps", space, first["metadata"]["name"])
    assert set(sets_of(api, space, "short")) == {"2", "3"}


def test_deleted_pod_is_replaced(api: Api, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "healed", web()))
    api.until("deployments.apps", space, "healed", complete)
    (pod,) = api.items("pods", space, labelSelector="app=healed")
    deleted = api.delete(path("pods", space, pod["metadata"]["name"])).ok()
    assert deleted["metadata"]["deletionTimestamp"]
    assert deleted["metadata"]["deletionGracePeriodSeconds"] == 1
    api.until_gone("pods", space, pod["metadata"]["name"])
    api.until("deployments.apps", space, "healed", complete)
    (other,) = api.items("pods", space, labelSelector="app=healed", fieldSelector="status.phase=Running")
    assert other["metadata"]["uid"] != pod["metadata"]["uid"]


def test_restart_annotation_rolls_the_pods(api: Api, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "restarted", web()))
    api.until("deployments.apps", space, "restarted", complete)
    change = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
    api.patch(path("deployments.apps", space, "restarted"), change, STRATEGIC).ok()
    assert revision(api.until("deployments.apps", space, "restarted", complete)) == "2"
