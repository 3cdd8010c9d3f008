"""Nodes say what they have for pods, and whether they take any."""

from __future__ import annotations

from .api import Api, path


def test_ready_node_says_what_it_has(api: Api) -> None:
    found = api.get(path("nodes"), resourceVersion="0").ok()["items"]
    ready = [
        node
        for node in found
        if any(one["type"] == "Ready" and one["status"] == "True" for one in node["status"]["conditions"])
    ]
    assert ready
    for node in ready:
        assert {"cpu", "memory", "pods", "ephemeral-storage"} <= set(node["status"]["allocatable"])
        assert not node["spec"].get("unschedulable")
