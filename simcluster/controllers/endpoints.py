"""Endpoints and EndpointSlices of each Service with a selector, from the pods it selects.

Shapes follow k8s.io/kubernetes/pkg/controller/endpoint and k8s.io/endpointslice of 1.37.
"""

from collections.abc import Iterable
from typing import Any

from simcluster.controllers.ownership import controller_reference, is_ready
from simcluster.controllers.queue import Controller, Key

SLICES = "endpointslices.discovery.k8s.io"
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_SLICE = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
MANAGED_ENDPOINTS = {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
FINAL = ("Succeeded", "Failed")


class ServiceEndpoints(Controller):
    watches = ("services", "pods")
    synced = "services"
    component = "endpoint-controller"

    def keys(self, change: str, resource: str, obj: dict, old: dict | None) -> Iterable[Key]:
        metadata = obj["metadata"]
        if change == "MODIFIED" and old is not None and _seen(obj) == _seen(old):
            return ()
        services = self.store.list("services", metadata["namespace"])
        labels = [metadata.get("labels") or {}, (old or obj)["metadata"].get("labels") or {}]
        return [
            (metadata["namespace"], one["metadata"]["name"])
            for one in services
            if one["spec"].get("selector") and any(_selected(one, each) for each in labels)
        ]

    async def sync(self, key: Key) -> float | None:
        service = self.store.get("services", *key)
        if service is None:
            if self.store.get("endpoints", *key) is not None:
                self.store.delete("endpoints", *key)
            return None
        if not service["spec"].get("selector") or service["metadata"].get("deletionTimestamp"):
            return None
        namespace = self.store.get("namespaces", None, key[0])
        if namespace is None or namespace["metadata"].get("deletionTimestamp"):
            return None
        pods = [pod for pod in self.store.list("pods", key[0]) if _counts(service, pod)]
        pods.sort(key=lambda pod: pod["metadata"]["name"])
        self._write_endpoints(key, service, pods)
        self._write_slice(key, service, pods)
        return None

    def _write_endpoints(self, key: Key, service: dict, pods: list[dict]) -> None:
        alive = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
        everyone = service["spec"].get("publishNotReadyAddresses", False)
        subsets: dict[str, dict[str, Any]] = {}
        for pod in alive:
            ports = _ports(service, pod)
            subset = subsets.setdefault(str(ports), {"ports": ports})
            kind = "addresses" if everyone or is_ready(pod) else "notReadyAddresses"
            subset.setdefault(kind, []).append(_address(pod))
        wanted = [_ordered(one) for one in subsets.values()]
        labels = {**(service["metadata"].get("labels") or {}), **MANAGED_ENDPOINTS}
        if service["spec"].get("clusterIP") == "None":
            labels["service.kubernetes.io/headless"] = ""
        if self.store.get("endpoints", *key) is None:
            metadata = {"name": key[1], "namespace": key[0], "labels": labels, "annotations": _trigger(pods)}
            self.store.create("endpoints", {"metadata": metadata, **({"subsets": wanted} if wanted else {})})
            return

        def change(copy: dict) -> None:
            if (copy.get("subsets") or []) == wanted:
                return
            copy["subsets"] = wanted
            if not wanted:
                del copy["subsets"]
            copy["metadata"]["annotations"] = _trigger(pods)

        self.store.modify("endpoints", *key, change)

    def _write_slice(self, key: Key, service: dict, pods: list[dict]) -> None:
        slices = [one for one in self.store.by_owner(service["metadata"]["uid"]) if one["kind"] == "EndpointSlice"]
        endpoints = [_endpoint(pod, service) for pod in pods]
        ports = _slice_ports(service, pods)
        if not slices:
            labels = {**(service["metadata"].get("labels") or {}), **MANAGED_SLICE, SERVICE_NAME: key[1]}
            metadata = {
                "generateName": f"{key[1]}-",
                "namespace": key[0],
                "labels": labels,
                "annotations": _trigger(pods),
                "ownerReferences": [controller_reference(service)],
            }
            body = {"addressType": "IPv4", "endpoints": endpoints, "ports": ports}
            self.store.create(SLICES, {"metadata": metadata, **body})
            return

        def change(copy: dict) -> None:
            if copy.get("endpoints") != endpoints or copy.get("ports") != ports:
                copy["endpoints"], copy["ports"] = endpoints, ports
                copy["metadata"]["annotations"] = _trigger(pods)

        self.store.modify(SLICES, key[0], slices[0]["metadata"]["name"], change)


def _seen(pod: dict) -> tuple:
    """What of a pod shows in endpoints."""
    status, metadata = pod.get("status") or {}, pod["metadata"]
    return (
        metadata.get("labels"),
        bool(metadata.get("deletionTimestamp")),
        status.get("podIP"),
        is_ready(pod),
        status.get("phase") in FINAL,
    )


def _selected(service: dict, labels: dict[str, str]) -> bool:
    return all(labels.get(key) == value for key, value in service["spec"]["selector"].items())


def _counts(service: dict, pod: dict) -> bool:
    status = pod.get("status") or {}
    selected = _selected(service, pod["metadata"].get("labels") or {})
    return selected and bool(status.get("podIP")) and status.get("phase") not in FINAL


def _target(pod: dict) -> dict[str, str]:
    metadata = pod["metadata"]
    return {"kind": "Pod", "name": metadata["name"], "namespace": metadata["namespace"], "uid": metadata["uid"]}


def _address(pod: dict) -> dict[str, Any]:
    return {"ip": pod["status"]["podIP"], "nodeName": pod["spec"].get("nodeName"), "targetRef": _target(pod)}


def _ordered(subset: dict) -> dict[str, Any]:
    """addresses before notReadyAddresses before ports; a service without ports has none."""
    return {key: subset[key] for key in ("addresses", "notReadyAddresses", "ports") if subset.get(key)}


def _ports(service: dict, pod: dict | None) -> list[dict[str, Any]]:
    found = []
    for port in service["spec"].get("ports") or ():
        number = _target_port(port, pod)
        if number is not None:
            named = {"name": port["name"]} if port.get("name") else {}
            found.append({**named, "port": number, "protocol": port.get("protocol", "TCP")})
    return found


def _target_port(port: dict, pod: dict | None) -> int | None:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target or port["port"]
    for container in (pod or {"spec": {"containers": []}})["spec"]["containers"]:
        for one in container.get("ports") or ():
            if one.get("name") == target:
                return int(one["containerPort"])
    return None


def _slice_ports(service: dict, pods: list[dict]) -> list[dict[str, Any]]:
    if not pods:
        return []
    return [{"name": "", **one} for one in _ports(service, pods[0])]


def _endpoint(pod: dict, service: dict) -> dict[str, Any]:
    serving = is_ready(pod)
    terminating = bool(pod["metadata"].get("deletionTimestamp"))
    everyone = service["spec"].get("publishNotReadyAddresses", False)
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": everyone or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "nodeName": pod["spec"].get("nodeName"),
        "targetRef": _target(pod),
    }


def _trigger(pods: list[dict]) -> dict[str, str]:
    """When the pods last changed."""
    times = [
        one["lastTransitionTime"]
        for pod in pods
        for one in (pod.get("status") or {}).get("conditions") or ()
        if one["type"] == "Ready"
    ]
    return {TRIGGER: max(times)} if times else {}
