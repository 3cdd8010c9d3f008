"""ResourceQuota: what is counted, what is refused and in which words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from . import manifests
from .api import Api, eventually, path
from .manifests import NOWHERE
from .quotas import limited


def used(api: Api, space: str, **wanted: str) -> dict[str, str]:
    """The quota's figures once they are as wanted."""
    found = api.until(
        "resourcequotas",
        space,
        "q",
        lambda one: wanted.items() <= one["status"].get("used", {}).items(),
        timeout=30,
    )
    return found["status"]["used"]


@pytest.fixture(scope="module")
def counted(api: Api, new_namespace: Callable[..., str]) -> str:
    space = new_namespace("quota")
    hard = {
        "requests.cpu": "1",
        "requests.memory": "1Gi",
        "limits.memory": "2Gi",
        "pods": "4",
        "services": "2",
        "secrets": "2",
        "configmaps": "5",
        "requests.storage": "10Gi",
        "late.storageclass.storage.k8s.io/requests.storage": "2Gi",
        "persistentvolumeclaims": "3",
        "count/deployments.apps": "1",
    }
    limited(api, space, **hard)
    return space


def test_status_repeats_the_limits_and_counts_what_is_there(api: Api, counted: str) -> None:
    found = used(api, counted, configmaps="1")
    status = api.read("resourcequotas", counted, "q")["status"]
    assert status["hard"] == api.read("resourcequotas", counted, "q")["spec"]["hard"]
    assert set(found) == set(status["hard"])
    assert found["requests.cpu"] == "0"


def test_pod_is_counted_with_its_requests_and_limits(api: Api, counted: str) -> None:
    one = manifests.container(requests={"cpu": "100m", "memory": "16Mi"}, limits={"memory": "64Mi"})
    api.create("pods", manifests.pod(counted, "hundred", one, **NOWHERE))
    found = used(api, counted, pods="1")
    assert found["requests.cpu"] == "100m"
    assert found["requests.memory"] == "16Mi"
    assert found["limits.memory"] == "64Mi"
    api.delete(path("pods", counted, "hundred")).ok()
    assert used(api, counted, pods="0")["requests.cpu"] == "0"


def test_pod_beyond_the_quota_is_403_with_the_figures(api: Api, counted: str) -> None:
    one = manifests.container(requests={"cpu": "2", "memory": "16Mi"})
    answer = api.post(path("pods", counted), manifests.pod(counted, "big", one, **NOWHERE))
    assert (answer.status, answer.reason) == (403, "Forbidden")
    assert answer.message == (
        'pods "big" is forbidden: exceeded quota: q, requested: requests.cpu=2, '
        "used: requests.cpu=0, limited: requests.cpu=1"
    )
    assert answer.body["details"] == {"name": "big", "kind": "pods"}


def test_refusal_names_every_figure_that_is_exceeded(api: Api, counted: str) -> None:
    one = manifests.container(requests={"cpu": "2", "memory": "3Gi"}, limits={"memory": "3Gi"})
    answer = api.post(path("pods", counted), manifests.pod(counted, "huge", one, **NOWHERE))
    assert answer.message == (
        'pods "huge" is forbidden: exceeded quota: q, '
        "requested: limits.memory=3Gi,requests.cpu=2,requests.memory=3Gi, "
        "used: limits.memory=0,requests.cpu=0,requests.memory=0, "
        "limited: limits.memory=2Gi,requests.cpu=1,requests.memory=1Gi"
    )


def test_pod_without_what_the_quota_counts_is_403(api: Api, counted: str) -> None:
    one = manifests.container(requests={}, limits={})
    answer = api.post(path("pods", counted), manifests.pod(counted, "vague", one, **NOWHERE))
    assert answer.status == 403
    assert answer.message == (
        'pods "vague" is forbidden: failed quota: q: must specify '
        "limits.memory for: web; requests.cpu for: web; requests.memory for: web"
    )


def test_a_request_is_taken_from_the_limit(api: Api, counted: str) -> None:
    one = manifests.container(requests={}, limits={"cpu": "50m", "memory": "32Mi"})
    made = api.create("pods", manifests.pod(counted, "limited", one, **NOWHERE))
    assert made["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "50m", "memory": "32Mi"}
    assert used(api, counted, pods="1")["requests.cpu"] == "50m"
    api.delete(path("pods", counted, "limited")).ok()
    used(api, counted, pods="0")


def test_number_of_services_is_limited(api: Api, counted: str) -> None:
    for name in ("one", "two"):
        api.create("services", manifests.service(counted, name))
    answer = api.post(path("services", counted), manifests.service(counted, "three"))
    assert answer.message == (
        'services "three" is forbidden: exceeded quota: q, requested: services=1, used: services=2, limited: services=2'
    )
    api.delete(path("services", counted, "one")).ok()
    assert used(api, counted, services="1")


def test_count_of_a_kind_is_limited(api: Api, counted: str) -> None:
    api.create("deployments.apps", manifests.deployment(counted, "one", replicas=0))
    answer = api.post(path("deployments.apps", counted), manifests.deployment(counted, "two", replicas=0))
    assert answer.status == 403
    assert answer.message == (
        'deployments.apps "two" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, '
        "used: count/deployments.apps=1, limited: count/deployments.apps=1"
    )


def test_claims_are_counted_in_sum_and_by_class(api: Api, counted: str) -> None:
    api.create("persistentvolumeclaims", manifests.claim(counted, "fits", "1Gi", "late"))
    found = used(api, counted, persistentvolumeclaims="1")
    assert found["requests.storage"] == "1Gi"
    assert found["late.storageclass.storage.k8s.io/requests.storage"] == "1Gi"
    answer = api.post(path("persistentvolumeclaims", counted), manifests.claim(counted, "more", "5Gi", "late"))
    by_class = "late.storageclass.storage.k8s.io/requests.storage"
    assert answer.status == 403
    assert answer.message == (
        f'persistentvolumeclaims "more" is forbidden: exceeded quota: q, requested: {by_class}=5Gi, '
        f"used: {by_class}=1Gi, limited: {by_class}=2Gi"
    )


def test_update_to_a_bigger_claim_counts_the_difference(api: Api, counted: str) -> None:
    api.create("persistentvolumeclaims", manifests.claim(counted, "grows", "1Gi", "standard"))
    api.until("persistentvolumeclaims", counted, "grows", lambda one: one["status"].get("phase") == "Bound")
    where = path("persistentvolumeclaims", counted, "grows")
    answer = api.patch(where, {"spec": {"resources": {"requests": {"storage": "12Gi"}}}})
    assert answer.status == 403
    assert "exceeded quota: q, requested: requests.storage=11Gi, used: requests.storage=" in answer.message


def test_dry_run_is_refused_but_not_counted(api: Api, counted: str) -> None:
    body = manifests.secret(counted, "dry")
    for _ in range(4):
        assert api.post(path("secrets", counted), body, dryRun="All").status == 201
    assert used(api, counted)["secrets"] == "0"


def test_finished_pod_gives_its_place_back(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("quota-done")
    limited(api, space, pods="1")
    one = manifests.container(manifests.BUSYBOX, command=["true"])
    api.create("pods", manifests.pod(space, "done", one, restartPolicy="Never"))
    api.until("pods", space, "done", lambda found: found["status"]["phase"] == "Succeeded")
    assert used(api, space, pods="0")


def test_quota_below_its_use_is_accepted_and_stops_new_pods(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("quota-low")
    limited(api, space, pods="2")
    for name in ("a", "b"):
        api.create("pods", manifests.pod(space, name, **NOWHERE))
    api.patch(path("resourcequotas", space, "q"), {"spec": {"hard": {"pods": "1"}}}).ok()
    api.until("resourcequotas", space, "q", lambda one: one["status"]["hard"]["pods"] == "1")
    body = manifests.pod(space, "c", **NOWHERE)
    answer = eventually(
        lambda: api.post(path("pods", space), body, dryRun="All"), lambda answer: answer.message.endswith("pods=1")
    )
    assert answer.message.endswith("requested: pods=1, used: pods=2, limited: pods=1")
