"""An event names an object; whose it is, its kind and name tell."""

from __future__ import annotations

import pytest

from cluster.involved import app_of


@pytest.mark.parametrize(
    ("kind", "name", "app"),
    [
        ("Pod", "check-out-5d9f7b-tz8vd", "check-out"),
        ("ReplicaSet", "check-out-5d9f7b", "check-out"),
        ("EndpointSlice", "check-out-x2x9z", "check-out"),
        ("Deployment", "check-out", "check-out"),
        ("Service", "check-out", "check-out"),
        ("Pod", "stray", ""),
        ("PersistentVolumeClaim", "check-out", ""),
        ("Namespace", "check-out", ""),
    ],
)
def test_an_object_is_its_app_s(kind: str, name: str, app: str) -> None:
    assert app_of(kind, name) == app
