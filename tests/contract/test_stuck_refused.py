"""Pods that a ReplicaSet may not make, and how the Deployment says so."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import manifests
from .api import Api, condition, path
from .manifests import HELLO, container
from .quotas import limited


def refusal(api: Api, space: str, name: str) -> str:
    """The message of ReplicaFailure, which the event FailedCreate of the ReplicaSet has too."""
    found = api.until("deployments.apps", space, name, lambda one: condition(one, "ReplicaFailure"))
    failure = condition(found, "ReplicaFailure")
    assert (failure["status"], failure["reason"]) == ("True", "FailedCreate")
    event = api.until_event(space, "FailedCreate", name, "is forbidden")
    assert event["involvedObject"]["kind"] == "ReplicaSet"
    assert event["message"].startswith("Error creating: ")
    return failure["message"]


def test_pod_security_refuses_the_pods(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("refused", {"pod-security.kubernetes.io/enforce": "restricted"})
    api.create("deployments.apps", manifests.deployment(space, "web", {"name": "web", "image": HELLO}))
    assert re.match(
        r'pods "web-[a-z0-9]+-[a-z0-9]+" is forbidden: violates PodSecurity "restricted:latest": '
        r"allowPrivilegeEscalation != false",
        refusal(api, space, "web"),
    )


def test_quota_refuses_some_of_the_pods(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("full")
    limited(api, space, **{"requests.cpu": "15m"})
    body = manifests.deployment(space, "web", container(requests={"cpu": "10m"}, limits={}), replicas=2)
    api.create("deployments.apps", body)
    message = refusal(api, space, "web")
    assert message.endswith(
        "is forbidden: exceeded quota: q, requested: requests.cpu=10m, used: requests.cpu=10m, "
        "limited: requests.cpu=15m"
    )
    found = api.until("deployments.apps", space, "web", lambda one: one["status"].get("availableReplicas") == 1)
    available = condition(found, "Available")
    assert (available["status"], available["reason"]) == ("False", "MinimumReplicasUnavailable")
    assert available["message"] == "Deployment does not have minimum availability."


def test_quota_wants_what_the_pod_does_not_say(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("unsaid")
    limited(api, space, **{"limits.memory": "1Gi"})
    api.create("deployments.apps", manifests.deployment(space, "web", container(requests={}, limits={})))
    assert refusal(api, space, "web").endswith("is forbidden: failed quota: q: must specify limits.memory for: web")


def test_limit_range_refuses_the_pods(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("narrow")
    api.create("limitranges", manifests.limit_range(space, "l", {"type": "Container", "max": {"memory": "32Mi"}}))
    api.create("deployments.apps", manifests.deployment(space, "web"))
    assert refusal(api, space, "web").endswith(
        "is forbidden: maximum memory usage per Container is 32Mi, but limit is 64Mi"
    )


def test_refused_pods_come_when_there_is_room(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("room")
    limited(api, space, pods="0")
    api.create("deployments.apps", manifests.deployment(space, "web"))
    refusal(api, space, "web")
    api.patch(path("resourcequotas", space, "q"), {"spec": {"hard": {"pods": "5"}}}).ok()
    found = api.until("deployments.apps", space, "web", lambda one: one["status"].get("availableReplicas") == 1)
    found = api.until("deployments.apps", space, "web", lambda one: not condition(one, "ReplicaFailure"))
    assert condition(found, "Available")["status"] == "True"
