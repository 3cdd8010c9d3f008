"""Namespaces come with their account, and go with everything in them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from simcluster.controllers.events import COMBINED, Recorder
from simcluster.controllers.expiry import drop_old_events
from simcluster.errors import ApiError
from tests.simcluster.world import NAMESPACE, World, world


@pytest.fixture
async def team() -> AsyncIterator[World]:
    async with world() as here:
        yield here


def gone(team: World) -> bool:
    return team.store.get("namespaces", None, NAMESPACE) is None


def condition(team: World, kind: str) -> dict:
    namespace = team.store.get("namespaces", None, NAMESPACE) or {}
    conditions = (namespace.get("status") or {}).get("conditions") or ()
    return next((one for one in conditions if one["type"] == kind), {})


async def test_namespace_gets_its_account_and_certificate(team: World) -> None:
    await team.until(lambda: team.store.get("configmaps", NAMESPACE, "kube-root-ca.crt"))
    assert team.store.get("serviceaccounts", NAMESPACE, "default")
    team.store.delete("configmaps", NAMESPACE, "kube-root-ca.crt")
    await team.until(lambda: team.store.get("configmaps", NAMESPACE, "kube-root-ca.crt"))


async def test_deletion_takes_everything_along(team: World) -> None:
    await team.deploy(replicas=2)
    await team.available(2)
    await team.create("configmaps", {"metadata": {"name": "c"}})
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    await team.create("persistentvolumeclaims", {"metadata": {"name": "d"}, "spec": spec})
    team.store.delete("namespaces", None, NAMESPACE)
    await team.until(lambda: gone(team))
    left = [resource for resource in team.store.resources() if team.store.list(resource, NAMESPACE)]
    assert left == []


async def test_deletion_says_that_pods_are_still_there(team: World) -> None:
    await team.deploy(env={"STOP_DELAY": "4s"})
    await team.available(1)
    team.store.delete("namespaces", None, NAMESPACE)
    failing = await team.until(lambda: condition(team, "NamespaceDeletionContentFailure"))
    assert (failing["status"], failing["reason"]) == ("True", "ContentDeletionFailed")
    assert failing["message"] == (
        f"Failed to delete all resource types, 1 remaining: unexpected items still remain in namespace: {NAMESPACE} "
        "for gvr: /v1, Resource=pods"
    )
    await team.until(lambda: gone(team))


async def test_deletion_names_the_finalizer_that_holds_it(team: World) -> None:
    await team.create("configmaps", {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}})
    team.store.delete("namespaces", None, NAMESPACE)
    remaining = await team.until(
        lambda: (
            condition(team, "NamespaceFinalizersRemaining").get("status") == "True"
            and condition(team, "NamespaceFinalizersRemaining")
        )
    )
    assert remaining["message"] == (
        "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
    )
    content = condition(team, "NamespaceContentRemaining")["message"]
    assert content == "Some resources are remaining: configmaps. has 1 resource instances"
    team.store.modify("configmaps", NAMESPACE, "held", lambda copy: copy["metadata"].pop("finalizers"))
    await team.until(lambda: gone(team))


async def test_terminating_namespace_takes_nothing_new(team: World) -> None:
    await team.create("configmaps", {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}})
    team.store.delete("namespaces", None, NAMESPACE)
    with pytest.raises(ApiError) as refused:
        await team.deploy()
    assert refused.value.code == 403
    assert "because it is being terminated" in refused.value.message


async def test_equal_events_are_counted(team: World) -> None:
    recorder = Recorder(team.store, team.clock, "tester")
    subject = team.store.get("serviceaccounts", NAMESPACE, "default")
    for _ in range(3):
        recorder.warning(subject, "Broken", "it broke")
    (event,) = team.events("Broken")
    assert (event["count"], event["type"]) == (3, "Warning")
    assert event["involvedObject"]["uid"] == subject["metadata"]["uid"]


async def test_similar_events_are_combined_from_the_tenth_on(team: World) -> None:
    recorder = Recorder(team.store, team.clock, "tester")
    subject = team.store.get("serviceaccounts", NAMESPACE, "default")
    for number in range(12):
        recorder.warning(subject, "Broken", f"it broke, number {number}")
    events = team.events("Broken")
    combined = [event for event in events if event["message"].startswith(COMBINED)]
    assert len(events) == 10
    assert [(event["count"], event["message"]) for event in combined] == [(3, f"{COMBINED}it broke, number 11")]


async def test_flood_of_events_on_one_object_is_cut_off(team: World) -> None:
    recorder = Recorder(team.store, team.clock, "tester")
    subject = team.store.get("serviceaccounts", NAMESPACE, "default")
    for _ in range(100):
        recorder.warning(subject, "Broken", "it broke")
    assert 25 <= team.events("Broken")[0]["count"] <= 27


async def test_service_lists_ready_pods_only(team: World) -> None:
    ports = [{"port": 80, "targetPort": 8080}]
    await team.create("services", {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}})
    await team.deploy(replicas=2, readinessProbe={"httpGet": {"path": "/ready", "port": 8080}})
    await team.ready(2)
    addresses = {pod["status"]["podIP"] for pod in team.pods()}

    def listed() -> set[str]:
        subsets = (team.store.get("endpoints", NAMESPACE, "web") or {}).get("subsets") or [{}]
        return {one["ip"] for one in subsets[0].get("addresses") or ()}

    await team.until(lambda: listed() == addresses)
    (endpoint_slice,) = team.store.list("endpointslices.discovery.k8s.io", NAMESPACE)
    assert {one["addresses"][0] for one in endpoint_slice["endpoints"]} == addresses
    assert endpoint_slice["ports"] == [{"name": "", "port": 8080, "protocol": "TCP"}]
    assert endpoint_slice["metadata"]["labels"]["kubernetes.io/service-name"] == "web"


async def test_pod_that_is_not_ready_is_listed_apart(team: World) -> None:
    ports = [{"port": 80, "targetPort": 8080}]
    await team.create("services", {"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}})
    await team.deploy(env={"NOT_READY": "1"}, readinessProbe={"httpGet": {"path": "/ready", "port": 8080}})

    def apart() -> bool:
        subsets = (team.store.get("endpoints", NAMESPACE, "web") or {}).get("subsets") or [{}]
        return len(subsets[0].get("notReadyAddresses") or ()) == 1 and "addresses" not in subsets[0]

    await team.until(apart)


async def test_events_are_gone_an_hour_after_they_were_last_seen(team: World) -> None:
    recorder = Recorder(team.store, team.clock, "tester")
    recorder.warning(team.store.get("serviceaccounts", NAMESPACE, "default"), "Broken", "it broke")
    drop_old_events(team.store, team.clock.now() + timedelta(minutes=59))
    assert team.events("Broken")
    drop_old_events(team.store, team.clock.now() + timedelta(minutes=61))
    assert not team.events("Broken")
