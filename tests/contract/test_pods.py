"""Pods by themselves: how they end, and how they are evicted."""

from __future__ import annotations

from . import manifests
from .api import Api, condition, path


def test_evicted_pod_is_deleted(api: Api, space: str) -> None:
    api.create("pods", manifests.pod(space, "evicted"))
    api.until("pods", space, "evicted", lambda one: condition(one, "Ready").get("status") == "True")
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "evicted", "namespace": space}}
    answer = api.post(path("pods", space, "evicted", "eviction"), body)
    assert (answer.status, answer.body["status"]) == (201, "Success")
    api.until_gone("pods", space, "evicted")


def test_pod_that_ends_well_has_succeeded(api: Api, space: str) -> None:
    one = manifests.container(manifests.BUSYBOX, command=["echo", "done"])
    api.create("pods", manifests.pod(space, "succeeded", one, restartPolicy="Never"))
    found = api.until("pods", space, "succeeded", lambda one: one["status"]["phase"] == "Succeeded")
    state = found["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (state["exitCode"], state["reason"]) == (0, "Completed")
    ready = condition(found, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "PodCompleted")


def test_pod_that_ends_badly_has_failed(api: Api, space: str) -> None:
    one = manifests.container(args=["exit", "3", "no luck"])
    api.create("pods", manifests.pod(space, "failed", one, restartPolicy="Never"))
    found = api.until("pods", space, "failed", lambda one: one["status"]["phase"] == "Failed")
    state = found["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (state["exitCode"], state["reason"]) == (3, "Error")
    assert condition(found, "Ready")["reason"] == "PodFailed"
