"""The further kinds that a team's namespace holds: each is applied, defaulted, read back and left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from . import manifests
from .api import Api, path

POD = manifests.pod_spec()
LABELS = {"app": "x"}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": POD}
NEVER = {"metadata": {"labels": LABELS}, "spec": POD | {"restartPolicy": "Never"}}
ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "x"}

KINDS: list[tuple[str, str, str, dict[str, Any]]] = [
    # resource, apiVersion, kind, the rest of the object
    (
        "networkpolicies.networking.k8s.io",
        "networking.k8s.io/v1",
        "NetworkPolicy",
        {"spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}},
    ),
    (
        "roles.rbac.authorization.k8s.io",
        "rbac.authorization.k8s.io/v1",
        "Role",
        {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]},
    ),
    (
        "rolebindings.rbac.authorization.k8s.io",
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        {"roleRef": ROLE, "subjects": [{"kind": "Group", "name": "t", "apiGroup": "rbac.authorization.k8s.io"}]},
    ),
    (
        "horizontalpodautoscalers.autoscaling",
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        {
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"},
                "minReplicas": 1,
                "maxReplicas": 3,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}},
                    }
                ],
            }
        },
    ),
    (
        "ingresses.networking.k8s.io",
        "networking.k8s.io/v1",
        "Ingress",
        {
            "spec": {
                "ingressClassName": "none",
                "rules": [
                    {
                        "host": "x.test",
                        "http": {
                            "paths": [
                                {
                                    "path": "/",
                                    "pathType": "Prefix",
                                    "backend": {"service": {"name": "x", "port": {"number": 80}}},
                                }
                            ]
                        },
                    }
                ],
            }
        },
    ),
    (
        "statefulsets.apps",
        "apps/v1",
        "StatefulSet",
        {"spec": {"replicas": 0, "serviceName": "x", "selector": {"matchLabels": LABELS}, "template": TEMPLATE}},
    ),
    (
        "jobs.batch",
        "batch/v1",
        "Job",
        {"spec": {"suspend": True, "backoffLimit": 2, "template": NEVER}},
    ),
    (
        "cronjobs.batch",
        "batch/v1",
        "CronJob",
        {"spec": {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": {"template": NEVER}}}},
    ),
    (
        "httproutes.gateway.networking.k8s.io",
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        {"spec": {"parentRefs": [{"name": "none"}], "rules": [{"backendRefs": [{"name": "x", "port": 80}]}]}},
    ),
    ("serviceaccounts", "v1", "ServiceAccount", {"automountServiceAccountToken": False}),
    (
        "leases.coordination.k8s.io",
        "coordination.k8s.io/v1",
        "Lease",
        {"spec": {"holderIdentity": "me", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.123456Z"}},
    ),
]


def body_of(space: str, name: str, api_version: str, kind: str, rest: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": space}, **rest}


@pytest.mark.parametrize("row", KINDS, ids=lambda row: row[2])
def test_kind_is_applied_and_read_back_with_its_fields(
    api: Api, space: str, row: tuple[str, str, str, dict[str, Any]]
) -> None:
    resource, api_version, kind, rest = row
    body = body_of(space, "x", api_version, kind, rest)
    made = api.apply(resource, body)
    assert made.status == 201
    found = api.read(resource, space, "x")
    assert (found["kind"], found["apiVersion"]) == (kind, api_version)
    assert contains(found, {key: value for key, value in body.items() if key != "metadata"})


@pytest.mark.parametrize("row", KINDS, ids=lambda row: row[2])
def test_second_apply_of_a_kind_changes_no_field(
    api: Api, space: str, row: tuple[str, str, str, dict[str, Any]]
) -> None:
    resource, api_version, kind, rest = row
    body = body_of(space, "again", api_version, kind, rest)
    first = api.apply(resource, body).ok()
    second = api.apply(resource, body).ok()
    drop = {"resourceVersion", "managedFields"}
    metas = [{key: value for key, value in one["metadata"].items() if key not in drop} for one in (first, second)]
    assert metas[0] == metas[1]
    assert first.get("spec") == second.get("spec")


def test_role_of_a_binding_is_immutable(api: Api, space: str) -> None:
    resource, api_version, kind, rest = next(row for row in KINDS if row[2] == "RoleBinding")
    api.create(resource, body_of(space, "bound", api_version, kind, rest))
    answer = api.patch(path(resource, space, "bound"), {"roleRef": {"name": "other"}})
    assert answer.status == 422
    assert answer.causes == [("roleRef", "FieldValueInvalid")]
    assert answer.message.endswith("field is immutable")


def test_lease_is_taken_by_one_of_two(api: Api, space: str) -> None:
    """Leader election: both read, both write, the second is told that it comes too late."""
    resource = "leases.coordination.k8s.io"
    held = api.create(resource, body_of(space, "leader", "coordination.k8s.io/v1", "Lease", {"spec": {}}))
    where = path(resource, space, "leader")
    first = api.put(where, held | {"spec": {"holderIdentity": "first"}})
    second = api.put(where, held | {"spec": {"holderIdentity": "second"}})
    assert (first.status, second.status) == (200, 409)
    assert api.get(where).ok()["spec"]["holderIdentity"] == "first"


def test_malformed_schedule_is_refused(api: Api, space: str) -> None:
    _, api_version, kind, rest = next(row for row in KINDS if row[2] == "CronJob")
    spec = rest["spec"] | {"schedule": "every day"}
    answer = api.post(path("cronjobs.batch", space), body_of(space, "bad", api_version, kind, {"spec": spec}))
    assert answer.status == 422
    assert answer.causes == [("spec.schedule", "FieldValueInvalid")]


def test_autoscaler_with_less_than_its_minimum_is_refused(api: Api, space: str) -> None:
    resource, api_version, kind, rest = next(row for row in KINDS if row[2] == "HorizontalPodAutoscaler")
    spec = rest["spec"] | {"minReplicas": 5}
    answer = api.post(path(resource, space), body_of(space, "bad", api_version, kind, {"spec": spec}))
    assert answer.status == 422
    assert answer.causes == [("spec.maxReplicas", "FieldValueInvalid")]


def test_too_big_a_config_map_is_refused(api: Api, space: str) -> None:
    body = manifests.config_map(space, "big", {"key": "x" * (1024 * 1024 + 1)})
    answer = api.post(path("configmaps", space), body)
    assert answer.status == 422
    assert answer.causes == [("[]", "FieldValueTooLong")]
    assert "may not be more than 1048576 bytes" in answer.message


def test_secret_that_is_no_base64_is_refused(api: Api, space: str) -> None:
    body = manifests.secret(space, "plain") | {"data": {"a": "not base64!"}}
    answer = api.post(path("secrets", space), body)
    assert answer.status == 400
    assert "illegal base64 data at input byte 3" in answer.message


def test_creation_with_a_version_is_refused(api: Api, space: str) -> None:
    answer = api.post(path("configmaps", space), manifests.config_map(space, "versioned", resourceVersion="5"))
    assert answer.status == 500
    assert answer.message == "resourceVersion should not be set on objects to be created"


def test_scaling_by_hand_is_a_conflict_for_the_owner(api: Api, new_namespace: Callable[..., str], space: str) -> None:
    body = manifests.deployment(space, "sized", replicas=0)
    api.apply("deployments.apps", body).ok()
    scale = path("deployments.apps", space, "sized", "scale")
    api.patch(scale, {"spec": {"replicas": 1}}, fieldManager="hand").ok()
    answer = api.apply("deployments.apps", body)
    assert answer.status == 409
    assert answer.message == (
        'Apply failed with 1 conflict: conflict with "hand" with subresource "scale" using apps/v1: .spec.replicas'
    )
    forced = api.apply("deployments.apps", body, force="true").ok()
    assert forced["spec"]["replicas"] == 0


def test_nodes_tell_what_they_can_hold(api: Api) -> None:
    node = api.items("nodes")[0]
    assert {"cpu", "memory", "pods"} <= set(node["status"]["allocatable"])
    assert {"type": "Ready", "status": "True"}.items() <= node["status"]["conditions"][-1].items()
    assert node["status"]["nodeInfo"]["kubeletVersion"].startswith("v1.37.")
    assert node["metadata"]["labels"]["kubernetes.io/hostname"]


def contains(found: Any, wanted: Any) -> bool:
    """Whether each field of `wanted` is in `found`, lists item by item."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(contains(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(contains(*pair) for pair in zip(found, wanted, strict=True))
    return bool(found == wanted)
