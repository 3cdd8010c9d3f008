"""Lists: pages, selectors, metadata only, tables, versions, and deleting what a selector finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from . import manifests
from .api import METADATA, METADATA_LIST, TABLE, Answer, Api, path


@pytest.fixture(scope="module")
def fruit(api: Api, new_namespace: Callable[..., str]) -> str:
    """A namespace with Secrets one to five; the odd ones are `red`, and each has a label `number`."""
    space = new_namespace("fruit")
    for index, name in enumerate(["apple", "berry", "cherry", "damson", "elder"]):
        body = manifests.secret(space, name, a="b")
        body["metadata"]["labels"] = {"number": str(index)} | ({"colour": "red"} if index % 2 else {})
        body["type"] = "example.com/fruit" if name == "cherry" else "Opaque"
        api.create("secrets", body)
    return space


def names(answer: Answer) -> list[str]:
    return [one["metadata"]["name"] for one in answer.ok()["items"]]


def test_list_has_its_kind_and_version_and_items_have_none(api: Api, fruit: str) -> None:
    listed = api.get(path("secrets", fruit)).ok()
    assert (listed["kind"], listed["apiVersion"]) == ("SecretList", "v1")
    assert listed["metadata"]["resourceVersion"].isdigit()
    assert not {"kind", "apiVersion"} & set(listed["items"][0])


def test_list_is_in_the_order_of_names(api: Api, fruit: str) -> None:
    assert names(api.get(path("secrets", fruit))) == ["apple", "berry", "cherry", "damson", "elder"]


def test_empty_list_has_no_null(api: Api, fruit: str) -> None:
    assert api.get(path("services", fruit)).ok()["items"] == []


def test_list_over_all_namespaces_holds_them(api: Api, fruit: str) -> None:
    found = api.items("secrets", labelSelector="number=3")
    assert (fruit, "damson") in [(one["metadata"]["namespace"], one["metadata"]["name"]) for one in found]


def test_pages_follow_one_another_at_one_version(api: Api, fruit: str) -> None:
    first = api.get(path("secrets", fruit), limit=2).ok()
    assert first["metadata"]["remainingItemCount"] == 3
    second = api.get(path("secrets", fruit), limit=2, **{"continue": first["metadata"]["continue"]}).ok()
    third = api.get(path("secrets", fruit), limit=2, **{"continue": second["metadata"]["continue"]}).ok()
    pages = [[one["metadata"]["name"] for one in page["items"]] for page in (first, second, third)]
    assert pages == [["apple", "berry"], ["cherry", "damson"], ["elder"]]
    assert "continue" not in third["metadata"]
    assert len({page["metadata"]["resourceVersion"] for page in (first, second, third)}) == 1


def test_pages_with_a_selector_count_nothing(api: Api, fruit: str) -> None:
    first = api.get(path("secrets", fruit), limit=1, labelSelector="colour=red").ok()
    assert "remainingItemCount" not in first["metadata"]
    assert first["metadata"]["continue"]


def test_malformed_continue_is_400(api: Api, fruit: str) -> None:
    answer = api.get(path("secrets", fruit), limit=1, **{"continue": "nonsense"})
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert answer.message.startswith("invalid continue token: continue key is not valid")


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("colour=red", ["berry", "damson"]),
        ("colour==red", ["berry", "damson"]),
        ("colour!=red", ["apple", "cherry", "elder"]),
        ("colour", ["berry", "damson"]),
        ("!colour", ["apple", "cherry", "elder"]),
        ("number in (0,1)", ["apple", "berry"]),
        ("number notin (0,1,2)", ["damson", "elder"]),
        ("colour=red,number=3", ["damson"]),
        ("number>2", ["damson", "elder"]),
        ("number<1", ["apple"]),
        ("colour=", []),
    ],
)
def test_label_selector(api: Api, fruit: str, selector: str, found: list[str]) -> None:
    assert names(api.get(path("secrets", fruit), labelSelector=selector)) == found


def test_malformed_label_selector_is_400(api: Api, fruit: str) -> None:
    answer = api.get(path("secrets", fruit), labelSelector="a in b")
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert "unable to parse requirement" in answer.message


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("metadata.name=cherry", ["cherry"]),
        ("metadata.name!=cherry,type=Opaque", ["apple", "berry", "damson", "elder"]),
        ("type=example.com/fruit", ["cherry"]),
    ],
)
def test_field_selector(api: Api, fruit: str, selector: str, found: list[str]) -> None:
    assert names(api.get(path("secrets", fruit), fieldSelector=selector)) == found


def test_field_selector_by_namespace(api: Api, fruit: str) -> None:
    assert len(names(api.get(path("secrets"), fieldSelector=f"metadata.namespace={fruit}"))) == 5


def test_unknown_field_selector_is_400(api: Api, fruit: str) -> None:
    answer = api.get(path("secrets", fruit), fieldSelector="data.a=b")
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert answer.message == "field label not supported: data.a"


def test_pods_by_phase_and_node(api: Api, fruit: str) -> None:
    api.create("pods", manifests.pod(fruit, "waiting", nodeSelector={"no": "such"}))
    assert names(api.get(path("pods", fruit), fieldSelector="status.phase=Pending,spec.nodeName=")) == ["waiting"]
    assert names(api.get(path("pods", fruit), fieldSelector="status.phase=Running")) == []


def test_metadata_list_has_no_contents(api: Api, fruit: str) -> None:
    answer = api.get(path("secrets", fruit), accept=METADATA_LIST)
    assert answer.body["kind"] == "PartialObjectMetadataList"
    assert answer.body["apiVersion"] == "meta.k8s.io/v1"
    for one in answer.body["items"]:
        assert set(one) <= {"kind", "apiVersion", "metadata"}
    assert [one["metadata"]["name"] for one in answer.body["items"]][:1] == ["apple"]


def test_metadata_of_one_object(api: Api, fruit: str) -> None:
    found = api.get(path("secrets", fruit, "apple"), accept=METADATA).ok()
    assert found["kind"] == "PartialObjectMetadata"
    assert set(found) == {"kind", "apiVersion", "metadata"}
    assert found["metadata"]["labels"] == {"number": "0"}


def test_changes_answer_metadata_alone_where_that_is_wanted(api: Api, fruit: str) -> None:
    body = manifests.secret(fruit, "fig", a="b")
    made = api.post(path("secrets", fruit), body, accept=METADATA).ok()
    patched = api.patch(path("secrets", fruit, "fig"), {"stringData": {"a": "c"}}, accept=METADATA).ok()
    gone = api.delete(path("secrets", fruit, "fig"), accept=METADATA).ok()
    assert [made["kind"], patched["kind"]] == ["PartialObjectMetadata"] * 2
    assert all("data" not in answer for answer in (made, patched, gone))


def test_table_has_columns_and_rows(api: Api, fruit: str) -> None:
    table = api.get(path("secrets", fruit), accept=TABLE).ok()
    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Type", "Data", "Age"]
    assert table["rows"][0]["cells"][:3] == ["apple", "Opaque", 1]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_unacceptable_media_type_is_406(api: Api, fruit: str) -> None:
    answer = api.get(path("secrets", fruit), accept="text/html")
    assert (answer.status, answer.reason) == (406, "NotAcceptable")


@pytest.mark.parametrize("match", [{}, {"resourceVersion": "0"}])
def test_list_from_the_cache_or_not(api: Api, fruit: str, match: dict[str, Any]) -> None:
    assert len(names(api.get(path("secrets", fruit), **match))) == 5


def test_list_not_older_than_a_version(api: Api, fruit: str) -> None:
    made = api.create("configmaps", manifests.config_map(fruit, "fresh"))
    version = made["metadata"]["resourceVersion"]
    where = path("configmaps", fruit)
    listed = api.get(where, resourceVersion=version, resourceVersionMatch="NotOlderThan")
    assert "fresh" in names(listed)
    assert int(listed.body["metadata"]["resourceVersion"]) >= int(version)


def test_list_at_exactly_a_version(api: Api, fruit: str) -> None:
    made = api.create("configmaps", manifests.config_map(fruit, "before"))
    api.create("configmaps", manifests.config_map(fruit, "later"))
    version = made["metadata"]["resourceVersion"]
    answer = api.get(path("configmaps", fruit), limit=500, resourceVersion=version, resourceVersionMatch="Exact")
    assert "before" in names(answer)
    assert "later" not in names(answer)


def test_version_of_the_future_is_504(api: Api, fruit: str) -> None:
    answer = api.get(path("secrets", fruit), resourceVersion=str(10**15))
    assert (answer.status, answer.reason) == (504, "Timeout")
    assert "Too large resource version" in answer.message


def test_deletecollection_takes_a_selector(api: Api, new_namespace: Callable[..., str]) -> None:
    space = new_namespace("collection")
    for name, colour in (("a", "red"), ("b", "blue"), ("c", "red")):
        api.create("secrets", manifests.secret(space, name))
        api.patch(path("secrets", space, name), {"metadata": {"labels": {"colour": colour}}}).ok()
    answer = api.delete(path("secrets", space), labelSelector="colour=red")
    assert answer.status == 200
    assert answer.body["kind"] == "SecretList"
    assert [one["metadata"]["name"] for one in answer.body["items"]] == ["a", "c"]
    assert names(api.get(path("secrets", space))) == ["b"]


def test_namespaces_are_found_by_label(api: Api, fruit: str) -> None:
    assert names(api.get(path("namespaces"), labelSelector=f"kubernetes.io/metadata.name={fruit}")) == [fruit]
