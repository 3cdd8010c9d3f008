"""Pod Security and service accounts: which pods are let in, and what they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from . import manifests
from .api import Api, condition, path
from .manifests import NOWHERE


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
