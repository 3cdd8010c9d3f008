"""kubectl, as people use it beside the portal: it must not notice which server answers."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest

from . import manifests
from .api import Api, condition
from .stuck import until_crashed

Kubectl = Callable[..., subprocess.CompletedProcess[str]]


def fine(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


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


def test_client_side_apply_creates_changes_and_leaves(kubectl: Kubectl, space: str) -> None:
    body = json.dumps(manifests.config_map(space, "classic"))
    other = json.dumps(manifests.config_map(space, "classic", {"key": "other"}))
    assert fine(kubectl("apply", "-f", "-", stdin=body)) == "configmap/classic created\n"
    assert fine(kubectl("apply", "-f", "-", stdin=body)) == "configmap/classic unchanged\n"
    assert fine(kubectl("apply", "-f", "-", stdin=other)) == "configmap/classic configured\n"


def test_server_side_apply(kubectl: Kubectl, space: str) -> None:
    body = json.dumps(manifests.config_map(space, "modern"))
    for _ in range(2):
        assert fine(kubectl("apply", "--server-side", "-f", "-", stdin=body)) == "configmap/modern serverside-applied\n"


def test_server_side_apply_tells_a_conflict(kubectl: Kubectl, space: str) -> None:
    mine, theirs = (json.dumps(manifests.config_map(space, "fought", {"key": who})) for who in ("mine", "theirs"))
    fine(kubectl("apply", "--server-side", "--field-manager=berth", "-f", "-", stdin=mine))
    done = kubectl("apply", "--server-side", "-f", "-", stdin=theirs)
    assert done.returncode == 1
    assert done.stderr.startswith(
        'error: Apply failed with 1 conflict: conflict with "berth": .data.key\n'
        "Please review the fields above--they currently have other managers."
    )
    forced = kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=theirs)
    assert fine(forced) == "configmap/fought serverside-applied\n"


def test_server_side_dry_run(api: Api, kubectl: Kubectl, space: str) -> None:
    body = json.dumps(manifests.config_map(space, "dry"))
    out = fine(kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=body))
    assert out == "configmap/dry serverside-applied (server dry run)\n"
    assert not api.items("configmaps", space, fieldSelector="metadata.name=dry")


def test_unknown_field_is_refused(kubectl: Kubectl, space: str) -> None:
    body = json.dumps(manifests.deployment(space, "typo", spec={"replicaz": 1}))
    done = kubectl("create", "-f", "-", stdin=body)
    assert done.returncode == 1
    assert 'strict decoding error: unknown field "spec.replicaz"' in done.stderr


def test_diff_shows_the_change(kubectl: Kubectl, space: str) -> None:
    body, other = (json.dumps(manifests.config_map(space, "compared", {"key": value})) for value in ("one", "two"))
    fine(kubectl("apply", "--server-side", "-f", "-", stdin=body))
    done = kubectl("diff", "--server-side", "-f", "-", stdin=other)
    assert done.returncode == 1
    assert "-  key: one" in done.stdout
    assert "+  key: two" in done.stdout


def test_patch_label_and_annotate(kubectl: Kubectl, space: str) -> None:
    fine(kubectl("create", "cm", "-n", space, "marked", "--from-literal=a=b"))
    assert fine(kubectl("label", "cm", "-n", space, "marked", "x=y")) == "configmap/marked labeled\n"
    assert fine(kubectl("annotate", "cm", "-n", space, "marked", "x=y")) == "configmap/marked annotated\n"
    patched = kubectl("patch", "cm", "-n", space, "marked", "-p", '{"data":{"a":"c"}}')
    assert fine(patched) == "configmap/marked patched\n"


def test_delete_waits_until_it_is_gone(api: Api, kubectl: Kubectl, space: str) -> None:
    api.create("pods", manifests.pod(space, "brief"))
    fine(kubectl("wait", "-n", space, "pod/brief", "--for=condition=Ready", "--timeout=60s"))
    out = fine(kubectl("delete", "pod", "-n", space, "brief"))
    assert out.startswith('pod "brief" deleted')
    assert not api.items("pods", space, fieldSelector="metadata.name=brief")


def test_delete_by_label(api: Api, kubectl: Kubectl, space: str) -> None:
    for name in ("a", "b"):
        api.create("configmaps", manifests.config_map(space, f"batch-{name}", labels={"batch": "1"}))
    out = fine(kubectl("delete", "cm", "-n", space, "-l", "batch=1"))
    assert re.findall(r'configmap "([^"]+)" deleted', out) == ["batch-a", "batch-b"]


def test_wait_for_a_condition(kubectl: Kubectl, space: str, web: str) -> None:
    out = fine(kubectl("wait", "-n", space, f"deploy/{web}", "--for=condition=Available", "--timeout=30s"))
    assert out == "deployment.apps/web condition met\n"


def test_wait_runs_out_of_time(kubectl: Kubectl, space: str, web: str) -> None:
    done = kubectl("wait", "-n", space, f"deploy/{web}", "--for=condition=Nonsense", "--timeout=1s")
    assert (done.returncode, done.stderr) == (1, "error: timed out waiting for the condition on deployments/web\n")


def test_rollout_status_follows_a_new_image(api: Api, kubectl: Kubectl, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "rolled"))
    fine(kubectl("rollout", "status", "-n", space, "deploy/rolled", "--timeout=60s"))
    out = fine(kubectl("set", "image", "-n", space, "deploy/rolled", "web=10.89.0.1:5000/hello:v2"))
    assert out == "deployment.apps/rolled image updated\n"
    out = fine(kubectl("rollout", "status", "-n", space, "deploy/rolled", "--timeout=60s"))
    assert out.endswith('deployment "rolled" successfully rolled out\n')
    history = fine(kubectl("rollout", "history", "-n", space, "deploy/rolled"))
    assert re.findall(r"^(\d+) ", history, re.MULTILINE) == ["1", "2"]
    assert fine(kubectl("rollout", "undo", "-n", space, "deploy/rolled")) == "deployment.apps/rolled rolled back\n"
    fine(kubectl("rollout", "status", "-n", space, "deploy/rolled", "--timeout=60s"))
    found = api.read("deployments.apps", space, "rolled")
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == manifests.HELLO


def test_rollout_status_tells_a_missed_deadline(api: Api, kubectl: Kubectl, space: str) -> None:
    one = manifests.container("10.89.0.1:5000/hello:none")
    body = manifests.deployment(space, "missed", one, spec={"progressDeadlineSeconds": 2})
    api.create("deployments.apps", body)
    done = kubectl("rollout", "status", "-n", space, "deploy/missed", "--timeout=60s")
    assert done.returncode == 1
    assert done.stderr == 'error: deployment "missed" exceeded its progress deadline\n'


def test_rollout_restart(api: Api, kubectl: Kubectl, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "again", replicas=0))
    out = fine(kubectl("rollout", "restart", "-n", space, "deploy/again"))
    assert out == "deployment.apps/again restarted\n"


def test_scale(api: Api, kubectl: Kubectl, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "sized", replicas=0))
    out = fine(kubectl("scale", "-n", space, "deploy/sized", "--replicas=2"))
    assert out == "deployment.apps/sized scaled\n"
    api.until("deployments.apps", space, "sized", lambda one: one["status"].get("availableReplicas") == 2)


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


def test_namespace_is_made_and_deleted(api: Api, kubectl: Kubectl, space: str) -> None:
    name = f"{space}-b"
    assert fine(kubectl("create", "ns", name)) == f"namespace/{name} created\n"
    assert fine(kubectl("delete", "ns", name, "--wait=false")) == f'namespace "{name}" deleted\n'
    found = api.get(f"/api/v1/namespaces/{name}")
    assert found.status == 404 or found.body["status"]["phase"] == "Terminating"


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


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        (["secret", "generic", "made", "--from-literal=a=b"], "secret/made"),
        (["deployment", "made", "--image=10.89.0.1:5000/hello:v1", "--replicas=0"], "deployment.apps/made"),
        (["quota", "made", "--hard=configmaps=90"], "resourcequota/made"),
        (["serviceaccount", "made"], "serviceaccount/made"),
        (["role", "made", "--verb=get", "--resource=pods"], "role.rbac.authorization.k8s.io/made"),
        (["rolebinding", "made", "--role=made", "--user=x"], "rolebinding.rbac.authorization.k8s.io/made"),
        (["service", "clusterip", "made", "--tcp=80:8080"], "service/made"),
    ],
)
def test_create_by_arguments(kubectl: Kubectl, space: str, arguments: list[str], made: str) -> None:
    assert fine(kubectl("create", *arguments, "-n", space)) == f"{made} created\n"
    assert fine(kubectl("get", made, "-n", space, "-o", "name")) == f"{made}\n"


def test_secret_by_arguments_holds_its_value(api: Api, kubectl: Kubectl, space: str) -> None:
    fine(kubectl("create", "secret", "generic", "valued", "--from-literal=a=b", "-n", space))
    assert api.read("secrets", space, "valued")["data"] == {"a": "Yg=="}


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


def test_wait_for_deletion(api: Api, kubectl: Kubectl, space: str) -> None:
    api.create("pods", manifests.pod(space, "leaving"))
    api.until("pods", space, "leaving", lambda pod: pod["status"]["phase"] == "Running")
    fine(kubectl("delete", "pod", "-n", space, "leaving", "--wait=false"))
    fine(kubectl("wait", "-n", space, "pod/leaving", "--for=delete", "--timeout=30s"))


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
