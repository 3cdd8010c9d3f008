"""Rules of Service, claims, Secret, ConfigMap, ResourceQuota, LimitRange, Namespace, NetworkPolicy, RoleBinding."""

import base64
import re
from typing import Any

import orjson

from simcluster.errors import Cause
from simcluster.quantities import canonical, parse
from simcluster.validation.causes import duplicate, forbidden, required, unsupported, wrong
from simcluster.validation.names import label, labels, subdomain
from simcluster.validation.pods import PORT_RANGE, PROTOCOLS, port_name

Obj = dict[str, Any]
KEY = re.compile(r"[-._a-zA-Z0-9]+")
KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
SECRET_MAX = 1024 * 1024
QUOTA_NAMES = frozenset(
    [
        "cpu",
        "memory",
        "ephemeral-storage",
        "requests.cpu",
        "requests.memory",
        "requests.storage",
        "requests.ephemeral-storage",
        "limits.cpu",
        "limits.memory",
        "limits.ephemeral-storage",
        "pods",
        "services",
        "services.nodeports",
        "services.loadbalancers",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "resourcequotas",
        "replicationcontrollers",
    ]
)
POD_SECURITY = tuple(f"pod-security.kubernetes.io/{mode}" for mode in ("audit", "enforce", "warn"))


def service(obj: Obj) -> list[Cause]:
    spec = obj["spec"]
    ports = spec.get("ports") or []
    kind = spec.get("type")
    found: list[Cause] = []
    if not ports and kind != "ExternalName" and spec.get("clusterIP") != "None":
        found.append(required("spec.ports"))
    if kind == "ExternalName" and not spec.get("externalName"):
        found.append(required("spec.externalName"))
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        found += _service_port(port, f"spec.ports[{index}]", len(ports) > 1)
        key = (port.get("port"), port.get("protocol"))
        if key in seen:
            shown = {
                "Name": "",
                "Protocol": key[1],
                "AppProtocol": None,
                "Port": key[0],
                "TargetPort": 0,
                "NodePort": 0,
            }
            found.append(duplicate(f"spec.ports[{index}]", shown))
        seen.add(key)
    if kind not in SERVICE_TYPES:
        found.append(unsupported("spec.type", kind, SERVICE_TYPES))
    if spec.get("sessionAffinity") not in ("ClientIP", "None"):
        found.append(unsupported("spec.sessionAffinity", spec.get("sessionAffinity"), ("ClientIP", "None")))
    return found + labels(spec.get("selector"), "spec.selector")


def _service_port(port: Obj, at: str, named: bool) -> list[Cause]:
    found: list[Cause] = []
    if named and not port.get("name"):
        found.append(required(f"{at}.name"))
    elif port.get("name"):
        found += label(f"{at}.name", port["name"])
    number, target = port.get("port", 0), port.get("targetPort")
    if not 0 < number < 65536:
        found.append(wrong(f"{at}.port", number, PORT_RANGE))
    if port.get("protocol") not in PROTOCOLS:
        found.append(unsupported(f"{at}.protocol", port.get("protocol"), PROTOCOLS))
    if isinstance(target, int) and not 0 < target < 65536:
        found.append(wrong(f"{at}.targetPort", target, PORT_RANGE))
    elif isinstance(target, str):
        found += port_name(f"{at}.targetPort", target)
    return found


def claim(obj: Obj) -> list[Cause]:
    spec = obj["spec"]
    modes = spec.get("accessModes") or []
    found: list[Cause] = []
    if not modes:
        found.append(required("spec.accessModes", "at least 1 access mode is required"))
    found += [unsupported("spec.accessModes", mode, MODES) for mode in modes if mode not in MODES]
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        told = "may not use ReadWriteOncePod with other access modes"
        found.append(forbidden("spec.accessModes", told))
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if size is None:
        found.append(required("spec.resources[storage]"))
    elif parse(size) <= 0:
        found.append(wrong("spec.resources[storage]", size, "must be greater than zero"))
    if spec.get("storageClassName"):
        found += subdomain("spec.storageClassName", spec["storageClassName"])
    return found


def secret(obj: Obj) -> list[Cause]:
    data = obj.get("data") or {}
    found = _keys(data, "data")
    kind = obj.get("type")
    needed: tuple[str, ...] = ()
    if kind == "kubernetes.io/tls":
        needed = ("tls.crt", "tls.key")
    elif kind == "kubernetes.io/ssh-auth":
        needed = ("ssh-privatekey",)
    elif kind == "kubernetes.io/dockerconfigjson":
        needed = (".dockerconfigjson",)
    found += [required(f"data[{name}]") for name in needed if name not in data]
    if needed == (".dockerconfigjson",) and ".dockerconfigjson" in data:
        found += _docker(data[".dockerconfigjson"])
    if sum(len(value) * 3 // 4 for value in data.values()) > SECRET_MAX:
        found.append(("FieldValueTooLong", "data", f"Too long: may not be more than {SECRET_MAX} bytes"))
    return found


def _docker(text: str) -> list[Cause]:
    raw = base64.b64decode(text)
    try:
        orjson.loads(raw)
    except orjson.JSONDecodeError:
        first = raw[:1].decode(errors="replace")
        told = f"invalid character '{first}' looking for beginning of value" if raw else "unexpected end of JSON input"
        return [wrong("data[.dockerconfigjson]", "<secret contents redacted>", told)]
    return []


def config_map(obj: Obj) -> list[Cause]:
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    found = _keys(data, "data") + _keys(binary, "binaryData")
    found += [
        wrong(f"data[{key}]", key, "duplicate of key present in binaryData") for key in sorted(set(data) & set(binary))
    ]
    size = sum(len(value.encode()) for value in data.values()) + sum(len(value) * 3 // 4 for value in binary.values())
    if size > SECRET_MAX:
        found.append(("FieldValueTooLong", "[]", f"Too long: may not be more than {SECRET_MAX} bytes"))
    return found


def _keys(data: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    for key in sorted(data, key=lambda key: (key == "..", key)):
        if not KEY.fullmatch(key):
            found.append(wrong(f"{at}[{key}]", key, KEY_TEXT))
        if len(key) > 253:
            found.append(wrong(f"{at}[{key}]", key, "must be no more than 253 characters"))
        if key in (".", ".."):
            found.append(wrong(f"{at}[{key}]", key, f"must not be '{key}'"))
    return found


def quota(obj: Obj) -> list[Cause]:
    found: list[Cause] = []
    for name, text in sorted(((obj.get("spec") or {}).get("hard") or {}).items()):
        field = f"spec.hard[{name}]"
        if (
            name not in QUOTA_NAMES
            and "/" not in name
            and not name.startswith(("requests.", "limits.hugepages", "hugepages-"))
        ):
            found.append(wrong(field, name, "must be a standard resource type or fully qualified"))
            found.append(wrong(field, name, "must be a standard resource for quota"))
        if parse(text) < 0:
            found.append(wrong(field, text, "must be greater than or equal to 0"))
        elif name.startswith(("pods", "count/", "services", "secrets", "configmaps", "persistentvolumeclaims")):
            found += [] if parse(text).denominator == 1 else [wrong(field, text, "must be an integer")]
    return found


def limit_range(obj: Obj) -> list[Cause]:
    found: list[Cause] = []
    for index, item in enumerate((obj.get("spec") or {}).get("limits") or ()):
        at = f"spec.limits[{index}]"
        kind = item.get("type")
        if kind not in ("Container", "Pod", "PersistentVolumeClaim") and "/" not in str(kind):
            found.append(wrong(f"{at}.type", kind, "must be a standard limit type or fully qualified"))
        for part in ("default", "defaultRequest"):
            if kind == "Pod" and item.get(part):
                found.append(forbidden(f"{at}.{part}", "may not be specified when `type` is 'Pod'"))
        held = [item.get(part) or {} for part in ("min", "max", "default", "defaultRequest")]
        for name in sorted({name for part in held for name in part}):
            found += _limit(at, name, *(part.get(name) for part in held))
    return found


def _limit(  # noqa: PLR0917
    at: str, name: str, low: str | None, high: str | None, default: str | None, asked: str | None
) -> list[Cause]:
    found: list[Cause] = []

    def above(part: str, value: str | None, first: str | None, second: str | None, told: str) -> None:
        if first is not None and second is not None and parse(first) > parse(second):
            found.append(wrong(f"{at}.{part}[{name}]", canonical(value or ""), told))

    above("min", low, low, high, f"min value {low} is greater than max value {high}")
    above("defaultRequest", asked, low, asked, f"min value {low} is greater than default request value {asked}")
    above("defaultRequest", asked, asked, high, f"default request value {asked} is greater than max value {high}")
    above(
        "defaultRequest",
        asked,
        asked,
        default,
        f"default request value {asked} is greater than default limit value {default}",
    )
    above("default", low, low, default, f"min value {low} is greater than default value {default}")
    above("default", high, default, high, f"default value {default} is greater than max value {high}")
    return found


def namespace(obj: Obj) -> list[Cause]:
    held = obj["metadata"].get("labels") or {}
    levels = ("privileged", "baseline", "restricted")
    return [
        wrong(f"metadata.labels[{key}]", held[key], f"must be one of {', '.join(levels)}")
        for key in POD_SECURITY
        if key in held and held[key] not in levels
    ]


def event(obj: Obj) -> list[Cause]:
    """An event stands in the namespace of what it is about; one about the cluster's own things in `default`."""
    about = (obj.get("involvedObject") or {}).get("namespace", "")
    namespace = obj["metadata"].get("namespace", "")
    if about and about != namespace:
        return [wrong("involvedObject.namespace", about, "does not match event.namespace")]
    return []


def network_policy(obj: Obj) -> list[Cause]:
    spec = obj.get("spec") or {}
    found: list[Cause] = []
    for way in ("ingress", "egress"):
        for number, rule in enumerate(spec.get(way) or ()):
            for index, port in enumerate(rule.get("ports") or ()):
                at = f"spec.{way}[{number}].ports[{index}]"
                if port.get("protocol") not in PROTOCOLS:
                    found.append(unsupported(f"{at}.protocol", port.get("protocol"), ("TCP", "UDP", "SCTP")))
                if isinstance(port.get("port"), int) and not 0 < port["port"] < 65536:
                    found.append(wrong(f"{at}.port", port["port"], PORT_RANGE))
    for index, kind in enumerate(spec.get("policyTypes") or ()):
        if kind not in ("Ingress", "Egress"):
            found.append(unsupported(f"spec.policyTypes[{index}]", kind, ("Ingress", "Egress")))
    return found


def role_binding(obj: Obj) -> list[Cause]:
    reference = obj.get("roleRef") or {}
    found: list[Cause] = []
    if reference.get("kind") not in ("Role", "ClusterRole"):
        found.append(unsupported("roleRef.kind", reference.get("kind", ""), ("Role", "ClusterRole")))
    if not reference.get("name"):
        found.append(required("roleRef.name"))
    for index, subject in enumerate(obj.get("subjects") or ()):
        if not subject.get("name"):
            found.append(required(f"subjects[{index}].name"))
        if subject.get("kind") == "ServiceAccount" and not subject.get("namespace"):
            found.append(required(f"subjects[{index}].namespace"))
    return found
