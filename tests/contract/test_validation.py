"""What the server refuses with a 422, and which fields it names."""

from __future__ import annotations

from typing import Any

import pytest

from . import manifests
from .api import Api, path

LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)


def test_invalid_name_is_422_with_the_rule(api: Api) -> None:
    answer = api.post(path("namespaces"), manifests.namespace("Team_A"))
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert answer.message == f'Namespace "Team_A" is invalid: metadata.name: Invalid value: "Team_A": {LABEL_RULE}'
    details = answer.body["details"]
    assert (details["name"], details["kind"]) == ("Team_A", "Namespace")
    assert details["causes"] == [
        {
            "reason": "FieldValueInvalid",
            "message": f'Invalid value: "Team_A": {LABEL_RULE}',
            "field": "metadata.name",
        }
    ]


def test_too_long_a_namespace_is_422(api: Api) -> None:
    answer = api.post(path("namespaces"), manifests.namespace("a" * 64))
    assert answer.status == 422
    assert answer.causes == [("metadata.name", "FieldValueInvalid"), ("metadata.labels", "FieldValueInvalid")]
    assert "must be no more than 63 characters" in answer.message


def test_no_name_at_all_is_422(api: Api, space: str) -> None:
    body = manifests.config_map(space, "")
    del body["metadata"]["name"]
    answer = api.post(path("configmaps", space), body)
    assert answer.status == 422
    assert answer.causes == [("metadata.name", "FieldValueRequired")]
    assert "name or generateName is required" in answer.message


def test_invalid_label_is_422(api: Api, space: str) -> None:
    body = manifests.config_map(space, "labelled", labels={"bad label": "x"})
    answer = api.post(path("configmaps", space), body)
    assert answer.status == 422
    assert answer.causes == [("metadata.labels", "FieldValueInvalid")]


def test_invalid_key_of_a_secret_is_422(api: Api, space: str) -> None:
    answer = api.post(path("secrets", space), manifests.secret(space, "keyed", **{"a b": "x"}))
    assert answer.status == 422
    assert answer.causes == [("data[a b]", "FieldValueInvalid")]


@pytest.mark.parametrize(
    ("change", "causes"),
    [
        ({"replicas": -1}, [("spec.replicas", "FieldValueInvalid")]),
        (
            {"selector": None},
            [("spec.selector", "FieldValueRequired"), ("spec.template.metadata.labels", "FieldValueInvalid")],
        ),
        ({"selector": {"matchLabels": {"app": "other"}}}, [("spec.template.metadata.labels", "FieldValueInvalid")]),
    ],
)
def test_invalid_deployment_names_the_field(
    api: Api, space: str, change: dict[str, Any], causes: list[tuple[str, str]]
) -> None:
    answer = api.post(path("deployments.apps", space), manifests.deployment(space, "bad", spec=change))
    assert answer.status == 422
    assert answer.causes == causes


IN_POD = "spec.template.spec."


@pytest.mark.parametrize(
    ("parts", "causes"),
    [
        ({"image": ""}, [("containers[0].image", "FieldValueRequired")]),
        ({"name": "Web"}, [("containers[0].name", "FieldValueInvalid")]),
        ({"env": [{"name": "a=b", "value": "x"}]}, [("containers[0].env[0].name", "FieldValueInvalid")]),
        ({"env": [{"name": "", "value": "x"}]}, [("containers[0].env[0].name", "FieldValueRequired")]),
        (
            {"requests": {"memory": "128Mi"}, "limits": {"memory": "64Mi"}},
            [("containers[0].resources.requests", "FieldValueInvalid")],
        ),
        ({"ports": [{"containerPort": 70000}]}, [("containers[0].ports[0].containerPort", "FieldValueInvalid")]),
        ({"imagePullPolicy": "Sometimes"}, [("containers[0].imagePullPolicy", "FieldValueNotSupported")]),
        (
            {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
            [("containers[0].volumeMounts[0].name", "FieldValueNotFound")],
        ),
        (
            {"readinessProbe": {"periodSeconds": 5}},
            [("containers[0].readinessProbe", "FieldValueRequired")],
        ),
    ],
)
def test_invalid_container_names_the_field(
    api: Api, space: str, parts: dict[str, Any], causes: list[tuple[str, str]]
) -> None:
    body = manifests.deployment(space, "bad", manifests.container(**parts))
    answer = api.post(path("deployments.apps", space), body)
    assert answer.status == 422
    assert answer.causes == [(IN_POD + field, reason) for field, reason in causes]


def test_image_of_a_pod_with_a_space_around_is_422(api: Api, space: str) -> None:
    answer = api.post(path("pods", space), manifests.pod(space, "spaced", manifests.container(" hello")))
    assert answer.status == 422
    assert answer.causes == [("spec.containers[0].image", "FieldValueInvalid")]
    assert "must not have leading or trailing whitespace" in answer.message


def test_two_mounts_at_one_path_are_422(api: Api, space: str) -> None:
    mounts = [{"name": "a", "mountPath": "/data"}, {"name": "b", "mountPath": "/data"}]
    body = manifests.deployment(
        space,
        "twofold",
        manifests.container(volumeMounts=mounts),
        volumes=[{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}],
    )
    answer = api.post(path("deployments.apps", space), body)
    assert answer.status == 422
    assert answer.causes == [(IN_POD + "containers[0].volumeMounts[1].mountPath", "FieldValueInvalid")]
    assert "must be unique" in answer.message


def test_two_containers_of_one_name_are_422(api: Api, space: str) -> None:
    spec = {"containers": [manifests.container(), manifests.container()]}
    answer = api.post(path("deployments.apps", space), manifests.deployment(space, "twins", **spec))
    assert answer.status == 422
    assert answer.causes == [(IN_POD + "containers[1].name", "FieldValueDuplicate")]


def test_no_container_is_422(api: Api, space: str) -> None:
    answer = api.post(path("deployments.apps", space), manifests.deployment(space, "hollow", containers=[]))
    assert answer.status == 422
    assert answer.causes == [(IN_POD + "containers", "FieldValueRequired")]


def test_message_joins_several_causes(api: Api, space: str) -> None:
    one = manifests.container(image="", imagePullPolicy="Sometimes")
    answer = api.post(path("deployments.apps", space), manifests.deployment(space, "many", one))
    assert answer.status == 422
    assert answer.message.startswith('Deployment.apps "many" is invalid: [')
    assert len(answer.causes) == 2


def test_malformed_quantity_is_400(api: Api, space: str) -> None:
    one = manifests.container(limits={"memory": "64Mib"})
    answer = api.post(path("deployments.apps", space), manifests.deployment(space, "odd", one))
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert (
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'" in answer.message
    )


@pytest.mark.parametrize(
    ("spec", "causes"),
    [
        ({"ports": []}, [("spec.ports", "FieldValueRequired")]),
        ({"ports": [{"port": 0}]}, [("spec.ports[0].port", "FieldValueInvalid")]),
        ({"type": "Sometimes"}, [("spec.type", "FieldValueNotSupported")]),
    ],
)
def test_invalid_service_names_the_field(
    api: Api, space: str, spec: dict[str, Any], causes: list[tuple[str, str]]
) -> None:
    answer = api.post(path("services", space), manifests.service(space, "bad", **spec))
    assert answer.status == 422
    assert set(causes) <= set(answer.causes)


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"accessModes": []}, "spec.accessModes"),
        ({"resources": {}}, "spec.resources[storage]"),
    ],
)
def test_invalid_claim_names_the_field(api: Api, space: str, spec: dict[str, Any], field: str) -> None:
    body = manifests.claim(space, "bad")
    body["spec"] |= spec
    answer = api.post(path("persistentvolumeclaims", space), body)
    assert answer.status == 422
    assert (field, "FieldValueRequired") in answer.causes


def test_invalid_quota_names_the_field(api: Api, space: str) -> None:
    body = manifests.quota(space, "bad", pods="-1")
    answer = api.post(path("resourcequotas", space), body)
    assert answer.status == 422
    assert answer.causes == [("spec.hard[pods]", "FieldValueInvalid")]
