"""Objects over HTTP: creation, change, deletion."""

import pytest

MERGE = "application/merge-patch+json"


def test_created_object_carries_what_the_server_sets(call, space):
    made = call("POST", f"{space}/configmaps", {"metadata": {"generateName": "a-"}, "data": {"k": "v"}}).json()
    assert made["metadata"]["name"].startswith("a-")
    assert made["metadata"]["uid"]
    assert made["metadata"]["managedFields"][0]["fieldsV1"]["f:data"] == {".": {}, "f:k": {}}


def test_second_creation_is_refused(call, space):
    body = {"metadata": {"name": "a"}}
    call("POST", f"{space}/configmaps", body)
    answer = call("POST", f"{space}/configmaps", body)
    assert (answer.status_code, answer.json()["message"]) == (409, 'configmaps "a" already exists')


def test_stale_update_is_refused(call, space):
    old = call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}}).json()
    call("PATCH", f"{space}/configmaps/a", {"data": {"k": "1"}}, MERGE)
    answer = call("PUT", f"{space}/configmaps/a", old)
    assert answer.status_code == 409
    assert "the object has been modified" in answer.json()["message"]


def test_update_that_changes_nothing_keeps_the_version(call, space):
    made = call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}, "data": {"k": "1"}}).json()
    again = call("PATCH", f"{space}/configmaps/a", {"data": {"k": "1"}}, MERGE).json()
    assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


def test_dry_run_stores_nothing(call, space):
    assert call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}}, dryRun="All").status_code == 201
    assert call("GET", f"{space}/configmaps/a").status_code == 404


def test_finalizer_holds_a_deleted_object(call, space):
    call("POST", f"{space}/configmaps", {"metadata": {"name": "a", "finalizers": ["berth.test/hold"]}})
    held = call("DELETE", f"{space}/configmaps/a").json()
    assert held["metadata"]["deletionTimestamp"]
    call("PATCH", f"{space}/configmaps/a", {"metadata": {"finalizers": None}}, MERGE)
    assert call("GET", f"{space}/configmaps/a").status_code == 404


def test_status_is_written_by_its_own_address_alone(call, space):
    ports = [{"port": 80}]
    call("POST", f"{space}/services", {"metadata": {"name": "s"}, "spec": {"ports": ports}})
    change = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
    assert call("PATCH", f"{space}/services/s", change, MERGE).json()["status"] == {"loadBalancer": {}}
    assert call("PATCH", f"{space}/services/s/status", change, MERGE).json()["status"] == change["status"]


def test_terminating_namespace_takes_nothing_new(call, space):
    call("DELETE", "/api/v1/namespaces/space")
    answer = call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}})
    assert answer.status_code == 403
    assert answer.json()["details"]["causes"][0]["reason"] == "NamespaceTerminating"


def test_unknown_field_is_warned_of(call, space):
    answer = call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}, "dta": {}})
    assert answer.headers["Warning"] == '299 - "unknown field \\"dta\\""'


@pytest.mark.parametrize(("given", "kept"), [("0.5", "500m"), ("1024Mi", "1Gi"), ("1000m", "1")])
def test_quantities_are_answered_in_canonical_form(call, space, given, kept):
    body = {"metadata": {"name": "q"}, "spec": {"hard": {"limits.cpu": given}}}
    assert call("POST", f"{space}/resourcequotas", body).json()["spec"]["hard"]["limits.cpu"] == kept


def test_pages_of_a_list_join_to_the_whole(call, space):
    for number in range(5):
        call("POST", f"{space}/secrets", {"metadata": {"name": f"s{number}"}})
    first = call("GET", f"{space}/secrets", limit=3).json()
    rest = call("GET", f"{space}/secrets", limit=3, **{"continue": first["metadata"]["continue"]}).json()
    names = [item["metadata"]["name"] for item in first["items"] + rest["items"]]
    assert names == ["s0", "s1", "s2", "s3", "s4"]
    assert first["metadata"]["remainingItemCount"] == 2
