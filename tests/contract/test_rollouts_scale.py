"""Rollouts that are recreated, scaled or paused."""

from __future__ import annotations

from . import manifests
from .api import STRATEGIC, Api, condition, path
from .rollouts import complete, roll_out, sets_of, web


def test_recreate_ends_the_old_before_the_new(api: Api, space: str) -> None:
    """The old pod has ended when the new one is made; it may still be listed for a moment."""
    body = manifests.deployment(space, "recreated", web(), spec={"strategy": {"type": "Recreate"}})
    api.create("deployments.apps", body)
    api.until("deployments.apps", space, "recreated", complete)
    since = api.get(path("pods", space)).ok()["metadata"]["resourceVersion"]
    roll_out(api, space, "recreated", image="10.89.0.1:5000/hello:v2")
    old = {}
    with api.watch(path("pods", space), resourceVersion=since, labelSelector="app=recreated") as events:
        for event in events:
            if event["type"] == "ADDED":
                break
            old = event["object"]
    assert old["metadata"]["deletionTimestamp"]
    assert old["status"]["phase"] in ("Succeeded", "Failed")
    before, after = (sets_of(api, space, "recreated")[number] for number in ("1", "2"))
    assert (before["spec"]["replicas"], after["spec"]["replicas"]) == (0, 1)


def test_apply_turns_a_rolling_update_into_recreate_and_back(api: Api, space: str) -> None:
    """The fields of the rolling update go with whoever applied them; the server refuses them beside Recreate."""
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    for strategy in (rolling, {"type": "Recreate"}, rolling):
        body = manifests.deployment(space, "turned", replicas=0, spec={"strategy": strategy})
        assert api.apply("deployments.apps", body, force="true").ok()["spec"]["strategy"] == strategy


def test_pods_that_want_to_be_beside_each_other_share_a_node(api: Api, space: str) -> None:
    """The first of them begins where it fits, though nobody is there yet."""
    together = manifests.beside(app="together")
    api.create("deployments.apps", manifests.deployment(space, "together", web(), replicas=3, **together))
    api.until("deployments.apps", space, "together", complete)
    pods = api.items("pods", space, labelSelector="app=together")
    assert len(pods) == 3
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 1


def test_scale_up_and_down_makes_no_revision(api: Api, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "scaled", web()))
    api.until("deployments.apps", space, "scaled", complete)
    scale = path("deployments.apps", space, "scaled", "scale")
    for wanted in (3, 1):
        api.patch(scale, {"spec": {"replicas": wanted}}).ok()
        found = api.until("deployments.apps", space, "scaled", complete)
        assert found["status"]["readyReplicas"] == wanted
    assert set(sets_of(api, space, "scaled")) == {"1"}
    assert api.get(scale).ok()["status"]["replicas"] == 1


def test_scale_to_zero_is_complete_and_available(api: Api, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "asleep", replicas=0))
    found = api.until(
        "deployments.apps", space, "asleep", lambda one: condition(one, "Progressing").get("reason") is not None
    )
    found = api.until("deployments.apps", space, "asleep", lambda one: condition(one, "Available"))
    assert condition(found, "Available")["status"] == "True"
    assert "replicas" not in found["status"]


def test_paused_rollout_says_so_and_makes_no_pods_of_the_new(api: Api, space: str) -> None:
    api.create("deployments.apps", manifests.deployment(space, "paused", web()))
    api.until("deployments.apps", space, "paused", complete)
    where = path("deployments.apps", space, "paused")
    new = {"template": {"spec": {"containers": [{"name": "web", "image": "10.89.0.1:5000/hello:v2"}]}}}
    api.patch(where, {"spec": {"paused": True} | new}, STRATEGIC).ok()
    found = api.until(
        "deployments.apps",
        space,
        "paused",
        lambda one: (
            condition(one, "Progressing")["reason"] == "DeploymentPaused"
            and one["status"]["observedGeneration"] == one["metadata"]["generation"]
        ),
    )
    assert condition(found, "Progressing")["status"] == "Unknown"
    assert condition(found, "Progressing")["message"] == "Deployment is paused"
    assert "updatedReplicas" not in found["status"]
    api.patch(where, {"spec": {"paused": False}}).ok()
    resumed = api.until("deployments.apps", space, "paused", complete)
    assert resumed["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":v2")
