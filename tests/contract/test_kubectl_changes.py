"""kubectl when it makes, changes and deletes: it must not notice which server answers."""

from __future__ import annotations

import json
import re

import pytest

from . import manifests
from .api import Api
from .kubectl import Kubectl, fine


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


def test_namespace_is_made_and_deleted(api: Api, kubectl: Kubectl, space: str) -> None:
    name = f"{space}-b"
    assert fine(kubectl("create", "ns", name)) == f"namespace/{name} created\n"
    assert fine(kubectl("delete", "ns", name, "--wait=false")) == f'namespace "{name}" deleted\n'
    found = api.get(f"/api/v1/namespaces/{name}")
    assert found.status == 404 or found.body["status"]["phase"] == "Terminating"


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


def test_wait_for_deletion(api: Api, kubectl: Kubectl, space: str) -> None:
    api.create("pods", manifests.pod(space, "leaving"))
    api.until("pods", space, "leaving", lambda pod: pod["status"]["phase"] == "Running")
    fine(kubectl("delete", "pod", "-n", space, "leaving", "--wait=false"))
    fine(kubectl("wait", "-n", space, "pod/leaving", "--for=delete", "--timeout=30s"))
