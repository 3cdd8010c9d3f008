"""Rows of everything that runs no pods itself."""

from typing import Any

from simcluster.tables.durations import ago, since
from simcluster.tables.selection import spoken_selector

Obj = dict[str, Any]
MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def config_map(obj: Obj) -> list[Any]:
    return [_name(obj), len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), since(obj)]


def secret(obj: Obj) -> list[Any]:
    return [_name(obj), obj.get("type", ""), len(obj.get("data") or {}), since(obj)]


def service(obj: Obj) -> list[Any]:
    spec = obj.get("spec") or {}
    kind = spec.get("type", "ClusterIP")
    entries = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    outside = ",".join(entry.get("ip") or entry.get("hostname") or "" for entry in entries)
    external = {"ExternalName": spec.get("externalName", ""), "LoadBalancer": outside or "<pending>"}.get(
        kind, "<none>"
    )
    if spec.get("externalIPs"):
        external = ",".join(spec["externalIPs"])
    ports = [
        f"{port['port']}:{port['nodePort']}/{port['protocol']}"
        if port.get("nodePort")
        else f"{port['port']}/{port.get('protocol', 'TCP')}"
        for port in spec.get("ports") or ()
    ]
    address = spec.get("clusterIP") or "<none>"
    shown = [kind, address, external, ",".join(ports) or "<none>"]
    return [_name(obj), *shown, since(obj), spoken_selector(spec.get("selector"))]


def endpoints(obj: Obj) -> list[Any]:
    found = [
        f"{address['ip']}:{port['port']}" if port else address["ip"]
        for subset in obj.get("subsets") or ()
        for port in subset.get("ports") or (None,)
        for address in subset.get("addresses") or ()
    ]
    return [_name(obj), _some(found, ","), since(obj)]


def endpoint_slice(obj: Obj) -> list[Any]:
    ports = [str(port["port"]) if port.get("port") else "*" for port in obj.get("ports") or ()]
    found = [address for endpoint in obj.get("endpoints") or () for address in endpoint.get("addresses") or ()]
    unset = "<unset>"
    return [
        _name(obj),
        obj.get("addressType", ""),
        _some(ports, ",") if ports else unset,
        _some(found, ",") if found else unset,
        since(obj),
    ]


def _some(found: list[str], joint: str) -> str:
    if not found:
        return "<none>"
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return joint.join(found[:3]) + more


def event(obj: Obj) -> list[Any]:
    about = obj.get("involvedObject") or obj.get("regarding") or {}
    source = obj.get("source") or obj.get("deprecatedSource") or {}
    first = obj.get("firstTimestamp") or obj.get("deprecatedFirstTimestamp") or obj.get("eventTime")
    series = obj.get("series") or {}
    last = series.get("lastObservedTime") or obj.get("lastTimestamp") or obj.get("deprecatedLastTimestamp") or first
    count = series.get("count") or obj.get("count") or obj.get("deprecatedCount") or 1
    component = source.get("component") or obj.get("reportingComponent") or obj.get("reportingController") or ""
    host = source.get("host") or obj.get("reportingInstance") or ""
    shown = f"{about.get('kind', '').lower()}/{about.get('name', '')}"
    message = (obj.get("message") or obj.get("note") or "").strip()
    origin = ", ".join(part for part in (component, host) if part)
    kind, reason = obj.get("type", ""), obj.get("reason", "")
    return [ago(last), kind, reason, shown, about.get("fieldPath", ""), origin, message, ago(first), count, _name(obj)]


def created_at(obj: Obj) -> list[Any]:
    return [_name(obj), obj["metadata"].get("creationTimestamp")]


def binding(obj: Obj) -> list[Any]:
    role = obj.get("roleRef") or {}
    subjects: dict[str, list[str]] = {"User": [], "Group": [], "ServiceAccount": []}
    for subject in obj.get("subjects") or ():
        prefix = f"{subject['namespace']}/" if subject.get("namespace") else ""
        subjects.setdefault(subject.get("kind", ""), []).append(prefix + subject.get("name", ""))
    shown = [", ".join(subjects[kind]) for kind in ("User", "Group", "ServiceAccount")]
    return [_name(obj), f"{role.get('kind')}/{role.get('name')}", since(obj), *shown]


def namespace(obj: Obj) -> list[Any]:
    return [_name(obj), (obj.get("status") or {}).get("phase", ""), since(obj)]


def node(obj: Obj) -> list[Any]:
    status = obj.get("status") or {}
    conditions = {one.get("type"): one.get("status") for one in status.get("conditions") or ()}
    ready = {"True": "Ready", None: "Unknown"}.get(conditions.get("Ready"), "NotReady")
    if (obj.get("spec") or {}).get("unschedulable"):
        ready += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    roles = sorted(key.removeprefix(prefix) for key in obj["metadata"].get("labels") or {} if key.startswith(prefix))
    addresses = {one.get("type"): one.get("address") for one in status.get("addresses") or ()}
    info = status.get("nodeInfo") or {}
    kernel = f"{info.get('kernelVersion', '')} ({info.get('architecture', '')})"
    places = [addresses.get("InternalIP", "<none>"), addresses.get("ExternalIP", "<none>")]
    facts = [info.get("osImage"), kernel, info.get("containerRuntimeVersion")]
    return [_name(obj), ready, ",".join(roles) or "<none>", since(obj), info.get("kubeletVersion"), *places, *facts]


def claim(obj: Obj) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    phase = "Terminating" if obj["metadata"].get("deletionTimestamp") else status.get("phase", "")
    bound = bool(spec.get("volumeName"))
    capacity = (status.get("capacity") or {}).get("storage", "") if bound else ""
    modes = _modes(status.get("accessModes")) if bound else ""
    shown = [phase, spec.get("volumeName", ""), capacity, modes, spec.get("storageClassName", "")]
    attributes = spec.get("volumeAttributesClassName", "<unset>")
    return [_name(obj), *shown, attributes, since(obj), spec.get("volumeMode", "<unset>")]


def volume(obj: Obj) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    reference = spec.get("claimRef") or {}
    holder = f"{reference.get('namespace')}/{reference.get('name')}" if reference else ""
    phase = "Terminating" if obj["metadata"].get("deletionTimestamp") else status.get("phase", "")
    shown = [(spec.get("capacity") or {}).get("storage", ""), _modes(spec.get("accessModes"))]
    shown += [spec.get("persistentVolumeReclaimPolicy", ""), phase, holder, spec.get("storageClassName", "")]
    attributes = spec.get("volumeAttributesClassName", "<unset>")
    mode = spec.get("volumeMode", "<unset>")
    return [_name(obj), *shown, attributes, status.get("reason", ""), since(obj), mode]


def _modes(modes: list[str] | None) -> str:
    return ",".join(MODES[mode] for mode in MODES if mode in (modes or ()))


def quota(obj: Obj) -> list[Any]:
    status = obj.get("status") or {}
    hard, used = status.get("hard") or {}, status.get("used") or {}
    shown = {name: f"{name}: {used.get(name, '0')}/{hard[name]}" for name in sorted(hard)}
    asked = ", ".join(text for name, text in shown.items() if not name.startswith("limits"))
    limits = ", ".join(text for name, text in shown.items() if name.startswith("limits"))
    return [_name(obj), asked, limits, since(obj)]


def storage_class(obj: Obj) -> list[Any]:
    marked = (obj["metadata"].get("annotations") or {}).get("storageclass.kubernetes.io/is-default-class") == "true"
    name = f"{_name(obj)} (default)" if marked else _name(obj)
    shown = [obj.get("provisioner"), obj.get("reclaimPolicy"), obj.get("volumeBindingMode")]
    return [name, *shown, bool(obj.get("allowVolumeExpansion")), since(obj)]


def priority_class(obj: Obj) -> list[Any]:
    shown = [obj.get("value", 0), bool(obj.get("globalDefault"))]
    return [_name(obj), *shown, since(obj), obj.get("preemptionPolicy", "")]


def network_policy(obj: Obj) -> list[Any]:
    return [_name(obj), spoken_selector((obj.get("spec") or {}).get("podSelector")), since(obj)]


def ingress(obj: Obj) -> list[Any]:
    spec = obj.get("spec") or {}
    hosts = [rule["host"] for rule in spec.get("rules") or () if rule.get("host")]
    entries = ((obj.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    address = ",".join(entry.get("ip") or entry.get("hostname") or "" for entry in entries)
    ports = "80, 443" if spec.get("tls") else "80"
    kind = spec.get("ingressClassName", "<none>")
    return [_name(obj), kind, _some(hosts, ",") if hosts else "*", address, ports, since(obj)]


def lease(obj: Obj) -> list[Any]:
    return [_name(obj), (obj.get("spec") or {}).get("holderIdentity", ""), since(obj)]


def gateway(obj: Obj) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    addresses = [one.get("value") for one in status.get("addresses") or ()]
    programmed = next(
        (one.get("status") for one in status.get("conditions") or () if one.get("type") == "Programmed"), None
    )
    return [_name(obj), spec.get("gatewayClassName"), addresses[0] if addresses else None, programmed, since(obj)]


def route(obj: Obj) -> list[Any]:
    hosts = (obj.get("spec") or {}).get("hostnames")
    shown = "[" + ",".join(f'"{host}"' for host in hosts) + "]" if hosts else None
    return [_name(obj), shown, since(obj)]


def _name(obj: Obj) -> str:
    return str(obj["metadata"]["name"])
