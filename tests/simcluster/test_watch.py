"""Watches: what they see, resume from and are told at the end."""

import json
from contextlib import contextmanager

import requests

MERGE = "application/merge-patch+json"


@contextmanager
def watching(cluster, path, **query):
    """The events of a watch, as they come."""
    query = {"watch": "1", "timeoutSeconds": 5, **query}
    with requests.Session() as session:
        session.trust_env = False
        with session.get(cluster.url + path, params=query, stream=True, timeout=10) as answer:
            yield (json.loads(line) for line in answer.iter_lines(chunk_size=1))


def version(call, path):
    return call("GET", path).json()["metadata"]["resourceVersion"]


def test_changes_after_a_version_are_replayed(cluster, call, space):
    since = version(call, f"{space}/configmaps")
    call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}})
    call("DELETE", f"{space}/configmaps/a")
    with watching(cluster, f"{space}/configmaps", resourceVersion=since) as events:
        assert [next(events)["type"], next(events)["type"]] == ["ADDED", "DELETED"]


def test_object_that_leaves_the_selector_is_deleted_for_the_watcher(cluster, call, space):
    call("POST", f"{space}/configmaps", {"metadata": {"name": "a", "labels": {"x": "1"}}})
    since = version(call, f"{space}/configmaps")
    with watching(cluster, f"{space}/configmaps", resourceVersion=since, labelSelector="x=1") as events:
        call("PATCH", f"{space}/configmaps/a", {"metadata": {"labels": {"x": "2"}}}, MERGE)
        event = next(events)
    assert event["type"] == "DELETED"
    assert event["object"]["metadata"]["labels"] == {"x": "1"}


def test_version_before_the_history_is_410_in_the_stream(cluster, call, space):
    since = version(call, f"{space}/configmaps")
    call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}})
    cluster.forget_history()
    with watching(cluster, f"{space}/configmaps", resourceVersion=since) as events:
        event = next(events)
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_initial_events_end_with_a_marked_bookmark(cluster, call, space):
    call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}})
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    with watching(cluster, f"{space}/configmaps", **query) as events:
        assert next(events)["object"]["metadata"]["name"] == "a"
        bookmark = next(events)
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_watch_ends_when_its_time_is_up(cluster, space):
    with watching(cluster, f"{space}/configmaps", timeoutSeconds=1) as events:
        assert list(events) == []


def test_watcher_that_left_is_forgotten(cluster, call, space):
    before = len(cluster.store.listeners)
    with watching(cluster, f"{space}/configmaps") as events:
        call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}})
        next(events)
        assert len(cluster.store.listeners) == before + 1
    for name in ("b", "c", "d"):
        call("POST", f"{space}/configmaps", {"metadata": {"name": name}})
    assert len(cluster.store.listeners) == before
