"""The objects that the tests make: small, valid under Pod Security `restricted`, and each part replaceable."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

HELLO = "10.89.0.1:5000/hello:v1"
BUSYBOX = "10.89.0.1:5000/busybox:1.35"
ROOT = "10.89.0.1:5000/root:v1"
GUARDED = "10.89.0.1:5001/hello:v1"
NOWHERE: Object = {"nodeSelector": {"no": "such"}}
"""Part of a pod that no node takes: it is admitted and counted, and costs nothing."""
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def namespace(name: str, **labels: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def config_map(space: str, name: str, data: dict[str, str] | None = None, **meta: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": space, **meta},
        "data": {"key": "value"} if data is None else data,
    }


def secret(space: str, name: str, **values: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": space},
        "stringData": values,
    }


def container(image: str = HELLO, **parts: Any) -> Object:
    """One container named `web` with small requests; `requests`, `limits` and any field replace its own."""
    requests = parts.pop("requests", {"cpu": "5m", "memory": "16Mi"})
    limits = parts.pop("limits", {"memory": "64Mi"})
    made: Object = {"name": "web", "image": image, "securityContext": dict(RESTRICTED)}
    if requests or limits:
        made["resources"] = {"requests": requests, "limits": limits}
    return made | parts


def pod_spec(one: Object | None = None, **parts: Any) -> Object:
    """A pod of one container that stops at once when told to."""
    return {
        "containers": [one or container()],
        "terminationGracePeriodSeconds": 1,
        "enableServiceLinks": False,
    } | parts


def beside(**labels: str) -> Object:
    """The part of a pod by which it runs only on a node where a pod with these labels runs."""
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    return {"affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def pod(space: str, name: str, one: Object | None = None, **parts: Any) -> Object:
    labels = parts.pop("labels", {"app": name})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": space, "labels": labels},
        "spec": pod_spec(one, **parts),
    }


def deployment(space: str, name: str, one: Object | None = None, *, replicas: int = 1, **parts: Any) -> Object:
    """A Deployment whose pods carry `app: NAME`. `spec=` merges into the Deployment's spec, the rest into the pod's."""
    labels = {"app": name}
    spec = parts.pop("spec", {})
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": space, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(one, **parts)},
        }
        | spec,
    }


def service(space: str, name: str, **spec: Any) -> Object:
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": space},
        "spec": {"selector": {"app": name}, "ports": ports} | spec,
    }


def quota(space: str, name: str, **hard: str) -> Object:
    """A ResourceQuota; a name with dots or slashes is given by `hard=` as `**{"requests.cpu": "1"}`."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": name, "namespace": space},
        "spec": {"hard": hard},
    }


def limit_range(space: str, name: str, *limits: Object) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": name, "namespace": space},
        "spec": {"limits": list(limits)},
    }


def claim(space: str, name: str, size: str = "1Mi", storage_class: str | None = None) -> Object:
    spec: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": space},
        "spec": spec,
    }
