"""Create, read, replace and delete: what each answers, and how each refuses."""

from __future__ import annotations

import re

from . import manifests
from .api import Api, path

CREATED = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"


def test_create_answers_201_with_what_the_server_adds(api: Api, space: str) -> None:
    answer = api.post(path("configmaps", space), manifests.config_map(space, "made"))
    assert answer.status == 201
    meta = answer.body["metadata"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", meta["uid"])
    assert re.match(CREATED, meta["creationTimestamp"])
    assert meta["resourceVersion"].isdigit()
    assert "generation" not in meta
    assert answer.body["data"] == {"key": "value"}


def test_what_was_created_is_read_back(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "again"))
    assert api.read("configmaps", space, "again") == made


def test_namespace_of_the_path_is_filled_in(api: Api, space: str) -> None:
    body = manifests.config_map(space, "filled")
    del body["metadata"]["namespace"]
    assert api.post(path("configmaps", space), body).ok()["metadata"]["namespace"] == space


def test_missing_object_is_404_with_details(api: Api, space: str) -> None:
    answer = api.get(path("configmaps", space, "none"))
    assert answer.status == 404
    assert answer.body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'configmaps "none" not found',
        "reason": "NotFound",
        "details": {"name": "none", "kind": "configmaps"},
        "code": 404,
    }


def test_missing_object_of_a_group_names_the_group(api: Api, space: str) -> None:
    answer = api.get(path("deployments.apps", space, "none"))
    assert answer.message == 'deployments.apps "none" not found'
    assert answer.body["details"] == {"name": "none", "group": "apps", "kind": "deployments"}


def test_second_create_is_409_already_exists(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "twice"))
    answer = api.post(path("configmaps", space), manifests.config_map(space, "twice"))
    assert (answer.status, answer.reason) == (409, "AlreadyExists")
    assert answer.message == 'configmaps "twice" already exists'


def test_create_in_a_missing_namespace_is_404(api: Api) -> None:
    answer = api.post(path("configmaps", "contract-none"), manifests.config_map("contract-none", "lost"))
    assert (answer.status, answer.message) == (404, 'namespaces "contract-none" not found')


def test_list_of_a_missing_namespace_is_empty(api: Api) -> None:
    answer = api.get(path("configmaps", "contract-none"))
    assert (answer.status, answer.body["items"]) == (200, [])


def test_body_of_another_namespace_is_400(api: Api, space: str) -> None:
    answer = api.post(path("configmaps", space), manifests.config_map("elsewhere", "astray"))
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert answer.message == "the namespace of the provided object does not match the namespace sent on the request"


def test_put_of_another_name_is_400(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "named"))
    answer = api.put(path("configmaps", space, "named"), manifests.config_map(space, "other"))
    assert answer.status == 400
    assert answer.message == "the name of the object (other) does not match the name on the URL (named)"


def test_body_of_another_kind_is_400(api: Api, space: str) -> None:
    answer = api.post(path("secrets", space), manifests.config_map(space, "wrong"))
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert "ConfigMap" in answer.message
    assert "Secret" in answer.message


def test_body_that_is_no_json_is_400(api: Api, space: str) -> None:
    answer = api.post(path("configmaps", space), "{nonsense")
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert answer.message.startswith("the object provided is unrecognized (must be of type ConfigMap): couldn't get")


def test_empty_body_is_400(api: Api, space: str) -> None:
    answer = api.post(path("configmaps", space), "")
    assert answer.status == 400
    assert answer.message.startswith("the object provided is unrecognized (must be of type ConfigMap): couldn't get")


def test_wrong_type_of_a_field_is_400(api: Api, space: str) -> None:
    body = manifests.config_map(space, "typed") | {"data": {"key": 5}}
    answer = api.post(path("configmaps", space), body)
    assert answer.status == 400
    assert "cannot unmarshal number into Go struct field ConfigMap.data of type string" in answer.message


def test_unsupported_media_type_is_415(api: Api, space: str) -> None:
    answer = api.request("POST", path("configmaps", space), "x", content_type="text/plain")
    assert (answer.status, answer.reason) == (415, "UnsupportedMediaType")


def test_unknown_patch_type_is_415(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "patched-how"))
    answer = api.patch(path("configmaps", space, "patched-how"), {}, "application/json")
    assert (answer.status, answer.reason) == (415, "UnsupportedMediaType")


def test_post_to_an_object_is_405(api: Api, space: str) -> None:
    answer = api.post(path("configmaps", space, "thing"), manifests.config_map(space, "thing"))
    assert (answer.status, answer.reason) == (405, "MethodNotAllowed")
    assert answer.message == "the server does not allow this method on the requested resource"


def test_replace_changes_the_resource_version(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "replaced"))
    answer = api.put(path("configmaps", space, "replaced"), made | {"data": {"new": "1"}})
    assert answer.status == 200
    assert answer.body["data"] == {"new": "1"}
    assert answer.body["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]
    assert answer.body["metadata"]["uid"] == made["metadata"]["uid"]


def test_replace_by_the_same_changes_nothing(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "unchanged"))
    again = api.put(path("configmaps", space, "unchanged"), made).ok()
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_replace_of_an_old_version_is_409(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "stale"))
    api.put(path("configmaps", space, "stale"), made | {"data": {"first": "1"}}).ok()
    answer = api.put(path("configmaps", space, "stale"), made | {"data": {"second": "2"}})
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert answer.message == (
        'Operation cannot be fulfilled on configmaps "stale": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert answer.body["details"] == {"name": "stale", "kind": "configmaps"}


def test_replace_without_a_version_wins(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "forced"))
    answer = api.put(path("configmaps", space, "forced"), manifests.config_map(space, "forced", {"a": "b"}))
    assert answer.ok()["data"] == {"a": "b"}


def test_replace_of_a_missing_config_map_is_404(api: Api, space: str) -> None:
    answer = api.put(path("configmaps", space, "never"), manifests.config_map(space, "never"))
    assert (answer.status, answer.reason) == (404, "NotFound")


def test_replace_with_another_uid_is_409(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "identity"))
    other = "00000000-0000-4000-8000-000000000000"
    body = made | {"metadata": made["metadata"] | {"uid": other}}
    answer = api.put(path("configmaps", space, "identity"), body)
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert f"UID in precondition: {other}" in answer.message


def test_generate_name_makes_a_name(api: Api, space: str) -> None:
    body = manifests.config_map(space, "")
    body["metadata"] = {"namespace": space, "generateName": "part-"}
    names = {api.create("configmaps", body)["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(re.fullmatch(r"part-[bcdfghjklmnpqrstvwxz2456789]{5}", name) for name in names)


def test_delete_answers_a_status_with_the_uid(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "dropped"))
    answer = api.delete(path("configmaps", space, "dropped"))
    assert answer.status == 200
    assert answer.body["kind"] == "Status"
    assert answer.body["status"] == "Success"
    assert answer.body["details"] == {"name": "dropped", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    assert api.get(path("configmaps", space, "dropped")).status == 404


def test_delete_of_a_missing_object_is_404(api: Api, space: str) -> None:
    assert api.delete(path("configmaps", space, "missing")).status == 404


def test_delete_with_another_uid_is_409(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "kept"))
    other = "00000000-0000-4000-8000-000000000000"
    answer = api.delete(path("configmaps", space, "kept"), {"preconditions": {"uid": other}})
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert answer.message == (
        f'Operation cannot be fulfilled on ConfigMap "kept": the UID in the precondition ({other}) does not match '
        f"the UID in record ({made['metadata']['uid']}). The object might have been deleted and then recreated"
    )


def test_delete_of_an_old_version_is_409(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "moved-on"))
    api.patch(path("configmaps", space, "moved-on"), {"data": {"a": "1"}}).ok()
    version = made["metadata"]["resourceVersion"]
    answer = api.delete(path("configmaps", space, "moved-on"), {"preconditions": {"resourceVersion": version}})
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert f"the ResourceVersion in the precondition ({version}) does not match" in answer.message
