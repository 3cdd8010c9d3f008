"""What an admitted namespace refuses or fills in: ResourceQuota, LimitRange, Pod Security."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from . import manifests
from .api import Api, condition, path

NOWHERE = {"nodeSelector": {"no": "such"}}


def settle(api: Api, space: str, name: str = "q") -> None:
    """Awaits that the quota has counted what is there: until then its refusals are of another kind."""
    api.until("resourcequotas", space, name, lambda found: "used" in found.get("status", {}))


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


def limited(api: Api, space: str, **hard: str) -> None:
    api.create("resourcequotas", manifests.quota(space, "q", **hard))
    settle(api, space)


# --- ResourceQuota


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
    answer = api.post(path("pods", space), manifests.pod(space, "c", **NOWHERE))
    assert answer.message.endswith("requested: pods=1, used: pods=2, limited: pods=1")


# --- LimitRange


@pytest.fixture(scope="module")
def ranged(api: Api, new_namespace: Callable[..., str]) -> str:
    space = new_namespace("limits")
    container = {
        "type": "Container",
        "default": {"cpu": "200m", "memory": "32Mi"},
        "defaultRequest": {"cpu": "10m", "memory": "16Mi"},
        "max": {"memory": "64Mi"},
        "min": {"memory": "8Mi"},
        "maxLimitRequestRatio": {"memory": "4"},
    }
    storage = {"type": "PersistentVolumeClaim", "max": {"storage": "2Gi"}, "min": {"storage": "1Mi"}}
    api.create("limitranges", manifests.limit_range(space, "bounds", container, storage))
    return space


def awaiting_limits(api: Api, space: str, one: dict[str, Any], name: str) -> Any:
    return api.post(path("pods", space), manifests.pod(space, name, one, **NOWHERE))


def test_limit_range_fills_requests_and_limits_in(api: Api, ranged: str) -> None:
    one = manifests.container(requests={}, limits={})
    made = awaiting_limits(api, ranged, one, "bare").ok()
    assert made["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "200m", "memory": "32Mi"},
        "requests": {"cpu": "10m", "memory": "16Mi"},
    }
    assert made["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: cpu, memory request for container web; cpu, memory limit for container web"
    )


def test_limit_range_fills_only_what_is_missing(api: Api, ranged: str) -> None:
    one = manifests.container(requests={"memory": "20Mi"}, limits={"memory": "40Mi"})
    made = awaiting_limits(api, ranged, one, "half").ok()
    assert made["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "200m", "memory": "40Mi"}


def test_default_of_a_limit_range_goes_through_its_own_defaults(api: Api, ranged: str) -> None:
    found = api.read("limitranges", ranged, "bounds")["spec"]["limits"][0]
    assert found["max"] == {"memory": "64Mi"}
    assert found["default"]["memory"] == "32Mi"


@pytest.mark.parametrize(
    ("requests", "limits", "text"),
    [
        ({"memory": "32Mi"}, {"memory": "128Mi"}, "maximum memory usage per Container is 64Mi, but limit is 128Mi"),
        ({"memory": "4Mi"}, {"memory": "8Mi"}, "minimum memory usage per Container is 8Mi, but request is 4Mi"),
        (
            {"memory": "8Mi"},
            {"memory": "64Mi"},
            "memory max limit to request ratio per Container is 4, but provided ratio is 8.000000",
        ),
    ],
)
def test_limit_range_refuses_with_its_figure(
    api: Api, ranged: str, requests: dict[str, str], limits: dict[str, str], text: str
) -> None:
    answer = awaiting_limits(api, ranged, manifests.container(requests=requests, limits=limits), "refused")
    assert (answer.status, answer.reason) == (403, "Forbidden")
    assert answer.message == f'pods "refused" is forbidden: {text}'


def test_several_refusals_stand_in_brackets(api: Api, ranged: str) -> None:
    one = manifests.container(requests={"memory": "4Mi"}, limits={"memory": "128Mi"})
    message = awaiting_limits(api, ranged, one, "refused").message
    assert message.startswith('pods "refused" is forbidden: [')
    assert "minimum memory usage per Container is 8Mi, but request is 4Mi" in message
    assert "maximum memory usage per Container is 64Mi, but limit is 128Mi" in message


def test_limit_range_refuses_a_big_claim(api: Api, ranged: str) -> None:
    answer = api.post(path("persistentvolumeclaims", ranged), manifests.claim(ranged, "big", "3Gi"))
    assert answer.status == 403
    assert answer.message == (
        'persistentvolumeclaims "big" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, '
        "but request is 3Gi"
    )


# --- Pod Security


@pytest.fixture(scope="module")
def guarded(new_namespace: Callable[..., str]) -> str:
    labels = {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
    }
    return new_namespace("security", labels)


def refused(api: Api, space: str, **parts: Any) -> str:
    one = parts.pop("one", None) or manifests.container()
    answer = api.post(path("pods", space), manifests.pod(space, "bad", one, **parts))
    assert (answer.status, answer.reason) == (403, "Forbidden")
    start = 'pods "bad" is forbidden: violates PodSecurity "restricted:latest": '
    assert answer.message.startswith(start)
    return answer.message.removeprefix(start)


def test_pod_that_keeps_the_rules_is_admitted(api: Api, guarded: str) -> None:
    answer = api.post(path("pods", guarded), manifests.pod(guarded, "good", **NOWHERE))
    assert answer.status == 201
    assert "Warning" not in answer.headers


def test_bare_pod_violates_four_rules(api: Api, guarded: str) -> None:
    one = {"name": "web", "image": manifests.HELLO}
    assert refused(api, guarded, one=one) == (
        'allowPrivilegeEscalation != false (container "web" must set securityContext.allowPrivilegeEscalation=false), '
        'unrestricted capabilities (container "web" must set securityContext.capabilities.drop=["ALL"]), '
        'runAsNonRoot != true (pod or container "web" must set securityContext.runAsNonRoot=true), '
        'seccompProfile (pod or container "web" must set securityContext.seccompProfile.type to "RuntimeDefault" '
        'or "Localhost")'
    )


@pytest.mark.parametrize(
    ("context", "text"),
    [
        (
            {"privileged": True, "allowPrivilegeEscalation": True},
            'privileged (container "web" must not set securityContext.privileged=true), '
            'allowPrivilegeEscalation != false (container "web" must set '
            "securityContext.allowPrivilegeEscalation=false)",
        ),
        ({"runAsUser": 0}, 'runAsUser=0 (container "web" must not set runAsUser=0)'),
        (
            {"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}},
            'unrestricted capabilities (container "web" must not include "SYS_ADMIN" in '
            "securityContext.capabilities.add)",
        ),
    ],
)
def test_container_setting_is_refused(api: Api, guarded: str, context: dict[str, Any], text: str) -> None:
    one = manifests.container(securityContext=manifests.RESTRICTED | context)
    assert text in refused(api, guarded, one=one)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({"hostNetwork": True}, "host namespaces (hostNetwork=true)"),
        ({"hostPID": True}, "host namespaces (hostPID=true)"),
        (
            {"volumes": [{"name": "etc", "hostPath": {"path": "/etc"}}]},
            'restricted volume types (volume "etc" uses restricted volume type "hostPath")',
        ),
    ],
)
def test_pod_setting_is_refused(api: Api, guarded: str, parts: dict[str, Any], text: str) -> None:
    assert text in refused(api, guarded, **parts)


def test_host_port_is_refused(api: Api, guarded: str) -> None:
    one = manifests.container(ports=[{"containerPort": 80, "hostPort": 80}])
    assert 'hostPort (container "web" uses hostPort 80)' in refused(api, guarded, one=one)


def test_dry_run_of_a_privileged_pod_is_refused_too(api: Api, guarded: str) -> None:
    one = {"name": "web", "image": manifests.HELLO, "securityContext": {"privileged": True}}
    answer = api.post(path("pods", guarded), manifests.pod(guarded, "probe", one), dryRun="All")
    assert answer.status == 403


def test_deployment_is_admitted_with_a_warning(api: Api, guarded: str) -> None:
    body = manifests.deployment(guarded, "warned", {"name": "web", "image": manifests.HELLO}, replicas=0)
    answer = api.post(path("deployments.apps", guarded), body)
    assert answer.status == 201
    assert answer.headers["Warning"].startswith('299 - "would violate PodSecurity \\"restricted:latest\\": ')


def test_baseline_lets_root_in_and_refuses_privileged(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("baseline", {"pod-security.kubernetes.io/enforce": "baseline"})
    bare = {"name": "web", "image": manifests.HELLO}
    api.create("pods", manifests.pod(space, "root", bare, **NOWHERE))
    privileged = bare | {"securityContext": {"privileged": True}}
    answer = api.post(path("pods", space), manifests.pod(space, "strong", privileged))
    assert answer.message == (
        'pods "strong" is forbidden: violates PodSecurity "baseline:latest": privileged '
        '(container "web" must not set securityContext.privileged=true)'
    )


# --- service accounts


def test_pod_of_a_missing_service_account_is_403(api: Api, guarded: str) -> None:
    answer = api.post(path("pods", guarded), manifests.pod(guarded, "nobody", serviceAccountName="gone"))
    assert answer.status == 403
    assert answer.message == (
        f'pods "nobody" is forbidden: error looking up service account {guarded}/gone: serviceaccount "gone" not found'
    )


def test_pod_runs_as_the_default_account_with_its_token(api: Api, guarded: str) -> None:
    made = api.create("pods", manifests.pod(guarded, "account", **NOWHERE))
    assert made["spec"]["serviceAccountName"] == "default"
    (mount,) = made["spec"]["containers"][0]["volumeMounts"]
    assert mount["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"
    assert mount["name"].startswith("kube-api-access-")


def test_pod_may_do_without_a_token(api: Api, guarded: str) -> None:
    made = api.create("pods", manifests.pod(guarded, "tokenless", automountServiceAccountToken=False, **NOWHERE))
    assert "volumeMounts" not in made["spec"]["containers"][0]


def test_pod_tolerates_short_losses_of_its_node(api: Api, guarded: str) -> None:
    made = api.create("pods", manifests.pod(guarded, "tolerant", **NOWHERE))
    assert [one["key"] for one in made["spec"]["tolerations"]] == [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
    ]
    assert condition(made, "Ready") == {}
    assert made["status"]["phase"] == "Pending"
    assert made["status"]["qosClass"] == "Burstable"
