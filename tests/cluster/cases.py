"""The ways in which an app does not run: what to write into a cluster to bring each about.

A case's `name` is the name of its recordings; what a diagnosis must say of it is in test_diagnosis.py.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from cluster.specs import AppSpec, HealthCheck, Owner, SecretFiles, SecretRef, VolumeMount, VolumeSpec

MIB = 1024**2
REGISTRY = "10.89.0.1:5000"
OWNER = Owner(team="diag", namespace_id="1", operation="op-1")
FAILS = "/read?path=/nothing"
"""A path of hello's that answers 502."""
Change = Callable[[dict[str, Any]], None]


def unchanged(_: dict[str, Any]) -> None:
    """The Deployment as Berth writes it."""


@dataclass(frozen=True)
class Case:
    """`spec_changes` are fields of the AppSpec; `deployment` changes the manifest where the AppSpec cannot say it."""

    name: str
    spec_changes: dict[str, Any] = field(default_factory=dict)
    deployment: Change = unchanged
    first: bool = False  # a healthy release 1 runs before
    before: tuple[dict[str, Any], ...] = ()
    claims: tuple[tuple[str, str], ...] = ()  # name, storage class

    def spec(self, namespace: str, number: int) -> AppSpec:
        healthy = AppSpec(
            name="web",
            namespace=namespace,
            owner=OWNER,
            release=number,
            generation=number,
            image=f"{REGISTRY}/hello:v1",
            port=8080,
            replicas=1,
            cpu=10,
            memory=32 * MIB,
            health=HealthCheck(kind="http", path="/ready", period=2, start_seconds=30),
        )
        if self.first and number == 1:
            return replace(healthy, replicas=self.spec_changes.get("replicas", 1))
        return replace(healthy, **self.spec_changes)

    def change(self, manifest: dict[str, Any], number: int) -> None:
        if not (self.first and number == 1):
            self.deployment(manifest)

    def volumes(self, namespace: str) -> list[VolumeSpec]:
        return [
            VolumeSpec(name=name, namespace=namespace, owner=OWNER, size=MIB, storage_class=kind)
            for name, kind in self.claims
        ]


def pod(manifest: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = manifest["spec"]["template"]["spec"]
    return found


def container(manifest: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = pod(manifest)["containers"][0]
    return found


def liveness_of_nothing(manifest: dict[str, Any]) -> None:
    web = container(manifest)
    web.pop("startupProbe")
    ask = {"httpGet": {"path": FAILS, "port": 8080}}
    web["readinessProbe"] = {"tcpSocket": {"port": 8080}, "periodSeconds": 1}
    web["livenessProbe"] = {**ask, "periodSeconds": 1, "failureThreshold": 2}


def without_startup_probe(manifest: dict[str, Any]) -> None:
    container(manifest).pop("startupProbe")


def environment_from_config_map(manifest: dict[str, Any]) -> None:
    container(manifest)["envFrom"] = [{"configMapRef": {"name": "gone"}}]


def without_memory(manifest: dict[str, Any]) -> None:
    container(manifest)["resources"] = {"requests": {"cpu": "10m"}}


def privileged(manifest: dict[str, Any]) -> None:
    container(manifest)["securityContext"] = {"privileged": True}


def on_no_node(manifest: dict[str, Any]) -> None:
    pod(manifest)["nodeSelector"] = {"disk": "none"}


def failing_init(manifest: dict[str, Any]) -> None:
    web = container(manifest)
    first = {"name": "setup", "image": web["image"], "args": ["exit", "4", "no database"]}
    pod(manifest)["initContainers"] = [{**first, "securityContext": web["securityContext"]}]


def scratch(manifest: dict[str, Any]) -> None:
    pod(manifest)["volumes"] = [{"name": "d", "emptyDir": {"sizeLimit": "1Mi"}}]
    web = container(manifest)
    web["volumeMounts"] = [{"name": "d", "mountPath": "/scratch"}]
    web["command"] = ["sh", "-c", "sleep 5; head -c 5000000 /dev/zero > /scratch/full; sleep 1000"]
    for probe in ("startupProbe", "readinessProbe"):
        web.pop(probe)


def paused(manifest: dict[str, Any]) -> None:
    manifest["spec"]["paused"] = True


def quota(**hard: str) -> dict[str, Any]:
    limits = {key.replace("__", "."): value for key, value in hard.items()}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "berth"}, "spec": {"hard": limits}}


def limit_range(memory: str) -> dict[str, Any]:
    limits = [{"type": "Container", "max": {"memory": memory}}]
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "berth"}, "spec": {"limits": limits}}


def secret(name: str, **values: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}


def registry_login(name: str, host: str, user: str, word: str) -> dict[str, Any]:
    auth = base64.b64encode(f"{user}:{word}".encode()).decode()
    config = json.dumps({"auths": {host: {"username": user, "password": word, "auth": auth}}})
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/dockerconfigjson",
        "metadata": {"name": name},
        "stringData": {".dockerconfigjson": config},
    }


def files(name: str, key: str) -> tuple[SecretFiles, ...]:
    return (SecretFiles(name="config", path="/etc/config", items=(SecretRef(name, key),)),)


SLOW = {"START_DELAY": "15s"}

CASES: tuple[Case, ...] = (
    Case("image_missing", {"image": f"{REGISTRY}/hello:nope", "replicas": 4}, first=True),
    Case("repository_missing", {"image": f"{REGISTRY}/nothing:v1"}),
    Case("registry_login", {"image": "10.89.0.1:5001/hello:v1"}),
    Case(
        "registry_refused",
        {"image": "10.89.0.1:5001/hello:v1", "pull_secret": "login"},
        before=(registry_login("login", "10.89.0.1:5001", "robot", "wrong"),),
    ),
    Case("registry_unreachable", {"image": "10.89.0.1:5999/hello:v1"}),
    Case("registry_name", {"image": "registry.invalid/hello:v1"}),
    Case("image_name", {"image": f"{REGISTRY}/Hello:v1"}),
    Case("crash", {"args": ("exit", "3", "no database"), "replicas": 2}, first=True),
    Case("crash_alone", {"args": ("exit", "3", "no database")}),
    Case("crash_later", {"env": {"CRASH_AFTER": "6s"}}),
    Case("completed", {"args": ("exit", "0", "done")}),
    Case("memory", {"env": {"EAT_MIB": "100"}}),
    Case("command_missing", {"command": ("/bin/nothing",)}),
    Case("liveness", deployment=liveness_of_nothing),
    Case("startup", {"health": HealthCheck(kind="http", path=FAILS, period=2, start_seconds=6)}),
    Case("secret_missing", {"secret_env": {"TOKEN": SecretRef("gone", "k")}}),
    Case("secret_key_missing", {"secret_env": {"TOKEN": SecretRef("here", "k")}}, before=(secret("here", a="1"),)),
    Case("config_map_missing", deployment=environment_from_config_map),
    Case("secret_file_missing", {"secret_files": files("gone", "k")}),
    Case("secret_file_key_missing", {"secret_files": files("here", "k")}, before=(secret("here", a="1"),)),
    Case("root_image", {"image": f"{REGISTRY}/root:v1"}),
    Case("pod_security", deployment=privileged),
    Case("quota_full", {"replicas": 3}, before=(quota(requests__cpu="20m"),)),
    Case("quota_surge", {"image": f"{REGISTRY}/hello:v2"}, first=True, before=(quota(requests__cpu="10m"),)),
    Case("quota_demands", deployment=without_memory, before=(quota(limits__memory="1Gi"),)),
    Case("limit_range", {"memory": 64 * MIB}, before=(limit_range("32Mi"),)),
    Case("no_room", {"cpu": 100_000}),
    Case("no_node", deployment=on_no_node),
    Case("claim_missing", {"volumes": (VolumeMount("data", "/data"),)}),
    Case("claim_unbound", {"volumes": (VolumeMount("data", "/data"),)}, claims=(("data", "nothing"),)),
    Case("claim_late", {"volumes": (VolumeMount("data", "/data"),)}, claims=(("data", "late"),)),
    Case("not_ready", {"env": {"NOT_READY": "1"}}, deployment=without_startup_probe),
    Case("wrong_port", {"port": 9090}, deployment=without_startup_probe),
    Case("starting_slowly", {"env": {"START_DELAY": "1h"}, "health": HealthCheck("http", "/ready", 2, 600)}),
    Case("init", deployment=failing_init),
    Case("scratch", deployment=scratch),
    Case("paused", {"image": f"{REGISTRY}/hello:v2"}, deployment=paused, first=True),
    Case("running", {"replicas": 3}),
    Case("rolling", {"image": f"{REGISTRY}/hello:v2", "replicas": 4, "env": SLOW}, first=True),
    Case("stopped", {"replicas": 0}, first=True),
)
