"""Watches: what they begin with, what they tell, how they end, and what is too old."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from . import manifests
from .api import APPLY, METADATA, TABLE, Api, path


def told(events: Iterator[dict[str, Any]], count: int) -> list[tuple[str, str]]:
    """(type, name) of the next events."""
    return [(one["type"], one["object"]["metadata"]["name"]) for one in islice(events, count)]


def version_of(api: Api, resource: str, space: str) -> str:
    return api.get(path(resource, space)).ok()["metadata"]["resourceVersion"]


def test_watch_tells_what_happens_after_its_version(api: Api, space: str) -> None:
    since = version_of(api, "secrets", space)
    api.create("secrets", manifests.secret(space, "seen", a="1"))
    with api.watch(path("secrets", space), resourceVersion=since) as events:
        api.patch(path("secrets", space, "seen"), {"stringData": {"a": "2"}}).ok()
        api.delete(path("secrets", space, "seen")).ok()
        assert told(events, 3) == [("ADDED", "seen"), ("MODIFIED", "seen"), ("DELETED", "seen")]


def test_events_carry_the_whole_object_with_its_kind(api: Api, space: str) -> None:
    since = version_of(api, "services", space)
    made = api.create("services", manifests.service(space, "whole"))
    with api.watch(path("services", space), resourceVersion=since) as events:
        event = next(events)
    assert event == {"type": "ADDED", "object": made}
    assert event["object"]["kind"] == "Service"


def test_deleted_object_has_a_new_version(api: Api, space: str) -> None:
    made = api.create("secrets", manifests.secret(space, "last"))
    since = made["metadata"]["resourceVersion"]
    api.delete(path("secrets", space, "last")).ok()
    with api.watch(path("secrets", space), resourceVersion=since) as events:
        event = next(events)
    assert event["type"] == "DELETED"
    assert int(event["object"]["metadata"]["resourceVersion"]) > int(since)


@pytest.mark.parametrize("params", [{}, {"resourceVersion": "0"}])
def test_watch_without_a_version_begins_with_what_is_there(api: Api, space: str, params: dict[str, str]) -> None:
    api.create("configmaps", manifests.config_map(space, "there", generateName="") | {"data": params})
    with api.watch(path("configmaps", space), fieldSelector="metadata.name=there", **params) as events:
        assert told(events, 1) == [("ADDED", "there")]
    api.delete(path("configmaps", space, "there")).ok()


def test_selector_turns_changes_into_added_and_deleted(api: Api, space: str) -> None:
    since = version_of(api, "secrets", space)
    api.create("secrets", manifests.secret(space, "turning"))
    where = path("secrets", space, "turning")
    with api.watch(path("secrets", space), resourceVersion=since, labelSelector="colour=red") as events:
        api.patch(where, {"metadata": {"labels": {"colour": "red"}}}).ok()
        api.patch(where, {"stringData": {"a": "1"}}).ok()
        api.patch(where, {"metadata": {"labels": {"colour": "blue"}}}).ok()
        api.patch(where, {"metadata": {"labels": {"colour": "red"}}}).ok()
        types = [kind for kind, _ in told(events, 4)]
    assert types == ["ADDED", "MODIFIED", "DELETED", "ADDED"]


def test_field_selector_follows_one_name(api: Api, space: str) -> None:
    since = version_of(api, "secrets", space)
    for name in ("other", "followed"):
        api.create("secrets", manifests.secret(space, name))
    with api.watch(path("secrets", space), resourceVersion=since, fieldSelector="metadata.name=followed") as events:
        assert told(events, 1) == [("ADDED", "followed")]


def test_watch_over_all_namespaces(api: Api, space: str) -> None:
    since = api.get(path("secrets")).ok()["metadata"]["resourceVersion"]
    body = manifests.secret(space, "anywhere")
    body["metadata"]["labels"] = {"mine": space}
    api.create("secrets", body)
    with api.watch(path("secrets"), resourceVersion=since, labelSelector=f"mine={space}") as events:
        assert next(events)["object"]["metadata"]["namespace"] == space


def test_watch_ends_when_its_time_is_over(api: Api, space: str) -> None:
    since = version_of(api, "secrets", space)
    with api.watch(path("secrets", space), resourceVersion=since, timeoutSeconds=1) as events:
        assert list(events) == []


def test_bookmark_before_the_end_moves_past_what_the_selector_hides(api: Api, space: str) -> None:
    since = version_of(api, "secrets", space)
    params = {"allowWatchBookmarks": "true", "timeoutSeconds": 4, "labelSelector": "no=such"}
    with api.watch(path("secrets", space), resourceVersion=since, **params) as events:
        hidden = api.create("secrets", manifests.secret(space, "hidden"))
        bookmark = next(events)
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["kind"] == "Secret"
    assert set(bookmark["object"]["metadata"]) <= {"resourceVersion", "creationTimestamp", "annotations"}
    assert int(bookmark["object"]["metadata"]["resourceVersion"]) >= int(hidden["metadata"]["resourceVersion"])


def test_old_version_is_410_in_the_stream(api: Api) -> None:
    """Leases, since a cluster renews them all the time and so forgets the first ones soon."""
    with api.watch("/apis/coordination.k8s.io/v1/leases", resourceVersion="1", timeoutSeconds=5) as events:
        event = next(events)
    assert event["type"] == "ERROR"
    assert (event["object"]["kind"], event["object"]["code"], event["object"]["reason"]) == ("Status", 410, "Expired")
    assert event["object"]["message"].startswith("too old resource version: 1 (")


def test_malformed_version_is_refused(api: Api, space: str) -> None:
    answer = api.get(path("secrets", space), watch="true", resourceVersion="x1")
    assert answer.status == 500
    assert answer.message == 'resourceVersion: Invalid value: "x1": strconv.ParseUint: parsing "x1": invalid syntax'


def test_watch_list_begins_with_everything_and_a_bookmark(api: Api, space: str) -> None:
    api.create("limitranges", manifests.limit_range(space, "first", {"type": "Container", "default": {"cpu": "1"}}))
    params = {
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": 20,
    }
    with api.watch(path("limitranges", space), **params) as events:
        added, bookmark = islice(events, 2)
    api.delete(path("limitranges", space, "first")).ok()
    assert (added["type"], added["object"]["metadata"]["name"]) == ("ADDED", "first")
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert bookmark["object"]["metadata"]["resourceVersion"].isdigit()


def test_watch_list_without_a_match_is_422(api: Api, space: str) -> None:
    answer = api.get(path("secrets", space), watch="true", sendInitialEvents="true")
    assert answer.status == 422
    assert "resourceVersionMatch" in answer.message


def test_metadata_only_watch(api: Api, space: str) -> None:
    since = version_of(api, "secrets", space)
    api.create("secrets", manifests.secret(space, "outline", a="1"))
    where = api.server + path("secrets", space)
    params = {"watch": "true", "resourceVersion": since}
    with api.session.get(where, params=params, headers={"Accept": METADATA}, stream=True, timeout=10) as reply:
        text = next(reply.iter_lines(chunk_size=None))
    assert b'"kind":"PartialObjectMetadata"' in text
    assert b"outline" in text
    assert b'"data"' not in text


def test_table_watch(api: Api, space: str) -> None:
    since = version_of(api, "secrets", space)
    api.create("secrets", manifests.secret(space, "tabled", a="1"))
    where = api.server + path("secrets", space)
    params = {"watch": "true", "resourceVersion": since}
    with api.session.get(where, params=params, headers={"Accept": TABLE}, stream=True, timeout=10) as reply:
        text = next(reply.iter_lines(chunk_size=None))
    assert b'"kind":"Table"' in text
    assert b'"tabled"' in text


def test_server_side_apply_without_a_change_is_no_event(api: Api, space: str) -> None:
    body = manifests.config_map(space, "quiet")
    made = api.patch(path("configmaps", space, "quiet"), body, APPLY, fieldManager="berth").ok()
    where, since = path("configmaps", space), made["metadata"]["resourceVersion"]
    with api.watch(where, resourceVersion=since, fieldSelector="metadata.name=quiet") as events:
        api.patch(path("configmaps", space, "quiet"), body, APPLY, fieldManager="berth").ok()
        api.patch(path("configmaps", space, "quiet"), {"data": {"key": "loud"}}).ok()
        assert next(events)["object"]["data"] == {"key": "loud"}
