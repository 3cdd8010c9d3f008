"""Server-side apply without HTTP: who owns what, what is pruned, what conflicts."""

import pytest

from simcluster.apply import apply, track_update
from simcluster.errors import ApiError
from simcluster.schema.types import kind_of

NODE = kind_of("apps/v1", "Deployment")


def deployment(*, image="i:1", env=(), **spec):
    container = {"name": "c", "image": image}
    if env:
        container["env"] = [{"name": name, "value": value} for name, value in env]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "namespace": "n"},
        "spec": {"template": {"spec": {"containers": [container]}}, **spec},
    }


def applied(live, config, manager="m", force=False):
    return apply(live, config, NODE, manager, "", force, "2026-01-01T00:00:00Z")


def container(obj):
    return obj["spec"]["template"]["spec"]["containers"][0]


def scaled(live, replicas):
    new = {**live, "metadata": dict(live["metadata"]), "spec": {**live["spec"], "replicas": replicas}}
    track_update(live, new, NODE, "scaler", "scale", "2026-01-01T00:00:01Z")
    return new


def test_keyed_items_merge_by_their_key():
    live = applied(None, deployment(env=[("A", "1")]), "first")
    both = applied(live, deployment(env=[("B", "2")]), "second")
    assert [one["name"] for one in container(both)["env"]] == ["A", "B"]


def test_field_no_longer_applied_is_dropped():
    live = applied(None, deployment(env=[("A", "1"), ("B", "2")]))
    assert [one["name"] for one in container(applied(live, deployment(env=[("B", "2")])))["env"]] == ["B"]


def test_field_that_another_also_applies_stays():
    live = applied(applied(None, deployment(replicas=2), "first"), deployment(replicas=2), "second")
    assert applied(live, deployment(), "first")["spec"]["replicas"] == 2


def test_change_of_anothers_field_is_a_conflict():
    live = scaled(applied(None, deployment(replicas=2)), 5)
    with pytest.raises(ApiError) as refused:
        applied(live, deployment(replicas=2))
    expected = 'conflict with "scaler" with subresource "scale" using apps/v1: .spec.replicas'
    assert refused.value.message == f"Apply failed with 1 conflict: {expected}"


def test_force_takes_the_field_over():
    live = scaled(applied(None, deployment(replicas=2)), 5)
    taken = applied(live, deployment(replicas=2), force=True)
    assert taken["spec"]["replicas"] == 2
    assert [entry["manager"] for entry in taken["metadata"]["managedFields"]] == ["m"]


def test_name_is_nobodys_field_and_survives_pruning():
    config = deployment()
    config["metadata"]["finalizers"] = ["berth.test/hold"]
    pruned = applied(applied(None, config), deployment())
    assert pruned["metadata"]["name"] == "d"
    assert "finalizers" not in pruned["metadata"]
