"""Every way in which a pod does not get to run: the pods, begun at once, and how each is awaited.

The slow ones (back-off, probes) so wait together; the fixture `stuck` is the namespace that holds them all.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from . import manifests
from .api import Api
from .manifests import BUSYBOX, GUARDED, ROOT, container

PROBE = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}
NOT_READY = [{"name": "NOT_READY", "value": "1"}]
FROM_SECRET = {"secretKeyRef": {"name": "gone", "key": "k"}}
FROM_KEY = {"secretKeyRef": {"name": "there", "key": "k"}}
FROM_CONFIG = {"configMapKeyRef": {"name": "gone", "key": "k"}}
MOUNT = [{"name": "d", "mountPath": "/d"}]


def from_claim(name: str) -> dict[str, Any]:
    return {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": name}}]}


def login(space: str, name: str, user: str, password: str) -> dict[str, Any]:
    """A pull secret for the registry that wants a login."""
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    config = json.dumps({"auths": {"10.89.0.1:5001": {"username": user, "password": password, "auth": auth}}})
    return manifests.secret(space, name, **{".dockerconfigjson": config}) | {"type": "kubernetes.io/dockerconfigjson"}


PODS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # name: (container, the pod's further parts)
    "tag-missing": (container("10.89.0.1:5000/hello:none"), {}),
    "repository-missing": (container("10.89.0.1:5000/nothing:v1"), {}),
    "login-wanted": (container(GUARDED), {}),
    "login-gone": (container(GUARDED), {"imagePullSecrets": [{"name": "login-v1"}]}),
    "login-refused": (container(GUARDED), {"imagePullSecrets": [{"name": "wrong"}]}),
    "login-right": (container(GUARDED), {"imagePullSecrets": [{"name": "right"}]}),
    "registry-down": (container("10.89.0.1:5999/hello:v1"), {}),
    "registry-unknown": (container("registry.nothing.test/hello:v1"), {}),
    "image-malformed": (container("10.89.0.1:5000/Hello:v1"), {}),
    "crashes": (container(args=["exit", "3", "out of luck"]), {}),
    "ends-well": (container(args=["exit", "0", "that was it"]), {}),
    "out-of-memory": (container(env=[{"name": "EAT_MIB", "value": "200"}]), {}),
    "command-missing": (container(command=["/bin/nothing"]), {}),
    "liveness": (container(env=NOT_READY, livenessProbe=PROBE), {}),
    "startup": (container(env=NOT_READY, startupProbe=PROBE), {}),
    "never-ready": (container(env=NOT_READY, readinessProbe=PROBE), {}),
    "wrong-port": (container(readinessProbe=PROBE | {"httpGet": {"path": "/ready", "port": 9}}), {}),
    "secret-missing": (container(env=[{"name": "A", "valueFrom": FROM_SECRET}]), {}),
    "key-missing": (container(env=[{"name": "A", "valueFrom": FROM_KEY}]), {}),
    "config-missing": (container(env=[{"name": "A", "valueFrom": FROM_CONFIG}]), {}),
    "env-from-missing": (container(envFrom=[{"secretRef": {"name": "gone"}}]), {}),
    "secret-volume": (container(volumeMounts=MOUNT), {"volumes": [{"name": "d", "secret": {"secretName": "gone"}}]}),
    "config-volume": (container(volumeMounts=MOUNT), {"volumes": [{"name": "d", "configMap": {"name": "gone"}}]}),
    "as-root": (container(ROOT), {}),
    "too-big": (container(requests={"cpu": "900"}, limits={}), {}),
    "no-such-node": (container(), {"nodeSelector": {"no": "such"}}),
    "nobody-there": (container(), manifests.beside(app="nobody")),
    "claim-missing": (container(volumeMounts=MOUNT), from_claim("gone")),
    "claim-unbound": (container(volumeMounts=MOUNT), from_claim("unbound")),
    "init-fails": (
        container(),
        {"initContainers": [container(BUSYBOX, name="init", command=["sh", "-c", "echo no; exit 4"])]},
    ),
}


def begin(api: Api, space: str) -> None:
    """Makes all the pods in the namespace, with the secrets and claims that they do find."""
    api.create("secrets", manifests.secret(space, "there", other="1"))
    api.create("secrets", login(space, "wrong", "robot", "herring"))
    api.create("secrets", login(space, "right", "robot", "swordfish"))
    api.create("persistentvolumeclaims", manifests.claim(space, "unbound", storage_class="nothing"))
    api.create("persistentvolumeclaims", manifests.claim(space, "waits", storage_class="late"))
    for name, (one, parts) in PODS.items():
        api.create("pods", manifests.pod(space, name, one, **parts))


def status_of(pod: dict[str, Any], kind: str = "containerStatuses") -> dict[str, Any]:
    return (pod["status"].get(kind) or [{}])[0]


def until_waiting(api: Api, space: str, name: str, reason: str, text: str = "") -> dict[str, Any]:
    """The container's status once it waits for that reason, with `text` in the message."""
    pod = api.until(
        "pods",
        space,
        name,
        lambda pod: (
            (waiting := status_of(pod).get("state", {}).get("waiting", {})).get("reason") == reason
            and text in waiting.get("message", "")
        ),
        timeout=90,
    )
    return status_of(pod)


def until_crashed(api: Api, space: str, name: str) -> dict[str, Any]:
    """How the container ended last, once it is in CrashLoopBackOff."""
    one = until_waiting(api, space, name, "CrashLoopBackOff")
    assert re.fullmatch(
        rf"back-off \d+\w* restarting failed container=web pod={name}_{space}\([0-9a-f-]{{36}}\)",
        one["state"]["waiting"]["message"],
    )
    assert one["restartCount"] >= 1
    assert one["ready"] is False
    return one["lastState"]["terminated"]
