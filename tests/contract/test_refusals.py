"""Bad input, one mistake each: the status, the field and the words of the refusal."""

from __future__ import annotations

from typing import Any

import pytest

from . import manifests
from .api import JSON_PATCH, MERGE, STRATEGIC, Api, path
from .manifests import container

DEPLOYMENTS = "deployments.apps"
POD = "spec.template.spec"
WEB = f"{POD}.containers[0]"
INVALID, REQUIRED, UNSUPPORTED = "FieldValueInvalid", "FieldValueRequired", "FieldValueNotSupported"
DUPLICATE, FORBIDDEN = "FieldValueDuplicate", "FieldValueForbidden"
PORT_NAME = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
SUBDOMAIN = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters"
GET = {"httpGet": {"path": "/", "port": 80}}


def secret_ref(name: str, key: str) -> list[dict[str, Any]]:
    return [{"name": "A", "valueFrom": {"secretKeyRef": {"name": name, "key": key}}}]


CONTAINERS: list[tuple[dict[str, Any], str, str, str]] = [
    # parts of the container, field (after the container's path), reason, words of the message
    ({"env": secret_ref("", "k")}, ".env[0].valueFrom.secretKeyRef.name", INVALID, SUBDOMAIN),
    ({"env": secret_ref("a", "")}, ".env[0].valueFrom.secretKeyRef.key", REQUIRED, "Required value"),
    ({"env": [{"name": "A", "valueFrom": {}}]}, ".env[0].valueFrom", INVALID, "must specify one of"),
    (
        {"ports": [{"containerPort": 80, "name": "TooLongPortName1"}]},
        ".ports[0].name",
        INVALID,
        "must be no more than 15 characters",
    ),
    ({"ports": [{"containerPort": 80, "name": "A_b"}]}, ".ports[0].name", INVALID, PORT_NAME),
    ({"ports": [{"containerPort": 80, "protocol": "X"}]}, ".ports[0].protocol", UNSUPPORTED, '"SCTP", "TCP", "UDP"'),
    (
        {"readinessProbe": {"httpGet": {"path": "/", "port": 0}}},
        ".readinessProbe.httpGet.port",
        INVALID,
        "must be between 1 and 65535, inclusive",
    ),
    (
        {"readinessProbe": GET | {"periodSeconds": -1}},
        ".readinessProbe.periodSeconds",
        INVALID,
        "greater than or equal",
    ),
    ({"livenessProbe": GET | {"successThreshold": 2}}, ".livenessProbe.successThreshold", INVALID, "must be 1"),
    (
        {"readinessProbe": GET | {"tcpSocket": {"port": 80}}},
        ".readinessProbe.tcpSocket",
        FORBIDDEN,
        "may not specify more than 1 handler type",
    ),
    (
        {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}},
        ".resources.requests",
        INVALID,
        "must be less than or equal to cpu limit of 1",
    ),
    ({"requests": {"cpu": "-1"}, "limits": {}}, ".resources.requests[cpu]", INVALID, "greater than or equal to 0"),
    ({"securityContext": {"runAsUser": -1}}, ".securityContext.runAsUser", INVALID, "between 0 and 2147483647"),
    (
        {"securityContext": {"seccompProfile": {"type": "X"}}},
        ".securityContext.seccompProfile.type",
        UNSUPPORTED,
        '"Localhost", "RuntimeDefault", "Unconfined"',
    ),
    (
        {"securityContext": {"privileged": True, "allowPrivilegeEscalation": False}},
        ".securityContext",
        INVALID,
        "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
    ),
]

PODS: list[tuple[dict[str, Any], str, str, str]] = [
    # parts of the pod, field (after the pod's path), reason, words
    ({"serviceAccountName": "Bad_"}, ".serviceAccountName", INVALID, SUBDOMAIN),
    ({"dnsPolicy": "X"}, ".dnsPolicy", UNSUPPORTED, '"ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"'),
    ({"nodeSelector": {"a b": "c"}}, ".nodeSelector", INVALID, "name part must consist of alphanumeric"),
    ({"restartPolicy": "Never"}, ".restartPolicy", UNSUPPORTED, 'supported values: "Always"'),
    ({"volumes": [{"name": "D", "emptyDir": {}}]}, ".volumes[0].name", INVALID, "a lowercase RFC 1123 label"),
    ({"volumes": [{"name": "d", "emptyDir": {}}] * 2}, ".volumes[1].name", DUPLICATE, "Duplicate value"),
    (
        {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": ""}}]},
        ".volumes[0].persistentVolumeClaim.claimName",
        REQUIRED,
        "Required value",
    ),
]

ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": "150%"}}
SPECS: list[tuple[dict[str, Any], list[str], str]] = [
    # parts of the Deployment's spec, fields, words
    ({"progressDeadlineSeconds": 0}, ["spec.progressDeadlineSeconds"], "must be greater than minReadySeconds"),
    ({"minReadySeconds": -1}, ["spec.minReadySeconds"], "must be greater than or equal to 0"),
    ({"revisionHistoryLimit": -1}, ["spec.revisionHistoryLimit"], "must be greater than or equal to 0"),
    ({"strategy": ROLLING}, ["spec.strategy.rollingUpdate.maxUnavailable"], "must not be greater than 100%"),
    (
        {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}},
        ["spec.strategy.rollingUpdate.maxUnavailable"],
        "may not be 0 when `maxSurge` is 0",
    ),
    (
        {"strategy": {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}},
        ["spec.strategy.rollingUpdate"],
        "may not be specified when strategy `type` is 'Recreate'",
    ),
    ({"selector": {}}, ["spec.selector"], "empty selector is invalid for deployment"),
    (
        {"selector": {"matchLabels": {"a": "b c"}}},
        ["spec.selector.matchLabels", "spec.selector"],
        "invalid label selector",
    ),
]

OTHERS: list[tuple[str, dict[str, Any], str, str]] = [
    # resource, object (in namespace x), field, words
    ("services", manifests.service("x", "s", selector={"a": "b c"}), "spec.selector", "a valid label must be"),
    (
        "services",
        manifests.service("x", "s", ports=[{"port": 80, "targetPort": "Bad_Name"}]),
        "spec.ports[0].targetPort",
        PORT_NAME,
    ),
    (
        "services",
        manifests.service("x", "s", ports=[{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]),
        "spec.ports[1]",
        'Duplicate value: {"Name":"","Protocol":"TCP"',
    ),
    ("persistentvolumeclaims", manifests.claim("x", "c", storage_class="Bad_"), "spec.storageClassName", SUBDOMAIN),
    ("persistentvolumeclaims", manifests.claim("x", "c", "0"), "spec.resources[storage]", "must be greater than zero"),
    ("resourcequotas", manifests.quota("x", "q", pods="1.5"), "spec.hard[pods]", "must be an integer"),
    ("resourcequotas", manifests.quota("x", "q", bogus="1"), "spec.hard[bogus]", "must be a standard resource"),
    (
        "limitranges",
        manifests.limit_range("x", "l", {"type": "Pod", "default": {"cpu": "2"}}),
        "spec.limits[0].default",
        "may not be specified when `type` is 'Pod'",
    ),
    (
        "limitranges",
        manifests.limit_range("x", "l", {"type": "Container", "min": {"cpu": "2"}, "max": {"cpu": "1"}}),
        "spec.limits[0].min[cpu]",
        "min value 2 is greater than max value 1",
    ),
    (
        "secrets",
        manifests.secret("x", "s") | {"type": "kubernetes.io/dockerconfigjson"},
        "data[.dockerconfigjson]",
        "Required value",
    ),
    ("configmaps", manifests.config_map("x", "c", {"a/b": "1"}), "data[a/b]", "a valid config key must consist of"),
    (
        "configmaps",
        manifests.config_map("x", "c", labels={"a/b/c": "1"}),
        "metadata.labels",
        "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ),
]


@pytest.mark.parametrize(("parts", "field", "reason", "text"), CONTAINERS)
def test_container(api: Api, space: str, parts: dict[str, Any], field: str, reason: str, text: str) -> None:
    answer = api.post(path(DEPLOYMENTS, space), manifests.deployment(space, "bad", container(**parts)))
    assert answer.status == 422
    assert (WEB + field, reason) in answer.causes
    assert text in answer.message


@pytest.mark.parametrize(("parts", "field", "reason", "text"), PODS)
def test_pod(api: Api, space: str, parts: dict[str, Any], field: str, reason: str, text: str) -> None:
    answer = api.post(path(DEPLOYMENTS, space), manifests.deployment(space, "bad", **parts))
    assert answer.status == 422
    assert answer.causes == [(POD + field, reason)]
    assert text in answer.message


@pytest.mark.parametrize(("parts", "fields", "text"), SPECS)
def test_deployment(api: Api, space: str, parts: dict[str, Any], fields: list[str], text: str) -> None:
    answer = api.post(path(DEPLOYMENTS, space), manifests.deployment(space, "bad", spec=parts))
    assert answer.status == 422
    assert [field for field, _ in answer.causes] == fields
    assert text in answer.message


@pytest.mark.parametrize(("resource", "body", "field", "text"), OTHERS)
def test_other_kind(api: Api, space: str, resource: str, body: dict[str, Any], field: str, text: str) -> None:
    mine = body | {"metadata": body["metadata"] | {"namespace": space}}
    answer = api.post(path(resource, space), mine)
    assert answer.status == 422
    assert field in [field for field, _ in answer.causes]
    assert text in answer.message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("3", "cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (1.5, "cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (True, "cannot unmarshal bool into Go struct field DeploymentSpec.spec.replicas of type int32"),
    ],
)
def test_wrong_type_is_named(api: Api, space: str, value: Any, text: str) -> None:
    answer = api.post(path(DEPLOYMENTS, space), manifests.deployment(space, "bad", spec={"replicas": value}))
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert text in answer.message


def test_null_quantity_is_nothing(api: Api, space: str) -> None:
    one = container(requests={"cpu": None}, limits={})
    assert api.post(path(DEPLOYMENTS, space), manifests.deployment(space, "null", one), dryRun="All").status == 201


def test_applied_variable_without_a_name_is_422(api: Api, space: str) -> None:
    one = container(env=[{"value": "1"}])
    answer = api.apply(DEPLOYMENTS, manifests.deployment(space, "nameless", one))
    assert answer.status == 422
    assert answer.causes == [(f"{WEB}.env[0].name", REQUIRED)]


def test_applied_duplicate_variable_is_refused_without_a_path(api: Api, space: str) -> None:
    one = container(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])
    answer = api.apply(DEPLOYMENTS, manifests.deployment(space, "doubled", one))
    assert answer.status == 500
    assert 'duplicate entries for key [name="A"]' in answer.message


@pytest.mark.parametrize(
    ("kind", "body", "status", "text"),
    [
        (MERGE, "[]", 400, "error decoding patch: json: cannot unmarshal array into Go value of type map[string]"),
        (MERGE, "{bad", 400, "invalid JSON patch"),
        (JSON_PATCH, "{}", 400, "cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        (JSON_PATCH, '[{"op":"bogus","path":"/data/x"}]', 422, "the server rejected our request due to an error"),
        (JSON_PATCH, '[{"op":"remove","path":"/data/x"}]', 422, "the server rejected our request due to an error"),
        (STRATEGIC, "[]", 400, "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        (MERGE, '{"data":{"a":5}}', 422, "json: cannot unmarshal number into Go struct field ConfigMap.data of type"),
    ],
)
def test_patch(api: Api, space: str, kind: str, body: str, status: int, text: str) -> None:
    api.until("configmaps", space, "kube-root-ca.crt", bool)
    answer = api.patch(path("configmaps", space, "kube-root-ca.crt"), body, kind)
    assert answer.status == status
    assert text in answer.message


@pytest.mark.parametrize(
    ("params", "status", "text"),
    [
        ({"limit": "x"}, 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ({"labelSelector": "a=b=c"}, 400, "found '=', expected: ',' or 'end of string'"),
        ({"labelSelector": "a in (b"}, 400, "unable to parse requirement: found '', expected: ',' or ')'"),
        ({"fieldSelector": "metadata.name"}, 400, "invalid selector: 'metadata.name'; can't understand"),
        (
            {"resourceVersionMatch": "Exact"},
            422,
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        ({"resourceVersion": "0", "resourceVersionMatch": "Exact"}, 422, 'is forbidden for resourceVersion "0"'),
        (
            {"resourceVersion": "5", "resourceVersionMatch": "Bogus"},
            422,
            'supported values: "Exact", "NotOlderThan", ""',
        ),
        ({"sendInitialEvents": "true"}, 422, "sendInitialEvents is forbidden for list"),
    ],
)
def test_list_option(api: Api, space: str, params: dict[str, str], status: int, text: str) -> None:
    answer = api.get(path("pods", space), **params)
    assert answer.status == status
    assert text in answer.message


def test_collection_over_all_namespaces_is_not_deleted(api: Api) -> None:
    assert api.delete(path("configmaps"), dryRun="All").status == 405
