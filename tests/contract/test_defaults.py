"""What the server fills in."""

from __future__ import annotations

import re

from . import manifests
from .api import Api


def test_secret_takes_strings_and_gives_base64(api: Api, space: str) -> None:
    made = api.create("secrets", manifests.secret(space, "sealed", password="s3cret"))
    assert made["data"] == {"password": "czNjcmV0"}
    assert made["type"] == "Opaque"
    assert "stringData" not in made


def test_defaults_of_a_deployment(api: Api, space: str) -> None:
    spec = api.create("deployments.apps", manifests.deployment(space, "defaulted", replicas=0))["spec"]
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
    }
    assert spec["revisionHistoryLimit"] == 10
    assert spec["progressDeadlineSeconds"] == 600
    template = spec["template"]["spec"]
    assert template["restartPolicy"] == "Always"
    assert template["dnsPolicy"] == "ClusterFirst"
    assert template["schedulerName"] == "default-scheduler"
    one = template["containers"][0]
    assert one["imagePullPolicy"] == "IfNotPresent"
    assert one["terminationMessagePath"] == "/dev/termination-log"
    assert one["terminationMessagePolicy"] == "File"


def test_defaults_of_a_probe_and_a_port(api: Api, space: str) -> None:
    one = manifests.container(
        ports=[{"containerPort": 8080}], readinessProbe={"httpGet": {"path": "/ready", "port": 8080}}
    )
    made = api.create("deployments.apps", manifests.deployment(space, "probed", one, replicas=0))
    found = made["spec"]["template"]["spec"]["containers"][0]
    assert found["ports"] == [{"containerPort": 8080, "protocol": "TCP"}]
    assert found["readinessProbe"] == {
        "httpGet": {"path": "/ready", "port": 8080, "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


def test_defaults_of_a_service(api: Api, space: str) -> None:
    spec = api.create("services", manifests.service(space, "addressed"))["spec"]
    assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", spec["clusterIP"])
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert spec["type"] == "ClusterIP"
    assert spec["sessionAffinity"] == "None"
    assert spec["ipFamilies"] == ["IPv4"]
    assert spec["ports"] == [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080}]


def test_headless_service_keeps_none(api: Api, space: str) -> None:
    assert api.create("services", manifests.service(space, "headless", clusterIP="None"))["spec"]["clusterIP"] == "None"


def test_namespace_gets_its_name_as_a_label_and_the_finalizer(api: Api, space: str) -> None:
    made = api.read("namespaces", None, space)
    assert made["metadata"]["labels"]["kubernetes.io/metadata.name"] == space
    assert made["spec"] == {"finalizers": ["kubernetes"]}
    assert made["status"] == {"phase": "Active"}


def test_namespace_gets_a_service_account_and_the_root_certificate(api: Api, space: str) -> None:
    api.until("serviceaccounts", space, "default", bool)
    found = api.until("configmaps", space, "kube-root-ca.crt", bool)
    assert "ca.crt" in found["data"]
