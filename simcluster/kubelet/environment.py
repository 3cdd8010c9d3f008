"""A container's environment, from its spec and the objects that it names; the refusals are the kubelet's."""

import base64
import re
from typing import Any

from simcluster.store import Store

REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.\-][A-Za-z0-9_.\-]*)\)")


class ConfigError(Exception):
    """A CreateContainerConfigError: the text is what the pod's status shows."""


def resolve(store: Store, pod: dict, container: dict, pod_ip: str) -> dict[str, str]:
    """Names and values. Raises ConfigError for a secret, config map or key that is missing and not optional."""
    namespace = pod["metadata"]["namespace"]
    found: dict[str, str] = {"PATH": "/bin", "HOSTNAME": pod["metadata"]["name"]}
    for source in container.get("envFrom") or ():
        found.update(_all_of(store, namespace, source))
    for variable in container.get("env") or ():
        if "valueFrom" in variable:
            value = _value_from(store, pod, variable["valueFrom"], container, pod_ip)
            if value is not None:
                found[variable["name"]] = value
        else:
            found[variable["name"]] = expand(variable.get("value", ""), found)
    return found


def expand(text: str, known: dict[str, str]) -> str:
    """`$(NAME)` as Kubernetes expands it: unknown names stay, `$$` is a dollar sign."""
    return REFERENCE.sub(lambda m: "$" if m[0] == "$$" else known.get(m[1], m[0]), text)


def _all_of(store: Store, namespace: str, source: dict) -> dict[str, str]:
    prefix = source.get("prefix", "")
    for field, resource in (("configMapRef", "configmaps"), ("secretRef", "secrets")):
        reference = source.get(field)
        if reference is None:
            continue
        obj = store.get(resource, namespace, reference.get("name", ""))
        if obj is None:
            if reference.get("optional"):
                return {}
            raise ConfigError(f'{resource[:-1]} "{reference.get("name", "")}" not found')
        return {prefix + key: value for key, value in content(obj).items()}
    return {}


def _value_from(store: Store, pod: dict, source: dict, container: dict, pod_ip: str) -> str | None:
    namespace = pod["metadata"]["namespace"]
    for field, resource, kind in (
        ("secretKeyRef", "secrets", "Secret"),
        ("configMapKeyRef", "configmaps", "ConfigMap"),
    ):
        reference = source.get(field)
        if reference is None:
            continue
        name, key = reference.get("name", ""), reference["key"]
        obj = store.get(resource, namespace, name)
        if obj is None:
            if reference.get("optional"):
                return None
            raise ConfigError(f'{resource[:-1]} "{name}" not found')
        values = content(obj)
        if key not in values:
            if reference.get("optional"):
                return None
            raise ConfigError(f"couldn't find key {key} in {kind} {namespace}/{name}")
        return values[key]
    if "fieldRef" in source:
        return field_of(pod, source["fieldRef"]["fieldPath"], pod_ip)
    if "resourceFieldRef" in source:
        return _resource(container, source["resourceFieldRef"].get("resource", ""))
    return None


def content(obj: dict) -> dict[str, str]:
    """The keys of a Secret or ConfigMap as text."""
    data = obj.get("data") or {}
    if obj.get("kind") == "Secret":
        return {key: base64.b64decode(value or "").decode(errors="replace") for key, value in data.items()}
    return dict(data)


def field_of(pod: dict, path: str, pod_ip: str) -> str:
    """The downward API's fields."""
    metadata, spec = pod["metadata"], pod["spec"]
    plain: dict[str, Any] = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
        "status.podIP": pod_ip,
        "status.podIPs": pod_ip,
        "status.hostIP": (pod.get("status") or {}).get("hostIP", ""),
    }
    if path in plain:
        return str(plain[path])
    chosen = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    return (metadata.get(chosen[1]) or {}).get(chosen[2], "") if chosen else ""


def _resource(container: dict, name: str) -> str:
    kind, _, resource = name.partition(".")
    return str(((container.get("resources") or {}).get(kind) or {}).get(resource, "0"))
