"""Merge, JSON and strategic merge patches, generations, and the subresources status and scale."""

from __future__ import annotations

from . import manifests
from .api import JSON_PATCH, MERGE, STRATEGIC, Api, path


def test_merge_patch_sets_and_removes(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "merged", {"a": "1", "b": "2"}))
    patched = api.patch(path("configmaps", space, "merged"), {"data": {"a": None, "c": "3"}}).ok()
    assert patched["data"] == {"b": "2", "c": "3"}


def test_merge_patch_of_an_old_version_is_409(api: Api, space: str) -> None:
    made = api.create("configmaps", manifests.config_map(space, "merged-stale"))
    where = path("configmaps", space, "merged-stale")
    api.patch(where, {"data": {"a": "1"}}).ok()
    version = {"resourceVersion": made["metadata"]["resourceVersion"]}
    answer = api.patch(where, {"metadata": version, "data": {"a": "2"}})
    assert (answer.status, answer.reason) == (409, "Conflict")


def test_json_patch(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "pointed", {"a": "1"}))
    changes = [
        {"op": "test", "path": "/data/a", "value": "1"},
        {"op": "replace", "path": "/data/a", "value": "2"},
        {"op": "add", "path": "/data/b", "value": "3"},
    ]
    assert api.patch(path("configmaps", space, "pointed"), changes, JSON_PATCH).ok()["data"] == {"a": "2", "b": "3"}


def test_json_patch_whose_test_fails_is_422(api: Api, space: str) -> None:
    api.create("configmaps", manifests.config_map(space, "tested", {"a": "1"}))
    changes = [{"op": "test", "path": "/data/a", "value": "9"}]
    answer = api.patch(path("configmaps", space, "tested"), changes, JSON_PATCH)
    assert (answer.status, answer.reason) == (422, "Invalid")
    assert answer.message == "the server rejected our request due to an error in our request"


def test_strategic_merge_knows_the_key_of_a_list(api: Api, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "strategic", replicas=0))
    change = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": manifests.BUSYBOX}]}}}}
    patched = api.patch(path("deployments.apps", space, "strategic"), change, STRATEGIC).ok()
    (one,) = patched["spec"]["template"]["spec"]["containers"]
    assert one["image"] == manifests.BUSYBOX
    assert one["resources"]["limits"] == {"memory": "64Mi"}


def test_strategic_merge_deletes_by_directive(api: Api, space: str) -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    one = manifests.container(env=env)
    api.create("deployments.apps", manifests.deployment(space, "directive", one, replicas=0))
    gone = {"name": "web", "env": [{"name": "A", "$patch": "delete"}]}
    change = {"spec": {"template": {"spec": {"containers": [gone]}}}}
    patched = api.patch(path("deployments.apps", space, "directive"), change, STRATEGIC).ok()
    assert patched["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "B", "value": "2"}]


def test_patch_of_a_missing_object_is_404(api: Api, space: str) -> None:
    assert api.patch(path("configmaps", space, "missing"), {"data": {}}, MERGE).status == 404


def test_generation_counts_changes_of_the_spec_only(api: Api, space: str) -> None:
    body = manifests.deployment(space, "counted", replicas=0, spec={"paused": True})
    made = api.create("deployments.apps", body)
    where = path("deployments.apps", space, "counted")
    labelled = api.patch(where, {"metadata": {"labels": {"new": "label"}}}).ok()
    changed = api.patch(where, {"spec": {"minReadySeconds": 3}}).ok()
    generations = [one["metadata"]["generation"] for one in (made, labelled, changed)]
    assert generations == [1, 1, 2]


def test_status_is_not_written_through_the_object(api: Api, space: str) -> None:
    body = manifests.service(space, "honest") | {"status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}]}}}
    assert api.create("services", body)["status"] == {"loadBalancer": {}}


def test_status_subresource_writes_only_the_status(api: Api, space: str) -> None:
    api.create("services", manifests.service(space, "reported"))
    change = {"metadata": {"labels": {"x": "y"}}, "spec": {"type": "NodePort"}}
    status = {"status": {"conditions": [_condition("Ready")]}}
    patched = api.patch(path("services", space, "reported", "status"), change | status).ok()
    assert patched["status"]["conditions"][0]["type"] == "Ready"
    assert patched["spec"]["type"] == "ClusterIP"


def test_scale_is_read_and_written_as_its_own_kind(api: Api, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "scaled", replicas=0))
    where = path("deployments.apps", space, "scaled", "scale")
    scale = api.get(where).ok()
    assert (scale["kind"], scale["apiVersion"]) == ("Scale", "autoscaling/v1")
    assert scale["spec"] == {}
    assert scale["status"]["selector"] == "app=scaled"
    api.patch(path("deployments.apps", space, "scaled"), {"spec": {"paused": True}}).ok()
    assert api.patch(where, {"spec": {"replicas": 2}}).ok()["spec"] == {"replicas": 2}
    assert api.read("deployments.apps", space, "scaled")["spec"]["replicas"] == 2


def _condition(kind: str) -> dict[str, str]:
    return {
        "type": kind,
        "status": "True",
        "reason": "Because",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
