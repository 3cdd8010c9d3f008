"""What the tests of rollouts share."""

from __future__ import annotations

from typing import Any

from . import manifests
from .api import STRATEGIC, Api, path

REVISION = "deployment.kubernetes.io/revision"


def web(**parts: Any) -> dict[str, Any]:
    probe = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1}
    return manifests.container(ports=[{"containerPort": 8080}], readinessProbe=probe, **parts)


def complete(thing: dict[str, Any]) -> bool:
    status, wanted = thing["status"], thing["spec"]["replicas"]
    return (
        status.get("observedGeneration") == thing["metadata"]["generation"]
        and status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
    )


def revision(thing: dict[str, Any]) -> str:
    return thing["metadata"]["annotations"][REVISION]


def roll_out(api: Api, space: str, name: str, **image: str) -> dict[str, Any]:
    """Sets the image (and so begins a rollout), awaits its end, gives the Deployment."""
    change = {"spec": {"template": {"spec": {"containers": [{"name": "web", **image}]}}}}
    api.patch(path("deployments.apps", space, name), change, STRATEGIC).ok()
    return api.until("deployments.apps", space, name, complete)


def sets_of(api: Api, space: str, name: str) -> dict[str, dict[str, Any]]:
    """The Deployment's ReplicaSets by revision."""
    found = api.items("replicasets.apps", space, labelSelector=f"app={name}")
    return {revision(one): one for one in found}
