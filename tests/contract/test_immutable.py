"""Fields that may not change once they are set."""

from __future__ import annotations

from . import manifests
from .api import Api, path


def test_selector_of_a_deployment_is_immutable(api: Api, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "fixed", replicas=0))
    labels = {"app": "moved"}
    change = {"spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}}
    answer = api.patch(path("deployments.apps", space, "fixed"), change)
    assert answer.status == 422
    assert answer.causes == [("spec.selector", "FieldValueInvalid")]
    assert answer.message.endswith("field is immutable")


def test_immutable_config_map_keeps_its_data(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "frozen") | {"immutable": True})
    answer = api.patch(path("configmaps", space, "frozen"), {"data": {"key": "other"}})
    assert answer.status == 422
    assert answer.causes == [("data", "FieldValueForbidden")]
    assert "field is immutable when `immutable` is set" in answer.message


def test_type_of_a_secret_is_immutable(api: Api, space: str) -> None:
    api.create("secrets", manifests.secret(space, "typed", a="b"))
    answer = api.patch(path("secrets", space, "typed"), {"type": "example.com/other"})
    assert answer.status == 422
    assert answer.causes == [("type", "FieldValueInvalid")]


def test_cluster_ip_is_immutable(api: Api, space: str) -> None:
    api.create("services", manifests.service(space, "settled"))
    answer = api.patch(path("services", space, "settled"), {"spec": {"clusterIP": "None", "clusterIPs": ["None"]}})
    assert answer.status == 422
    assert ("spec.clusterIPs[0]", "FieldValueInvalid") in answer.causes


def test_claim_cannot_change_its_class(api: Api, space: str) -> None:
    api.create("persistentvolumeclaims", manifests.claim(space, "settled", storage_class="late"))
    where = path("persistentvolumeclaims", space, "settled")
    answer = api.patch(where, {"spec": {"storageClassName": "standard"}})
    assert answer.status == 422
    assert answer.causes[0] == ("spec", "FieldValueForbidden")
    assert "spec is immutable after creation except resources.requests and volumeAttributesClassName" in answer.message


def test_image_of_a_pod_may_change_but_not_its_command(api: Api, space: str) -> None:
    body = manifests.pod(space, "rigid", manifests.container(), nodeSelector={"no": "such"})
    api.create("pods", body)
    where = path("pods", space, "rigid")
    change = [{"op": "add", "path": "/spec/containers/0/command", "value": ["sh"]}]
    answer = api.patch(where, change, "application/json-patch+json")
    assert answer.status == 422
    assert answer.causes == [("spec", "FieldValueForbidden")]
    assert "pod updates may not change fields other than" in answer.message
    change = [{"op": "replace", "path": "/spec/containers/0/image", "value": manifests.BUSYBOX}]
    assert api.patch(where, change, "application/json-patch+json").status == 200


def test_name_cannot_be_patched(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "named"))
    answer = api.patch(path("configmaps", space, "named"), {"metadata": {"name": "other"}})
    assert answer.status == 400
    assert answer.message == "the name of the object (other) does not match the name on the URL (named)"
