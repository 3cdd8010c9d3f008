"""kubectl, as people use it beside the portal: it must not notice which server answers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from . import manifests
from .api import Api, condition
from .kubectl import Kubectl, fine
from .stuck import until_crashed


@pytest.fixture(scope="module")
def web(api: Api, kubectl: Kubectl, space: str) -> str:
    """A Deployment `web` of hello, rolled out, that writes a line every tenth of a second."""
    probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1}
    one = manifests.container(env=[{"name": "LOG_RATE", "value": "10"}], readinessProbe=probe)
    fine(kubectl("apply", "-f", "-", stdin=json.dumps(manifests.deployment(space, "web", one))))
    fine(kubectl("rollout", "status", "-n", space, "deploy/web", "--timeout=60s"))
    return "web"


def test_version(kubectl: Kubectl) -> None:
    assert re.search(r"Server Version: v1\.37\.", fine(kubectl("version")))


def test_api_resources(kubectl: Kubectl) -> None:
    rows = [line.split() for line in fine(kubectl("api-resources", "--no-headers")).splitlines()]
    assert ["pods", "po", "v1", "true", "Pod"] in rows
    assert ["deployments", "deploy", "apps/v1", "true", "Deployment"] in rows


def test_get_by_short_name_shows_the_columns(kubectl: Kubectl, space: str, web: str) -> None:
    header, row = fine(kubectl("get", "deploy", "-n", space, web)).splitlines()
    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row.split()[:4] == ["web", "1/1", "1", "1"]


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        ("pods", ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]),
        ("rs", ["NAME", "DESIRED", "CURRENT", "READY", "AGE"]),
        ("ns", ["NAME", "STATUS", "AGE"]),
        ("cm", ["NAME", "DATA", "AGE"]),
        ("sa", ["NAME", "AGE"]),
        ("nodes", ["NAME", "STATUS", "ROLES", "AGE", "VERSION"]),
        (
            "sc",
            ["NAME", "PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE", "ALLOWVOLUMEEXPANSION", "AGE"],
        ),
        ("events", ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]),
    ],
)
def test_get_shows_the_columns_of_a_kind(kubectl: Kubectl, space: str, web: str, kind: str, columns: list[str]) -> None:
    assert fine(kubectl("get", kind, "-n", space)).splitlines()[0].split() == columns


def test_get_all(kubectl: Kubectl, space: str, web: str) -> None:
    out = fine(kubectl("get", "all", "-n", space))
    assert "deployment.apps/web" in out
    assert "replicaset.apps/web-" in out
    assert "pod/web-" in out


def test_get_pod_shows_running(kubectl: Kubectl, space: str, web: str) -> None:
    (row,) = fine(kubectl("get", "pods", "-n", space, "-l", "app=web", "--no-headers")).splitlines()
    assert row.split()[1:4] == ["1/1", "Running", "0"]


def test_get_nothing(kubectl: Kubectl, space: str) -> None:
    done = kubectl("get", "ingress", "-n", space)
    assert (done.returncode, done.stderr) == (0, f"No resources found in {space} namespace.\n")


def test_get_missing(kubectl: Kubectl, space: str) -> None:
    done = kubectl("get", "cm", "-n", space, "gone")
    assert (done.returncode, done.stderr) == (1, 'Error from server (NotFound): configmaps "gone" not found\n')


def test_get_unknown_kind(kubectl: Kubectl, space: str) -> None:
    done = kubectl("get", "boats", "-n", space)
    assert done.stderr == 'error: the server doesn\'t have a resource type "boats"\n'


def test_get_as_json_path(kubectl: Kubectl, space: str, web: str) -> None:
    assert fine(kubectl("get", "deploy", web, "-n", space, "-o", "jsonpath={.status.readyReplicas}")) == "1"


def test_wait_for_a_condition(kubectl: Kubectl, space: str, web: str) -> None:
    out = fine(kubectl("wait", "-n", space, f"deploy/{web}", "--for=condition=Available", "--timeout=30s"))
    assert out == "deployment.apps/web condition met\n"


def test_wait_runs_out_of_time(kubectl: Kubectl, space: str, web: str) -> None:
    done = kubectl("wait", "-n", space, f"deploy/{web}", "--for=condition=Nonsense", "--timeout=1s")
    assert (done.returncode, done.stderr) == (1, "error: timed out waiting for the condition on deployments/web\n")


def test_logs_follow(kubectl: Kubectl, kubectl_started: Callable[..., Any], space: str, web: str) -> None:
    with kubectl_started("logs", "-f", "-n", space, f"deploy/{web}", "--tail=1") as process:
        numbers, began = [], time.monotonic()
        for line in process.stdout:
            numbers.append(int(line.rpartition(" ")[2]))
            if len(numbers) == 5:
                break
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert time.monotonic() - began < 10


def test_logs_of_a_container_before(api: Api, kubectl: Kubectl, space: str) -> None:
    api.create("pods", manifests.pod(space, "crashed", manifests.container(args=["exit", "3", "bad", "luck"])))
    until_crashed(api, space, "crashed")
    assert fine(kubectl("logs", "-n", space, "crashed", "--previous")) == "bad luck\n"


def test_get_watch_shows_changes(api: Api, kubectl_started: Callable[..., Any], space: str) -> None:
    """By label: of a single name kubectl drops the first event, whatever it tells."""
    body = manifests.config_map(space, "watched", labels={"watched": "yes"})
    api.create("configmaps", body)
    shown = ("-w", "-o", "jsonpath={.data.key}{'\\n'}")
    with kubectl_started("get", "cm", "-n", space, "-l", "watched=yes", *shown) as process:
        assert process.stdout.readline() == "value\n"
        api.apply("configmaps", body | {"data": {"key": "new"}}, force="true").ok()
        assert process.stdout.readline() == "new\n"


def test_auth_can_i(kubectl: Kubectl, space: str) -> None:
    assert fine(kubectl("auth", "can-i", "create", "deployments", "-n", space)) == "yes\n"


def test_expose_and_endpoints(kubectl: Kubectl, space: str, web: str) -> None:
    fine(kubectl("expose", "-n", space, f"deploy/{web}", "--port=80", "--target-port=8080"))
    header, row = fine(kubectl("get", "svc", "-n", space, web)).splitlines()
    assert header.split() == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]
    assert row.split()[1] == "ClusterIP"
    assert row.split()[3:5] == ["<none>", "80/TCP"]


def test_quota_is_shown_with_its_use(api: Api, kubectl: Kubectl, space: str) -> None:
    api.create("resourcequotas", manifests.quota(space, "q", secrets="50"))
    api.until("resourcequotas", space, "q", lambda one: "used" in one.get("status", {}))
    out = fine(kubectl("get", "quota", "-n", space, "q")).splitlines()
    assert out[0].split() == ["NAME", "REQUEST", "LIMIT", "AGE"]
    assert "secrets: 0/50" in out[1]


def test_stuck_pod_is_shown_with_its_reason(api: Api, kubectl: Kubectl, space: str) -> None:
    api.create("pods", manifests.pod(space, "imageless", manifests.container("10.89.0.1:5000/hello:none")))
    api.until(
        "pods",
        space,
        "imageless",
        lambda pod: (
            condition(pod, "PodScheduled")
            and "waiting" in pod["status"].get("containerStatuses", [{}])[0].get("state", {})
            and "Image" in pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"]
        ),
    )
    row = fine(kubectl("get", "pod", "-n", space, "imageless", "--no-headers")).split()
    assert row[2] in ("ErrImagePull", "ImagePullBackOff")


def test_wide_pods_show_address_and_node(kubectl: Kubectl, space: str, web: str) -> None:
    header, row = fine(kubectl("get", "pods", "-n", space, "-l", "app=web", "-o", "wide")).splitlines()
    assert header.split()[5:8] == ["IP", "NODE", "NOMINATED"]
    assert re.fullmatch(r"\d+\.\d+\.\d+\.\d+", row.split()[5])


def test_logs_by_label_carry_the_pods_name(kubectl: Kubectl, space: str, web: str) -> None:
    out = fine(kubectl("logs", "-n", space, "-l", "app=web", "--prefix", "--tail=2"))
    assert re.match(r"\[pod/web-[^/]+/web\] line \d+\n", out)


def test_logs_with_timestamps_since(kubectl: Kubectl, space: str, web: str) -> None:
    out = fine(kubectl("logs", "-n", space, f"deploy/{web}", "--timestamps", "--since=60s", "--tail=1"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z line \d+\n", out)


def test_wait_for_a_field(kubectl: Kubectl, space: str, web: str) -> None:
    path = "--for=jsonpath={.status.readyReplicas}=1"
    assert fine(kubectl("wait", "-n", space, f"deploy/{web}", path)) == "deployment.apps/web condition met\n"


def test_explain_knows_the_fields(kubectl: Kubectl) -> None:
    out = fine(kubectl("explain", "deployment.spec.replicas"))
    assert "FIELD: replicas <integer>" in out


def test_get_over_all_namespaces(kubectl: Kubectl, space: str, web: str) -> None:
    out = fine(kubectl("get", "deploy", "-A"))
    assert out.splitlines()[0].split()[:2] == ["NAMESPACE", "NAME"]
    assert [space, "web"] in [line.split()[:2] for line in out.splitlines()]


def test_get_with_managed_fields_as_yaml(kubectl: Kubectl, space: str, web: str) -> None:
    out = fine(kubectl("get", "deploy", "-n", space, web, "-o", "yaml", "--show-managed-fields"))
    assert "manager: kubectl-client-side-apply" in out
    assert "manager: kube-controller-manager" in out
    assert "subresource: status" in out


def test_events_of_an_object(kubectl: Kubectl, space: str, web: str) -> None:
    out = fine(kubectl("events", "-n", space, "--for", f"deployment/{web}"))
    assert "ScalingReplicaSet" in out


def test_describe_a_deployment(kubectl: Kubectl, space: str, web: str) -> None:
    out = fine(kubectl("describe", "-n", space, f"deploy/{web}"))
    assert "1 desired | 1 updated | 1 total | 1 available | 0 unavailable" in out
    assert "ScalingReplicaSet" in out


def test_raw_get(kubectl: Kubectl) -> None:
    assert fine(kubectl("get", "--raw", "/readyz")).strip() == "ok"
