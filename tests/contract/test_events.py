"""Events: their fields, their two views, what they are found by."""

from __future__ import annotations

import re
from typing import Any

import pytest

from . import manifests
from .api import Api, path


@pytest.fixture(scope="module")
def scheduled(api: Api, space: str) -> dict[str, Any]:
    """The event Started of a running pod `one`."""
    api.create("pods", manifests.pod(space, "one"))
    return api.until_event(space, "Started", "one")


def test_event_names_its_object_and_source(api: Api, space: str, scheduled: dict[str, Any]) -> None:
    pod = api.read("pods", space, "one")
    about = dict(scheduled["involvedObject"])
    del about["resourceVersion"]
    assert about == {
        "kind": "Pod",
        "namespace": space,
        "name": "one",
        "uid": pod["metadata"]["uid"],
        "apiVersion": "v1",
        "fieldPath": "spec.containers{web}",
    }
    assert scheduled["source"] == {"component": "kubelet", "host": pod["spec"]["nodeName"]}
    assert scheduled["reportingComponent"] == "kubelet"
    assert scheduled["count"] == 1
    assert scheduled["firstTimestamp"] == scheduled["lastTimestamp"]
    assert re.fullmatch(r"one\.[0-9a-f]{16}", scheduled["metadata"]["name"])


def test_event_of_the_scheduler_is_of_the_new_kind(api: Api, space: str, scheduled: dict[str, Any]) -> None:
    event = api.until_event(space, "Scheduled", "one")
    assert event["reportingComponent"] == "default-scheduler"
    assert event["eventTime"]
    assert event["firstTimestamp"] is None
    assert event["action"] == "Binding"


@pytest.mark.parametrize(
    "selector", ["involvedObject.name=one", "involvedObject.kind=Pod", "reason=Started", "type=Normal"]
)
def test_events_are_found_by_field(api: Api, space: str, scheduled: dict[str, Any], selector: str) -> None:
    found = api.items("events", space, fieldSelector=selector)
    assert scheduled["metadata"]["uid"] in [one["metadata"]["uid"] for one in found]
    assert api.items("events", space, fieldSelector=f"{selector},involvedObject.name=other") == []


def test_events_are_seen_in_the_new_group_too(api: Api, space: str, scheduled: dict[str, Any]) -> None:
    seen = api.read("events.events.k8s.io", space, scheduled["metadata"]["name"])
    assert seen["apiVersion"] == "events.k8s.io/v1"
    assert seen["note"] == scheduled["message"]
    assert seen["regarding"]["name"] == "one"
    assert seen["deprecatedCount"] == 1
    assert seen["reportingController"] == "kubelet"


def test_event_is_created_by_anyone(api: Api, space: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "told-", "namespace": space},
        "involvedObject": {"kind": "ConfigMap", "namespace": space, "name": "x"},
        "reason": "Told",
        "message": "by a test",
        "type": "Normal",
    }
    made = api.create("events", body)
    assert made["metadata"]["name"].startswith("told-")
    assert api.items("events", space, fieldSelector="reason=Told")[0]["message"] == "by a test"


def test_event_about_another_namespace_is_refused(api: Api, space: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "astray", "namespace": space},
        "involvedObject": {"kind": "ConfigMap", "namespace": "elsewhere", "name": "x"},
    }
    answer = api.post(path("events", space), body)
    assert answer.status == 422
    assert answer.causes[0][0] == "involvedObject.namespace"
