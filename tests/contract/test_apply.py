"""Server-side apply: who owns which field, what is a conflict, what is removed, what is left alone."""

from __future__ import annotations

from typing import Any

from . import manifests
from .api import APPLY, Api, path


def test_apply_creates_with_201_and_changes_with_200(api: Api, space: str) -> None:
    first = api.apply("configmaps", manifests.config_map(space, "new"))
    second = api.apply("configmaps", manifests.config_map(space, "new", {"key": "other"}))
    assert (first.status, second.status) == (201, 200)
    assert second.body["data"] == {"key": "other"}


def test_apply_takes_yaml(api: Api, space: str) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  key: value\n"
    answer = api.patch(path("configmaps", space, "yaml"), text, APPLY, fieldManager="berth")
    assert answer.ok()["data"] == {"key": "value"}


def test_apply_needs_a_manager(api: Api, space: str) -> None:
    answer = api.patch(path("configmaps", space, "nobody"), manifests.config_map(space, "nobody"), APPLY)
    assert answer.status == 422
    assert answer.causes == [("fieldManager", "FieldValueRequired")]
    assert "is required for apply patch" in answer.message


def test_apply_records_its_fields(api: Api, space: str) -> None:
    made = api.apply("configmaps", manifests.config_map(space, "owned", labels={"a": "b"})).ok()
    (entry,) = made["metadata"]["managedFields"]
    assert entry.pop("time")
    assert entry == {
        "manager": "berth",
        "operation": "Apply",
        "apiVersion": "v1",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:data": {"f:key": {}}, "f:metadata": {"f:labels": {"f:a": {}}}},
    }


def test_lists_are_recorded_by_their_keys(api: Api, space: str) -> None:
    one = manifests.container(ports=[{"containerPort": 8080}], env=[{"name": "A", "value": "1"}])
    made = api.apply("deployments.apps", manifests.deployment(space, "keyed", one, replicas=0)).ok()
    fields = _fields(made, "berth")
    container = fields["f:spec"]["f:template"]["f:spec"]["f:containers"]['k:{"name":"web"}']
    assert container["."] == {}
    assert container["f:image"] == {}
    assert container["f:env"]['k:{"name":"A"}'] == {".": {}, "f:name": {}, "f:value": {}}
    assert container["f:ports"] == {'k:{"containerPort":8080,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}}
    assert container["f:resources"] == {"f:limits": {"f:memory": {}}, "f:requests": {"f:cpu": {}, "f:memory": {}}}
    assert fields["f:spec"]["f:selector"] == {}


def test_other_writes_are_recorded_as_updates(api: Api, space: str) -> None:
    body = manifests.config_map(space, "written")
    answer = api.post(path("configmaps", space), body, fieldManager="hand")
    (entry,) = answer.ok()["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("hand", "Update")
    assert entry["fieldsV1"] == {"f:data": {".": {}, "f:key": {}}}


def test_same_apply_changes_nothing(api: Api, space: str) -> None:
    body = manifests.deployment(space, "same", replicas=0, spec={"paused": True})
    first = api.apply("deployments.apps", body).ok()
    settled = api.until("deployments.apps", space, "same", lambda found: found["status"].get("observedGeneration"))
    again = api.apply("deployments.apps", body).ok()
    assert again["metadata"]["generation"] == first["metadata"]["generation"]
    latest = api.read("deployments.apps", space, "same")
    if latest["status"] == settled["status"]:
        assert again["metadata"]["resourceVersion"] == latest["metadata"]["resourceVersion"]


def test_conflict_names_manager_and_field(api: Api, space: str) -> None:
    api.apply("configmaps", manifests.config_map(space, "contested"), "first").ok()
    answer = api.apply("configmaps", manifests.config_map(space, "contested", {"key": "mine"}), "second")
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert answer.message == 'Apply failed with 1 conflict: conflict with "first": .data.key'
    assert answer.body["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "first"', "field": ".data.key"}
    ]


def test_conflict_with_an_update_says_so(api: Api, space: str) -> None:
    api.apply("deployments.apps", manifests.deployment(space, "scaled", replicas=0, spec={"paused": True})).ok()
    change = {"spec": {"replicas": 3}}
    api.patch(path("deployments.apps", space, "scaled"), change, fieldManager="hand").ok()
    answer = api.apply("deployments.apps", manifests.deployment(space, "scaled", replicas=0, spec={"paused": True}))
    assert answer.status == 409
    assert answer.message == 'Apply failed with 1 conflict: conflict with "hand" using apps/v1: .spec.replicas'


def test_several_conflicts_are_listed(api: Api, space: str) -> None:
    api.apply("configmaps", manifests.config_map(space, "several", {"a": "1", "b": "2"}), "first").ok()
    answer = api.apply("configmaps", manifests.config_map(space, "several", {"a": "3", "b": "4"}), "second")
    assert answer.message == 'Apply failed with 2 conflicts: conflicts with "first":\n- .data.a\n- .data.b'


def test_conflict_in_a_list_names_the_item(api: Api, space: str) -> None:
    api.apply("deployments.apps", manifests.deployment(space, "listed", replicas=0), "first").ok()
    other = manifests.deployment(space, "listed", manifests.container(manifests.BUSYBOX), replicas=0)
    answer = api.apply("deployments.apps", other, "second")
    assert answer.message == (
        'Apply failed with 1 conflict: conflict with "first": .spec.template.spec.containers[name="web"].image'
    )


def test_force_takes_the_field_over(api: Api, space: str) -> None:
    api.apply("configmaps", manifests.config_map(space, "forced"), "first").ok()
    mine = manifests.config_map(space, "forced", {"key": "mine"})
    taken = api.apply("configmaps", mine, "second", force="true").ok()
    assert taken["data"] == {"key": "mine"}
    assert [entry["manager"] for entry in taken["metadata"]["managedFields"]] == ["second"]


def test_equal_values_are_shared(api: Api, space: str) -> None:
    api.apply("configmaps", manifests.config_map(space, "shared"), "first").ok()
    shared = api.apply("configmaps", manifests.config_map(space, "shared"), "second").ok()
    assert {entry["manager"] for entry in shared["metadata"]["managedFields"]} == {"first", "second"}


def test_field_left_out_is_removed_when_owned_alone(api: Api, space: str) -> None:
    api.apply("configmaps", manifests.config_map(space, "shrunk", {"a": "1", "b": "2"})).ok()
    assert api.apply("configmaps", manifests.config_map(space, "shrunk", {"a": "1"})).ok()["data"] == {"a": "1"}


def test_field_left_out_stays_when_another_owns_it_too(api: Api, space: str) -> None:
    api.apply("configmaps", manifests.config_map(space, "joint", {"a": "1"}), "first").ok()
    api.apply("configmaps", manifests.config_map(space, "joint", {"a": "1"}), "second").ok()
    kept = api.apply("configmaps", manifests.config_map(space, "joint", {}), "first").ok()
    assert kept["data"] == {"a": "1"}
    assert _fields(kept, "second") == {"f:data": {"f:a": {}}}


def test_list_item_left_out_is_removed(api: Api, space: str) -> None:
    two = manifests.container(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])
    one = manifests.container(env=[{"name": "B", "value": "2"}])
    api.apply("deployments.apps", manifests.deployment(space, "items", two, replicas=0)).ok()
    less = api.apply("deployments.apps", manifests.deployment(space, "items", one, replicas=0)).ok()
    assert less["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "B", "value": "2"}]


def test_fields_of_others_are_left_alone(api: Api, space: str) -> None:
    api.apply("configmaps", manifests.config_map(space, "beside", {"a": "1"})).ok()
    api.patch(path("configmaps", space, "beside"), {"data": {"b": "2"}}, fieldManager="hand").ok()
    kept = api.apply("configmaps", manifests.config_map(space, "beside", {"a": "3"})).ok()
    assert kept["data"] == {"a": "3", "b": "2"}


def test_sets_are_recorded_by_value(api: Api, space: str) -> None:
    body = manifests.config_map(space, "finalized", finalizers=["berth.test/wait"])
    made = api.apply("configmaps", body).ok()
    assert _fields(made, "berth")["f:metadata"] == {"f:finalizers": {'v:"berth.test/wait"': {}}}
    del body["metadata"]["finalizers"]
    assert "finalizers" not in api.apply("configmaps", body).ok()["metadata"]


def test_status_is_owned_apart(api: Api, space: str) -> None:
    api.apply("services", manifests.service(space, "reported")).ok()
    condition = {
        "type": "Announced",
        "status": "True",
        "reason": "Because",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    status = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "reported", "namespace": space},
        "status": {"conditions": [condition]},
    }
    answer = api.apply("services", status, "balancer", subresource="status").ok()
    entry = next(one for one in answer["metadata"]["managedFields"] if one["manager"] == "balancer")
    assert entry["subresource"] == "status"
    assert set(entry["fieldsV1"]["f:status"]["f:conditions"]) == {'k:{"type":"Announced"}'}
    assert answer["spec"]["ports"]


def test_dry_run_apply_shows_and_keeps_nothing(api: Api, space: str) -> None:
    answer = api.apply("configmaps", manifests.config_map(space, "dry"), dryRun="All")
    assert answer.status == 201
    assert api.get(path("configmaps", space, "dry")).status == 404


def test_apply_refuses_unknown_fields_whatever_was_asked(api: Api, space: str) -> None:
    body = manifests.config_map(space, "strict") | {"datta": {}}
    answer = api.apply("configmaps", body)
    assert (answer.status, answer.message) == (
        500,
        f"failed to create typed patch object ({space}/strict; /v1, Kind=ConfigMap): "
        ".datta: field not declared in schema",
    )


def test_duplicate_list_key_is_refused_without_a_path(api: Api, space: str) -> None:
    mounts = [{"name": "a", "mountPath": "/data"}, {"name": "b", "mountPath": "/data"}]
    body = manifests.deployment(
        space,
        "twofold",
        manifests.container(volumeMounts=mounts),
        volumes=[{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}],
    )
    answer = api.apply("deployments.apps", body)
    assert answer.status == 500
    assert 'duplicate entries for key [mountPath="/data"]' in answer.message


def test_malformed_quantity_is_refused(api: Api, space: str) -> None:
    body = manifests.deployment(space, "odd", manifests.container(limits={"memory": "64Mib"}))
    answer = api.apply("deployments.apps", body)
    assert answer.status == 500
    assert "failed to convert new object" in answer.message
    assert "quantities must match the regular expression" in answer.message


def test_managed_fields_in_the_body_are_refused(api: Api, space: str) -> None:
    body = manifests.config_map(space, "cheat", managedFields=[{"manager": "x"}])
    answer = api.apply("configmaps", body)
    assert answer.status == 400
    assert answer.message == "metadata.managedFields must be nil"


def test_another_kind_in_the_body_is_refused(api: Api, space: str) -> None:
    body = manifests.config_map(space, "kind") | {"kind": "Secret"}
    assert api.patch(path("configmaps", space, "kind"), body, APPLY, fieldManager="berth").status == 400


def test_apply_with_a_wrong_uid_is_409(api: Api, space: str) -> None:
    other = "00000000-0000-4000-8000-000000000000"
    answer = api.apply("configmaps", manifests.config_map(space, "gone", uid=other))
    assert (answer.status, answer.reason) == (409, "Conflict")


def test_apply_with_an_old_version_is_409(api: Api, space: str) -> None:
    made = api.apply("configmaps", manifests.config_map(space, "aged")).ok()
    api.apply("configmaps", manifests.config_map(space, "aged", {"key": "2"})).ok()
    version = made["metadata"]["resourceVersion"]
    answer = api.apply("configmaps", manifests.config_map(space, "aged", {"key": "3"}, resourceVersion=version))
    assert (answer.status, answer.reason) == (409, "Conflict")
    assert "the object has been modified" in answer.message


def test_service_ports_are_applied_by_key(api: Api, space: str) -> None:
    first = [{"name": "http", "port": 80, "targetPort": 8080}, {"name": "admin", "port": 81, "targetPort": 8081}]
    api.apply("services", manifests.service(space, "ported", ports=first)).ok()
    changed = api.apply("services", manifests.service(space, "ported", ports=first[1:])).ok()
    assert [port["name"] for port in changed["spec"]["ports"]] == ["admin"]


def test_secret_by_data_is_owned_by_key(api: Api, space: str) -> None:
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "values", "namespace": space},
        "data": {"a": "MQ=="},
        "type": "Opaque",
    }
    made = api.apply("secrets", body).ok()
    assert _fields(made, "berth") == {"f:data": {"f:a": {}}, "f:type": {}}


def test_namespace_labels_are_owned_by_key(api: Api, space: str) -> None:
    answer = api.apply("namespaces", manifests.namespace(space, team="a"), force="true").ok()
    assert _fields(answer, "berth")["f:metadata"] == {"f:labels": {"f:team": {}}}
    assert answer["metadata"]["labels"]["kubernetes.io/metadata.name"] == space


def _fields(thing: dict[str, Any], manager: str) -> dict[str, Any]:
    return next(one["fieldsV1"] for one in thing["metadata"]["managedFields"] if one["manager"] == manager)
