"""Which rows a change in the cluster tells of: many changes of one thing are one look."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cluster import pruned
from tenants.observer.sights import Key, keys_of

LABELS = {"berth.dev/app": "check-out"}


def pod(name: str) -> pruned.Pod:
    return msgspec.convert({"metadata": {"name": name, "namespace": "payments-dev", "labels": LABELS}}, pruned.Pod)


def event(kind: str, name: str) -> pruned.Event:
    about = {"kind": kind, "name": name, "namespace": "payments-dev"}
    return msgspec.convert({"metadata": {"name": "e"}, "involvedObject": about}, pruned.Event)


def keys(kind: str, thing: Any, name: str = "x") -> set[Key]:
    return keys_of(kind, "payments-dev", name, thing)


def test_all_pods_of_an_app_are_one_look() -> None:
    found = set()
    for number in range(1000):
        found |= keys("Pod", pod(f"check-out-7d9f-{number}"))
    assert found == {Key("app", "payments-dev", "check-out")}


@pytest.mark.parametrize("kind", ["ResourceQuota", "LimitRange", "NetworkPolicy", "RoleBinding"])
def test_a_part_tells_of_its_namespace(kind: str) -> None:
    assert keys(kind, {"metadata": {"name": "berth"}}) == {Key("namespace", "payments-dev")}


def test_a_namespace_tells_of_itself() -> None:
    assert keys_of("Namespace", "", "payments-dev", {"metadata": {}}) == {Key("namespace", "payments-dev")}


def test_a_claim_tells_of_its_volume() -> None:
    assert keys("PersistentVolumeClaim", {"metadata": {}}, "data") == {Key("volume", "payments-dev", "data")}


def test_an_event_of_a_pod_tells_of_its_app() -> None:
    assert Key("app", "payments-dev", "check-out") in keys("Event", event("Pod", "check-out-7d9f-abcde"))


def test_an_event_of_a_claim_tells_of_its_volume() -> None:
    assert keys("Event", event("PersistentVolumeClaim", "data")) == {Key("volume", "payments-dev", "data")}


def test_a_pod_of_nobody_tells_nothing() -> None:
    assert keys("Pod", msgspec.convert({"metadata": {"name": "stray"}}, pruned.Pod)) == set()
