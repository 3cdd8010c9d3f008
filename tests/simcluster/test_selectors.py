"""Label and field selectors, patches and ages: the pure parts."""

import pytest

from simcluster.errors import ApiError
from simcluster.patch import json_patch, merge_patch, strategic_merge
from simcluster.resources import BY_KEY
from simcluster.schema.types import kind_of
from simcluster.selectors import field_match, label_match
from simcluster.tables.durations import human


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("tier=web", True),
        ("tier==web,env!=prod", True),
        ("tier in (web, db)", True),
        ("tier notin (web)", False),
        ("tier", True),
        ("!tier", False),
        ("env!=prod", True),
        ("replicas>2", True),
        ("replicas<2", False),
    ],
)
def test_label_selector(text, fits):
    assert label_match(text)({"tier": "web", "replicas": "3"}) is fits


@pytest.mark.parametrize("text", ["a===b", "a in b", "a in (b", ",", "a b"])
def test_malformed_label_selector_is_400(text):
    with pytest.raises(ApiError) as refused:
        label_match(text)
    assert refused.value.code == 400


def test_field_selector():
    match = field_match("status.phase!=Running,spec.nodeName=n", BY_KEY["pods"])
    assert match({"metadata": {"name": "a"}, "spec": {"nodeName": "n"}, "status": {"phase": "Pending"}})
    assert not match({"metadata": {"name": "a"}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}})


def test_strategic_merge_merges_containers_by_name():
    node = kind_of("v1", "Pod")
    live = {"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}}
    patch = {"spec": {"containers": [{"name": "b", "image": "2"}, {"name": "a", "$patch": "delete"}]}}
    assert strategic_merge(live, patch, node) == {"spec": {"containers": [{"name": "b", "image": "2"}]}}


def test_merge_patch_deletes_with_null():
    assert merge_patch({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}) == {"a": {"c": 2}}


def test_json_patch_that_does_not_fit_is_422():
    with pytest.raises(ApiError) as refused:
        json_patch({"a": 1}, [{"op": "test", "path": "/a", "value": 2}])
    assert refused.value.code == 422


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(5, "5s"), (119, "119s"), (120, "2m"), (190, "3m10s"), (3600, "60m"), (4 * 3600 + 60, "4h1m"), (3 * 86400, "3d")],
)
def test_ages(seconds, shown):
    assert human(seconds) == shown
