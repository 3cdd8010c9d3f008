"""Claims and volumes of the three storage classes: bound at once, kept after, bound by the first pod, grown."""

from __future__ import annotations

import pytest

from . import manifests
from .api import Api, condition, path

CLAIMS = "persistentvolumeclaims"


def bound(claim: dict[str, dict[str, str]]) -> bool:
    return claim["status"].get("phase") == "Bound"


@pytest.mark.parametrize(
    ("name", "mode", "policy", "grows"),
    [
        ("standard", "Immediate", "Delete", True),
        ("keep", "Immediate", "Retain", True),
        ("late", "WaitForFirstConsumer", "Delete", False),
    ],
)
def test_storage_class(api: Api, name: str, mode: str, policy: str, grows: bool) -> None:
    found = api.read("storageclasses.storage.k8s.io", None, name)
    assert (found["volumeBindingMode"], found["reclaimPolicy"]) == (mode, policy)
    assert found["allowVolumeExpansion"] is grows


def test_standard_is_the_default_class(api: Api, space: str) -> None:
    annotations = api.read("storageclasses.storage.k8s.io", None, "standard")["metadata"]["annotations"]
    assert annotations["storageclass.kubernetes.io/is-default-class"] == "true"
    made = api.create(CLAIMS, manifests.claim(space, "defaulted"))
    assert made["spec"]["storageClassName"] == "standard"
    assert made["spec"]["volumeMode"] == "Filesystem"
    assert made["status"]["phase"] == "Pending"
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]


def test_immediate_claim_is_bound_to_a_new_volume(api: Api, space: str) -> None:
    made = api.create(CLAIMS, manifests.claim(space, "bound", "2Mi", "standard"))
    found = api.until(CLAIMS, space, "bound", bound)
    assert found["spec"]["volumeName"] == f"pvc-{made['metadata']['uid']}"
    assert found["status"]["capacity"] == {"storage": "2Mi"}
    assert found["status"]["accessModes"] == ["ReadWriteOnce"]
    volume = api.read("persistentvolumes", None, found["spec"]["volumeName"])
    assert volume["spec"]["claimRef"]["uid"] == made["metadata"]["uid"]
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    assert volume["status"]["phase"] == "Bound"
    assert api.until_event(space, "ProvisioningSucceeded", "bound")["type"] == "Normal"


def test_volume_goes_with_its_claim(api: Api, space: str) -> None:
    api.create(CLAIMS, manifests.claim(space, "brief", storage_class="standard"))
    volume = api.until(CLAIMS, space, "brief", bound)["spec"]["volumeName"]
    api.delete(path(CLAIMS, space, "brief")).ok()
    api.until_gone(CLAIMS, space, "brief")
    api.until_gone("persistentvolumes", None, volume)


def test_kept_volume_is_released(api: Api, space: str) -> None:
    api.create(CLAIMS, manifests.claim(space, "kept", storage_class="keep"))
    volume = api.until(CLAIMS, space, "kept", bound)["spec"]["volumeName"]
    api.delete(path(CLAIMS, space, "kept")).ok()
    found = api.until("persistentvolumes", None, volume, lambda one: one["status"]["phase"] == "Released")
    assert found["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    api.delete(path("persistentvolumes", name=volume)).ok()


def test_late_claim_waits_for_its_pod(api: Api, space: str) -> None:
    api.create(CLAIMS, manifests.claim(space, "late", storage_class="late"))
    waiting = api.until_event(space, "WaitForFirstConsumer", "late")
    assert waiting["message"] == "waiting for first consumer to be created before binding"
    assert api.read(CLAIMS, space, "late")["status"]["phase"] == "Pending"
    one = manifests.container(volumeMounts=[{"name": "d", "mountPath": "/d"}])
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "late"}}]
    api.create("pods", manifests.pod(space, "consumer", one, volumes=volumes))
    found = api.until(CLAIMS, space, "late", bound)
    node = api.until("pods", space, "consumer", lambda one: one["status"]["phase"] == "Running")["spec"]["nodeName"]
    assert found["metadata"]["annotations"]["volume.kubernetes.io/selected-node"] == node


def test_claim_grows_where_the_class_allows(api: Api, space: str) -> None:
    api.create(CLAIMS, manifests.claim(space, "grown", "1Mi", "standard"))
    api.until(CLAIMS, space, "grown", bound)
    change = {"spec": {"resources": {"requests": {"storage": "3Mi"}}}}
    api.patch(path(CLAIMS, space, "grown"), change).ok()
    found = api.until(CLAIMS, space, "grown", lambda one: one["status"]["capacity"]["storage"] == "3Mi")
    assert api.read("persistentvolumes", None, found["spec"]["volumeName"])["spec"]["capacity"] == {"storage": "3Mi"}


def test_claim_never_shrinks(api: Api, space: str) -> None:
    api.create(CLAIMS, manifests.claim(space, "firm", "2Mi", "standard"))
    api.until(CLAIMS, space, "firm", bound)
    answer = api.patch(path(CLAIMS, space, "firm"), {"spec": {"resources": {"requests": {"storage": "1Mi"}}}})
    assert answer.status == 422
    assert answer.causes == [("spec.resources.requests.storage", "FieldValueForbidden")]
    assert "field can not be less than status.capacity" in answer.message


def test_class_that_cannot_grow_refuses(api: Api, space: str) -> None:
    api.create(CLAIMS, manifests.claim(space, "fixed", "1Mi", "late"))
    one = manifests.container(volumeMounts=[{"name": "d", "mountPath": "/d"}])
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "fixed"}}]
    api.create("pods", manifests.pod(space, "fixes", one, volumes=volumes))
    api.until(CLAIMS, space, "fixed", bound)
    answer = api.patch(path(CLAIMS, space, "fixed"), {"spec": {"resources": {"requests": {"storage": "2Mi"}}}})
    assert answer.status == 403
    assert answer.message == (
        'persistentvolumeclaims "fixed" is forbidden: only dynamically provisioned pvc can be resized and the '
        "storageclass that provisions the pvc must support resize"
    )


def test_pending_claim_cannot_grow(api: Api, space: str) -> None:
    api.create(CLAIMS, manifests.claim(space, "early", "1Mi", "late"))
    answer = api.patch(path(CLAIMS, space, "early"), {"spec": {"resources": {"requests": {"storage": "2Mi"}}}})
    assert answer.status == 422
    assert answer.causes == [("spec", "FieldValueForbidden")]


def test_claim_in_use_waits_for_its_pod_to_go(api: Api, space: str) -> None:
    api.create(CLAIMS, manifests.claim(space, "used", storage_class="standard"))
    one = manifests.container(volumeMounts=[{"name": "d", "mountPath": "/d"}])
    volumes = [{"name": "d", "persistentVolumeClaim": {"claimName": "used"}}]
    api.create("pods", manifests.pod(space, "user", one, volumes=volumes))
    api.until("pods", space, "user", lambda one: condition(one, "Ready").get("status") == "True")
    answer = api.delete(path(CLAIMS, space, "used"))
    assert answer.status == 200
    kept = api.read(CLAIMS, space, "used")
    assert kept["metadata"]["deletionTimestamp"]
    assert kept["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    api.delete(path("pods", space, "user")).ok()
    api.until_gone(CLAIMS, space, "used")
