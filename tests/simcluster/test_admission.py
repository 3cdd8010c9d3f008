"""Pod Security, validation, defaults, service accounts: what the server says and fills in."""

import pytest

from simcluster.admission.podsecurity import violations

SAFE = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def spec(**security):
    return {"containers": [{"name": "c", "image": "i", "securityContext": {**SAFE, **security}}]}


def test_restricted_pod_breaks_nothing():
    assert violations(spec(), "restricted") == ""


@pytest.mark.parametrize(
    ("security", "told"),
    [
        (
            {"allowPrivilegeEscalation": True},
            'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
        ),
        ({"runAsUser": 0}, 'runAsUser=0 (container "c" must not set runAsUser=0)'),
        ({"privileged": True}, 'privileged (container "c" must not set securityContext.privileged=true)'),
        (
            {"runAsNonRoot": False},
            'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false)',
        ),
        (
            {"capabilities": {"drop": ["ALL"], "add": ["NET_ADMIN"]}},
            'unrestricted capabilities (container "c" must not include "NET_ADMIN" in '
            "securityContext.capabilities.add)",
        ),
    ],
)
def test_restricted_says_what_is_wrong(security, told):
    assert violations(spec(**security), "restricted") == told


def test_host_path_is_a_restricted_volume():
    pod = {**spec(), "volumes": [{"name": "h", "hostPath": {"path": "/"}}]}
    assert (
        violations(pod, "restricted") == 'restricted volume types (volume "h" uses restricted volume type "hostPath")'
    )
    assert violations(pod, "baseline") == 'hostPath volumes (volume "h")'


def test_enforced_level_refuses_the_pod_and_warned_level_warns_of_the_deployment(call, space):
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    call("PATCH", space, {"metadata": {"labels": labels}}, "application/merge-patch+json").raise_for_status()
    bare = {"containers": [{"name": "c", "image": "i"}]}
    refused = call("POST", f"{space}/pods", {"metadata": {"name": "p"}, "spec": bare})
    assert refused.status_code == 403
    assert refused.json()["message"].startswith('pods "p" is forbidden: violates PodSecurity "restricted:latest": ')
    template = {"metadata": {"labels": {"a": "b"}}, "spec": bare}
    body = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}}
    warned = call("POST", "/apis/apps/v1/namespaces/space/deployments", body)
    assert warned.status_code == 201
    assert "would violate PodSecurity" in warned.headers["Warning"]


def test_pod_without_its_account_is_refused(call, space):
    pod = {"metadata": {"name": "p"}, "spec": {"serviceAccountName": "x", "containers": [{"name": "c", "image": "i"}]}}
    message = call("POST", f"{space}/pods", pod).json()["message"]
    assert message == 'pods "p" is forbidden: error looking up service account space/x: serviceaccount "x" not found'


def test_pod_gets_the_token_of_its_account(call, space):
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    made = call("POST", f"{space}/pods", pod).json()["spec"]
    assert made["volumes"][0]["name"] == made["containers"][0]["volumeMounts"][0]["name"]
    assert made["serviceAccountName"] == "default"


def test_selector_must_match_the_template_and_never_changes(call, space):
    path = "/apis/apps/v1/namespaces/space/deployments"
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    body = {"metadata": {"name": "d"}, "spec": {"selector": {"matchLabels": {"z": "z"}}, "template": template}}
    told = call("POST", path, body).json()["details"]["causes"]
    assert told[0]["message"] == 'Invalid value: {"a":"b"}: `selector` does not match template `labels`'
    body["spec"]["selector"] = {"matchLabels": {"a": "b"}}
    body["spec"]["template"]["metadata"]["labels"]["c"] = "d"
    call("POST", path, body).raise_for_status()
    change = {"spec": {"selector": {"matchLabels": {"c": "d"}}}}
    answer = call("PATCH", f"{path}/d", change, "application/merge-patch+json")
    assert (answer.status_code, "field is immutable" in answer.json()["message"]) == (422, True)


def test_class_of_a_claim_is_the_default_one(call, space):
    body = {
        "metadata": {"name": "v"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    made = call("POST", f"{space}/persistentvolumeclaims", body).json()
    assert made["spec"]["storageClassName"] == "standard"
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]


@pytest.mark.parametrize("name", ["default", "kube-system"])
def test_own_namespaces_of_the_cluster_cannot_be_deleted(call, name):
    assert call("DELETE", f"/api/v1/namespaces/{name}").status_code == 403
