"""LimitRange: what it fills in and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from . import manifests
from .api import Api, path
from .manifests import NOWHERE


@pytest.fixture(scope="module")
def ranged(api: Api, new_namespace: Callable[..., str]) -> str:
    space = new_namespace("limits")
    container = {
        "type": "Container",
        "default": {"cpu": "200m", "memory": "32Mi"},
        "defaultRequest": {"cpu": "10m", "memory": "16Mi"},
        "max": {"memory": "64Mi"},
        "min": {"memory": "8Mi"},
        "maxLimitRequestRatio": {"memory": "4"},
    }
    storage = {"type": "PersistentVolumeClaim", "max": {"storage": "2Gi"}, "min": {"storage": "1Mi"}}
    api.create("limitranges", manifests.limit_range(space, "bounds", container, storage))
    return space


def awaiting_limits(api: Api, space: str, one: dict[str, Any], name: str) -> Any:
    return api.post(path("pods", space), manifests.pod(space, name, one, **NOWHERE))


def test_limit_range_fills_requests_and_limits_in(api: Api, ranged: str) -> None:
    one = manifests.container(requests={}, limits={})
    made = awaiting_limits(api, ranged, one, "bare").ok()
    assert made["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "200m", "memory": "32Mi"},
        "requests": {"cpu": "10m", "memory": "16Mi"},
    }
    assert made["metadata"]["annotations"]["kubernetes.io/limit-ranger"] == (
        "LimitRanger plugin set: cpu, memory request for container web; cpu, memory limit for container web"
    )


def test_limit_range_fills_only_what_is_missing(api: Api, ranged: str) -> None:
    one = manifests.container(requests={"memory": "20Mi"}, limits={"memory": "40Mi"})
    made = awaiting_limits(api, ranged, one, "half").ok()
    assert made["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "200m", "memory": "40Mi"}


def test_default_of_a_limit_range_goes_through_its_own_defaults(api: Api, ranged: str) -> None:
    found = api.read("limitranges", ranged, "bounds")["spec"]["limits"][0]
    assert found["max"] == {"memory": "64Mi"}
    assert found["default"]["memory"] == "32Mi"


@pytest.mark.parametrize(
    ("requests", "limits", "text"),
    [
        ({"memory": "32Mi"}, {"memory": "128Mi"}, "maximum memory usage per Container is 64Mi, but limit is 128Mi"),
        ({"memory": "4Mi"}, {"memory": "8Mi"}, "minimum memory usage per Container is 8Mi, but request is 4Mi"),
        (
            {"memory": "8Mi"},
            {"memory": "64Mi"},
            "memory max limit to request ratio per Container is 4, but provided ratio is 8.000000",
        ),
    ],
)
def test_limit_range_refuses_with_its_figure(
    api: Api, ranged: str, requests: dict[str, str], limits: dict[str, str], text: str
) -> None:
    answer = awaiting_limits(api, ranged, manifests.container(requests=requests, limits=limits), "refused")
    assert (answer.status, answer.reason) == (403, "Forbidden")
    assert answer.message == f'pods "refused" is forbidden: {text}'


def test_several_refusals_stand_in_brackets(api: Api, ranged: str) -> None:
    one = manifests.container(requests={"memory": "4Mi"}, limits={"memory": "128Mi"})
    message = awaiting_limits(api, ranged, one, "refused").message
    assert message.startswith('pods "refused" is forbidden: [')
    assert "minimum memory usage per Container is 8Mi, but request is 4Mi" in message
    assert "maximum memory usage per Container is 64Mi, but limit is 128Mi" in message


def test_limit_range_refuses_a_big_claim(api: Api, ranged: str) -> None:
    answer = api.post(path("persistentvolumeclaims", ranged), manifests.claim(ranged, "big", "3Gi"))
    assert answer.status == 403
    assert answer.message == (
        'persistentvolumeclaims "big" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, '
        "but request is 3Gi"
    )
