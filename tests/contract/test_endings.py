"""How things end: grace, finalizers, owner references, propagation, and the termination of a namespace."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from . import manifests
from .api import Api, condition, path

HOLD = "berth.test/hold"


def let_go(api: Api, resource: str, space: str, name: str) -> None:
    api.patch(path(resource, space, name), {"metadata": {"finalizers": None}}).ok()


def owned(space: str, name: str, owner: dict[str, Any], **reference: Any) -> dict[str, Any]:
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
    } | reference
    return manifests.config_map(space, name, ownerReferences=[reference])


# --- finalizers


def test_finalizer_keeps_a_deleted_object(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "held", finalizers=[HOLD]))
    answer = api.delete(path("configmaps", space, "held"))
    assert answer.status == 200
    assert answer.body["kind"] == "ConfigMap"
    held = api.read("configmaps", space, "held")
    assert held["metadata"]["deletionTimestamp"]
    assert held["metadata"]["deletionGracePeriodSeconds"] == 0
    let_go(api, "configmaps", space, "held")
    assert api.get(path("configmaps", space, "held")).status == 404


def test_deleted_object_takes_no_new_finalizer(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "late-hold", finalizers=[HOLD]))
    api.delete(path("configmaps", space, "late-hold")).ok()
    change = {"metadata": {"finalizers": [HOLD, "berth.test/more"]}}
    answer = api.patch(path("configmaps", space, "late-hold"), change)
    assert answer.status == 422
    assert answer.causes == [("metadata.finalizers", "FieldValueForbidden")]
    assert "no new finalizers can be added if the object is being deleted" in answer.message
    let_go(api, "configmaps", space, "late-hold")


def test_deleted_object_is_not_created_again_before_it_is_gone(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "twofold", finalizers=[HOLD]))
    api.delete(path("configmaps", space, "twofold")).ok()
    answer = api.post(path("configmaps", space), manifests.config_map(space, "twofold"))
    assert (answer.status, answer.reason) == (409, "AlreadyExists")
    assert answer.message == 'object is being deleted: configmaps "twofold" already exists'
    let_go(api, "configmaps", space, "twofold")


def test_unqualified_finalizer_is_refused(api: Api, space: str) -> None:
    answer = api.post(path("configmaps", space), manifests.config_map(space, "bare", finalizers=["hold"]))
    assert answer.status == 422
    assert answer.causes == [("metadata.finalizers[0]", "FieldValueInvalid")]


# --- pods and grace


def test_pod_on_no_node_is_gone_at_once(api: Api, space: str) -> None:
    api.create("pods", manifests.pod(space, "nowhere", nodeSelector={"no": "such"}))
    assert api.delete(path("pods", space, "nowhere")).status == 200
    assert api.get(path("pods", space, "nowhere")).status == 404


def test_pod_is_marked_and_then_gone(api: Api, space: str) -> None:
    api.create("pods", manifests.pod(space, "graced", terminationGracePeriodSeconds=20))
    api.until("pods", space, "graced", lambda one: one["status"]["phase"] == "Running")
    began = time.monotonic()
    marked = api.delete(path("pods", space, "graced")).ok()
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 20
    api.until_gone("pods", space, "graced")
    assert time.monotonic() - began < 15  # it stopped by itself


def test_grace_of_the_request_counts(api: Api, space: str) -> None:
    """The program would take a minute to stop; it is killed when the asked grace is over."""
    one = manifests.container(env=[{"name": "STOP_DELAY", "value": "60s"}])
    api.create("pods", manifests.pod(space, "stubborn", one, terminationGracePeriodSeconds=60))
    api.until("pods", space, "stubborn", lambda one: one["status"]["phase"] == "Running")
    marked = api.delete(path("pods", space, "stubborn"), {"gracePeriodSeconds": 1}).ok()
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 1
    api.until_gone("pods", space, "stubborn", timeout=20)


def test_no_grace_is_gone_at_once(api: Api, space: str) -> None:
    api.create("pods", manifests.pod(space, "forced", terminationGracePeriodSeconds=60))
    api.until("pods", space, "forced", lambda one: one["status"]["phase"] == "Running")
    api.delete(path("pods", space, "forced"), {"gracePeriodSeconds": 0}).ok()
    assert api.get(path("pods", space, "forced")).status == 404


# --- garbage


def test_what_is_owned_goes_with_its_owner(api: Api, space: str) -> None:
    owner = api.create("configmaps", manifests.config_map(space, "owner"))
    api.create("configmaps", owned(space, "child", owner))
    api.delete(path("configmaps", space, "owner"), {"propagationPolicy": "Background"}).ok()
    api.until_gone("configmaps", space, "child")


def test_what_two_own_stays_until_both_are_gone(api: Api, space: str) -> None:
    owners = [api.create("configmaps", manifests.config_map(space, f"parent-{n}")) for n in "ab"]
    child = owned(space, "shared", owners[0])
    child["metadata"]["ownerReferences"] += owned(space, "x", owners[1])["metadata"]["ownerReferences"]
    api.create("configmaps", child)
    api.delete(path("configmaps", space, "parent-a")).ok()
    left = api.until("configmaps", space, "shared", lambda one: len(one["metadata"]["ownerReferences"]) == 1)
    assert left["metadata"]["ownerReferences"][0]["name"] == "parent-b"
    api.delete(path("configmaps", space, "parent-b")).ok()
    api.until_gone("configmaps", space, "shared")


def test_child_of_an_owner_that_never_was_is_collected(api: Api, space: str) -> None:
    ghost = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "ghost", "uid": "00000000-0000-4000-8000-000000000000"},
    }
    api.create("configmaps", owned(space, "orphaned", ghost))
    api.until_gone("configmaps", space, "orphaned")


def test_foreground_waits_for_what_blocks(api: Api, space: str) -> None:
    owner = api.create("configmaps", manifests.config_map(space, "front"))
    child = owned(space, "front-child", owner, blockOwnerDeletion=True)
    child["metadata"]["finalizers"] = [HOLD]
    api.create("configmaps", child)
    api.delete(path("configmaps", space, "front"), {"propagationPolicy": "Foreground"}).ok()
    api.until("configmaps", space, "front-child", lambda one: "deletionTimestamp" in one["metadata"])
    front = api.read("configmaps", space, "front")
    assert front["metadata"]["finalizers"] == ["foregroundDeletion"]
    let_go(api, "configmaps", space, "front-child")
    api.until_gone("configmaps", space, "front")


def test_orphans_lose_their_owner_and_stay(api: Api, space: str) -> None:
    owner = api.create("configmaps", manifests.config_map(space, "leaving"))
    api.create("configmaps", owned(space, "staying", owner))
    api.delete(path("configmaps", space, "leaving"), {"propagationPolicy": "Orphan"}).ok()
    api.until_gone("configmaps", space, "leaving")
    assert "ownerReferences" not in api.read("configmaps", space, "staying")["metadata"]


def test_unknown_propagation_is_422(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "odd"))
    answer = api.delete(path("configmaps", space, "odd"), {"propagationPolicy": "Sideways"})
    assert answer.status == 422
    assert "propagationPolicy" in answer.message


def test_deployment_takes_its_sets_and_pods_with_it(api: Api, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "whole"))
    (pod,) = [api.until("pods", space, None, lambda one: one["metadata"]["labels"].get("app") == "whole")]
    (owner,) = [one["name"] for one in pod["metadata"]["ownerReferences"]]
    api.delete(path("deployments.apps", space, "whole")).ok()
    api.until_gone("replicasets.apps", space, owner)
    api.until_gone("pods", space, pod["metadata"]["name"])


def test_slices_go_with_their_service(api: Api, space: str) -> None:
    api.create("services", manifests.service(space, "short"))
    found = api.until(
        "endpointslices.discovery.k8s.io",
        space,
        None,
        lambda one: one["metadata"]["labels"].get("kubernetes.io/service-name") == "short",
    )
    api.delete(path("services", space, "short")).ok()
    api.until_gone("endpointslices.discovery.k8s.io", space, found["metadata"]["name"])
    api.until_gone("endpoints", space, "short")


# --- namespaces


@pytest.fixture(scope="module")
def terminating(api: Api, new_namespace: Callable[..., str]) -> dict[str, Any]:
    """A namespace that cannot end yet, since a ConfigMap in it is held by a finalizer."""
    space = new_namespace("ending")
    api.create("secrets", manifests.secret(space, "free"))
    api.create("configmaps", manifests.config_map(space, "held", finalizers=[HOLD]))
    answer = api.delete(path("namespaces", name=space))
    assert answer.status == 200
    assert answer.body["kind"] == "Namespace"
    assert answer.body["metadata"]["deletionTimestamp"]
    assert answer.body["status"]["phase"] == "Terminating"
    return api.until(
        "namespaces", None, space, lambda one: condition(one, "NamespaceFinalizersRemaining").get("status") == "True"
    )


def test_namespace_tells_what_remains(terminating: dict[str, Any]) -> None:
    found = {one["type"]: (one["status"], one["reason"], one["message"]) for one in terminating["status"]["conditions"]}
    assert terminating["status"]["phase"] == "Terminating"
    assert found == {
        "NamespaceDeletionDiscoveryFailure": (
            "False",
            "ResourcesDiscovered",
            "All resources successfully discovered",
        ),
        "NamespaceDeletionGroupVersionParsingFailure": (
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        "NamespaceDeletionContentFailure": (
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        "NamespaceContentRemaining": (
            "True",
            "SomeResourcesRemain",
            "Some resources are remaining: configmaps. has 1 resource instances",
        ),
        "NamespaceFinalizersRemaining": (
            "True",
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {HOLD} in 1 resource instances",
        ),
    }


def test_terminating_namespace_refuses_new_objects(api: Api, terminating: dict[str, Any]) -> None:
    space = terminating["metadata"]["name"]
    answer = api.post(path("configmaps", space), manifests.config_map(space, "late"))
    assert (answer.status, answer.reason) == (403, "Forbidden")
    assert answer.message == (
        f'configmaps "late" is forbidden: unable to create new content in namespace {space} because it is being '
        "terminated"
    )
    assert answer.causes == [("metadata.namespace", "NamespaceTerminating")]


def test_terminating_namespace_refuses_apply_of_new_objects(api: Api, terminating: dict[str, Any]) -> None:
    space = terminating["metadata"]["name"]
    answer = api.apply("configmaps", manifests.config_map(space, "late"))
    assert answer.status == 403
    assert "because it is being terminated" in answer.message


def test_terminating_namespace_lets_go_of_the_rest(api: Api, terminating: dict[str, Any]) -> None:
    assert api.get(path("secrets", terminating["metadata"]["name"], "free")).status == 404


def test_second_delete_of_a_namespace_changes_nothing(api: Api, terminating: dict[str, Any]) -> None:
    where = path("namespaces", name=terminating["metadata"]["name"])
    again = api.delete(where).ok()
    assert again["kind"] == "Namespace"
    assert again["metadata"]["deletionTimestamp"] == terminating["metadata"]["deletionTimestamp"]
    assert api.get(where).ok() == again


def test_namespace_is_gone_when_the_finalizer_is(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("gone")
    api.create("configmaps", manifests.config_map(space, "held", finalizers=[HOLD]))
    api.delete(path("namespaces", name=space)).ok()
    api.until("namespaces", None, space, lambda one: condition(one, "NamespaceFinalizersRemaining"))
    let_go(api, "configmaps", space, "held")
    api.until_gone("namespaces", None, space)
    assert api.get(path("configmaps", space, "held")).status == 404


def test_namespace_with_a_running_pod_ends(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("busy")
    api.create("deployments.apps", manifests.deployment(space, "web"))
    api.until("pods", space, None, lambda one: one["status"]["phase"] == "Running")
    api.delete(path("namespaces", name=space)).ok()
    api.until_gone("namespaces", None, space, timeout=90)


def test_default_namespace_cannot_be_deleted(api: Api) -> None:
    answer = api.delete(path("namespaces", name="default"), dryRun="All")
    assert answer.status == 403
    assert answer.message == 'namespaces "default" is forbidden: this namespace may not be deleted'
