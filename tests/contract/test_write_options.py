"""Strict field validation and dry run."""

from __future__ import annotations

from . import manifests
from .api import MERGE, Api, path


def test_strict_refuses_an_unknown_field(api: Api, space: str) -> None:
    body = manifests.deployment(space, "strict", spec={"replicaz": 3})
    answer = api.post(path("deployments.apps", space), body, fieldValidation="Strict")
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert answer.message == (
        'Deployment in version "v1" cannot be handled as a Deployment: '
        'strict decoding error: unknown field "spec.replicaz"'
    )


def test_strict_names_the_place_in_a_list(api: Api, space: str) -> None:
    body = manifests.deployment(space, "strict", manifests.container(imagge="x"))
    answer = api.post(path("deployments.apps", space), body, fieldValidation="Strict")
    assert answer.status == 400
    assert answer.message.endswith('unknown field "spec.template.spec.containers[0].imagge"')


def test_strict_refuses_a_duplicate_key(api: Api, space: str) -> None:
    body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dup"},"data":{"a":"1","a":"2"}}'
    answer = api.post(path("configmaps", space), body, fieldValidation="Strict")
    assert answer.status == 400
    assert 'duplicate field "data.a"' in answer.message


def test_strict_refuses_in_patches_too(api: Api, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "strict-patch", replicas=0))
    where = path("deployments.apps", space, "strict-patch")
    answer = api.patch(where, {"spec": {"replicaz": 1}}, MERGE, fieldValidation="Strict")
    assert answer.status == 422
    assert answer.causes == [("patch", "FieldValueInvalid")]
    assert 'unknown field "spec.replicaz"' in answer.message


def test_warn_is_the_default_and_drops_the_field(api: Api, space: str) -> None:
    body = manifests.deployment(space, "warned", replicas=0, spec={"replicaz": 3})
    answer = api.post(path("deployments.apps", space), body)
    assert answer.status == 201
    assert "replicaz" not in answer.body["spec"]
    assert answer.headers["Warning"] == '299 - "unknown field \\"spec.replicaz\\""'


def test_ignore_says_nothing(api: Api, space: str) -> None:
    body = manifests.deployment(space, "ignored", replicas=0, spec={"replicaz": 3})
    answer = api.post(path("deployments.apps", space), body, fieldValidation="Ignore")
    assert answer.status == 201
    assert "Warning" not in answer.headers


def test_unknown_field_validation_is_422(api: Api, space: str) -> None:
    answer = api.post(path("configmaps", space), manifests.config_map(space, "x"), fieldValidation="Loose")
    assert answer.status == 422


def test_dry_run_create_answers_as_if_and_keeps_nothing(api: Api, space: str) -> None:
    answer = api.post(path("configmaps", space), manifests.config_map(space, "dry"), dryRun="All")
    assert answer.status == 201
    assert answer.body["metadata"]["uid"]
    assert "resourceVersion" not in answer.body["metadata"]
    assert api.get(path("configmaps", space, "dry")).status == 404


def test_dry_run_patch_changes_nothing(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "dry-patch"))
    where = path("configmaps", space, "dry-patch")
    assert api.patch(where, {"data": {"key": "new"}}, dryRun="All").ok()["data"] == {"key": "new"}
    assert api.get(where).ok() == made


def test_dry_run_replace_changes_nothing(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "dry-put"))
    where = path("configmaps", space, "dry-put")
    assert api.put(where, made | {"data": {"key": "new"}}, dryRun="All").ok()["data"] == {"key": "new"}
    assert api.get(where).ok() == made


def test_dry_run_delete_deletes_nothing(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "dry-delete"))
    where = path("configmaps", space, "dry-delete")
    assert api.delete(where, dryRun="All").status == 200
    assert api.get(where).ok() == made


def test_dry_run_still_validates(api: Api, space: str) -> None:
    body = manifests.deployment(space, "dry-bad", spec={"replicas": -1})
    assert api.post(path("deployments.apps", space), body, dryRun="All").status == 422


def test_unknown_dry_run_is_422(api: Api, space: str) -> None:
    answer = api.post(path("configmaps", space), manifests.config_map(space, "x"), dryRun="Some")
    assert answer.status == 422
    assert "dryRun" in answer.message
