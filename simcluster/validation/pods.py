"""Rules of pod specs (pkg/apis/core/validation/validation.go)."""

import re
from typing import Any

from simcluster.errors import Cause
from simcluster.quantities import parse
from simcluster.validation.causes import duplicate, forbidden, not_found, not_negative, required, unsupported, wrong
from simcluster.validation.names import label, labels, subdomain

Obj = dict[str, Any]
PROTOCOLS = ("SCTP", "TCP", "UDP")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PORT_RANGE = "must be between 1 and 65535, inclusive"
STANDARD = frozenset(("cpu", "memory", "ephemeral-storage"))
ENV_TEXT = "a valid environment variable name must consist only of printable ASCII characters other than '='"
SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
DNS_POLICIES = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
SECCOMP = ("Localhost", "RuntimeDefault", "Unconfined")
USER_RANGE = "must be between 0 and 2147483647, inclusive"
CONTEXT_FIELDS = {
    "capabilities": "Capabilities",
    "privileged": "Privileged",
    "seLinuxOptions": "SELinuxOptions",
    "windowsOptions": "WindowsOptions",
    "runAsUser": "RunAsUser",
    "runAsGroup": "RunAsGroup",
    "runAsNonRoot": "RunAsNonRoot",
    "readOnlyRootFilesystem": "ReadOnlyRootFilesystem",
    "allowPrivilegeEscalation": "AllowPrivilegeEscalation",
    "procMount": "ProcMount",
    "seccompProfile": "SeccompProfile",
    "appArmorProfile": "AppArmorProfile",
}
HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_PORT_NAME = re.compile(r"[-a-z0-9]+")


def pod_spec(spec: Obj, at: str) -> list[Cause]:
    """Causes in a pod spec at the path `at`."""
    found, volumes = _volumes(spec.get("volumes") or (), f"{at}.volumes")
    if not spec.get("containers"):
        found.append(required(f"{at}.containers"))
    names: set[str] = set()
    for kind in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(kind) or ()):
            found += _container(container, f"{at}.{kind}[{index}]", names, volumes)
    policy = spec.get("restartPolicy")
    if policy not in ("Always", "OnFailure", "Never"):
        found.append(unsupported(f"{at}.restartPolicy", policy, ("Always", "OnFailure", "Never")))
    if spec.get("dnsPolicy") not in DNS_POLICIES:
        found.append(unsupported(f"{at}.dnsPolicy", spec.get("dnsPolicy"), DNS_POLICIES))
    found += labels(spec.get("nodeSelector"), f"{at}.nodeSelector")
    found += _security(spec.get("securityContext") or {}, f"{at}.securityContext")
    if spec.get("serviceAccountName"):
        found += subdomain(f"{at}.serviceAccountName", spec["serviceAccountName"])
    if (spec.get("activeDeadlineSeconds") or 1) < 1:
        found.append(
            wrong(
                f"{at}.activeDeadlineSeconds",
                spec["activeDeadlineSeconds"],
                "must be between 1 and 2147483647, inclusive",
            )
        )
    return found


def _container(container: Obj, at: str, names: set[str], volumes: set[str]) -> list[Cause]:
    name = container.get("name", "")
    found: list[Cause] = [] if name else [required(f"{at}.name")]
    if name:
        found += label(f"{at}.name", name)
        if name in names:
            found.append(duplicate(f"{at}.name", name))
        names.add(name)
    image = container.get("image", "")
    if not image:
        found.append(required(f"{at}.image"))
    elif image != image.strip():
        found.append(wrong(f"{at}.image", image, "must not have leading or trailing whitespace"))
    for index, port in enumerate(container.get("ports") or ()):
        found += _port(port, f"{at}.ports[{index}]")
    for index, variable in enumerate(container.get("env") or ()):
        found += _variable(variable, f"{at}.env[{index}]")
    found += _mounts(container, at, volumes)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        if container.get(probe) is not None:
            found += _probe(container[probe], f"{at}.{probe}", probe)
    policy = container.get("imagePullPolicy")
    if policy is not None and policy not in PULL_POLICIES:
        found.append(unsupported(f"{at}.imagePullPolicy", policy, PULL_POLICIES))
    found += _resources(container.get("resources") or {}, f"{at}.resources")
    return found + _security(container.get("securityContext") or {}, f"{at}.securityContext")


def _security(context: Obj, at: str) -> list[Cause]:
    """A security context of a pod or of a container."""
    found = [
        wrong(f"{at}.{name}", context[name], USER_RANGE)
        for name in ("runAsUser", "runAsGroup", "fsGroup")
        if name in context and not 0 <= context[name] < 2**31
    ]
    seccomp = (context.get("seccompProfile") or {}).get("type")
    if context.get("seccompProfile") is not None and seccomp not in SECCOMP:
        found.append(unsupported(f"{at}.seccompProfile.type", seccomp, SECCOMP))
    if context.get("privileged") and context.get("allowPrivilegeEscalation") is False:
        told = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
        found.append(wrong(at, _go_context(context), told))
    return found


def _go_context(context: Obj) -> Obj:
    """As Go prints its internal type: names in capitals, nothing left out."""
    return {name: _go_value(field, context.get(field)) for field, name in CONTEXT_FIELDS.items()}


def _go_value(name: str, value: Any) -> Any:
    if name == "capabilities" and value is not None:
        return {"Add": value.get("add"), "Drop": value.get("drop")}
    if name == "seccompProfile" and value is not None:
        return {"Type": value.get("type"), "LocalhostProfile": value.get("localhostProfile")}
    return value


def port_name(field: str, name: str) -> list[Cause]:
    """An IANA service name."""
    found: list[Cause] = []
    if len(name) > 15:
        found.append(wrong(field, name, "must be no more than 15 characters"))
    if not _PORT_NAME.fullmatch(name):
        found.append(wrong(field, name, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"))
    elif not re.search("[a-z]", name):
        found.append(wrong(field, name, "must contain at least one letter (a-z)"))
    return found


def _port(port: Obj, at: str) -> list[Cause]:
    found = port_name(f"{at}.name", port["name"]) if port.get("name") else []
    number = port.get("containerPort", 0)
    if not number:
        found.append(required(f"{at}.containerPort"))
    elif not 0 < number < 65536:
        found.append(wrong(f"{at}.containerPort", number, PORT_RANGE))
    if port.get("hostPort") and not 0 < port["hostPort"] < 65536:
        found.append(wrong(f"{at}.hostPort", port["hostPort"], PORT_RANGE))
    if port.get("protocol") not in PROTOCOLS:
        found.append(unsupported(f"{at}.protocol", port.get("protocol"), PROTOCOLS))
    return found


def _variable(variable: Obj, at: str) -> list[Cause]:
    name = variable.get("name", "")
    if not name:
        return [required(f"{at}.name")]
    found: list[Cause] = []
    if not all(" " <= letter <= "~" and letter != "=" for letter in name):
        found.append(wrong(f"{at}.name", name, ENV_TEXT))
    source = variable.get("valueFrom")
    if source is None:
        return found
    given = [kind for kind in SOURCES if source.get(kind) is not None]
    if not given:
        told = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        found.append(wrong(f"{at}.valueFrom", "", told))
    elif len(given) > 1:
        found.append(wrong(f"{at}.valueFrom", "", "may not have more than one field specified at a time"))
    elif variable.get("value"):
        found.append(wrong(f"{at}.valueFrom", "", "may not be specified when `value` is not empty"))
    for kind in ("configMapKeyRef", "secretKeyRef"):
        reference = source.get(kind)
        if reference is not None:
            found += subdomain(f"{at}.valueFrom.{kind}.name", reference.get("name", ""))
            found += [] if reference.get("key") else [required(f"{at}.valueFrom.{kind}.key")]
    return found


def _mounts(container: Obj, at: str, volumes: set[str]) -> list[Cause]:
    found: list[Cause] = []
    paths: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        here = f"{at}.volumeMounts[{index}]"
        name, path = mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            found.append(required(f"{here}.name"))
        elif name not in volumes:
            found.append(not_found(f"{here}.name", name))
        if not path:
            found.append(required(f"{here}.mountPath"))
        elif path in paths:
            found.append(wrong(f"{here}.mountPath", path, "must be unique"))
        paths.add(path)
    return found


def _probe(probe: Obj, at: str, kind: str) -> list[Cause]:
    given = [handler for handler in HANDLERS if probe.get(handler) is not None]
    if not given:
        return [required(at, "must specify a handler type")]
    found: list[Cause] = []
    for handler in given[1:]:
        found.append(forbidden(f"{at}.{handler}", "may not specify more than 1 handler type"))
    port = (probe.get(given[0]) or {}).get("port")
    if given[0] != "exec" and isinstance(port, int) and not 0 < port < 65536:
        found.append(wrong(f"{at}.{given[0]}.port", port, PORT_RANGE))
    if given[0] == "exec" and not (probe["exec"] or {}).get("command"):
        found.append(required(f"{at}.exec.command"))
    for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        found += not_negative(probe, name, at)
    if kind != "readinessProbe" and probe.get("successThreshold", 1) != 1:
        found.append(wrong(f"{at}.successThreshold", probe["successThreshold"], "must be 1"))
    return found


def _resources(resources: Obj, at: str) -> list[Cause]:
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    found: list[Cause] = []
    for name, text in sorted(limits.items()):
        found += _amount(name, text, f"{at}.limits[{name}]")
    for name, text in sorted(requests.items()):
        if name in limits and parse(text) > parse(limits[name]):
            told = f"must be less than or equal to {name} limit of {limits[name]}"
            found.append(wrong(f"{at}.requests", text, told))
        found += _amount(name, text, f"{at}.requests[{name}]")
    return found


def _amount(name: str, text: str, field: str) -> list[Cause]:
    found: list[Cause] = []
    if name not in STANDARD and "/" not in name and not name.startswith("hugepages-"):
        found.append(wrong(field, name, "must be a standard resource type or fully qualified"))
        found.append(wrong(field, name, "must be a standard resource for containers"))
    if parse(text) < 0:
        found.append(wrong(field, text, "must be greater than or equal to 0"))
    return found


def _volumes(volumes: Any, at: str) -> tuple[list[Cause], set[str]]:
    found: list[Cause] = []
    names: set[str] = set()
    for index, volume in enumerate(volumes):
        here = f"{at}[{index}]"
        name = volume.get("name", "")
        kinds = [kind for kind in volume if kind != "name"]
        for kind in kinds[1:]:
            found.append(forbidden(f"{here}.{kind}", "may not specify more than 1 volume type"))
        if not name:
            found.append(required(f"{here}.name"))
        else:
            found += label(f"{here}.name", name)
        if name in names:
            found.append(duplicate(f"{here}.name", name))
        names.add(name)
        found += _volume_source(volume, here)
    return found, names


def _volume_source(volume: Obj, at: str) -> list[Cause]:
    needed = (
        ("persistentVolumeClaim", "claimName"),
        ("secret", "secretName"),
        ("configMap", "name"),
        ("hostPath", "path"),
    )
    return [
        required(f"{at}.{kind}.{field}")
        for kind, field in needed
        if volume.get(kind) is not None and not volume[kind].get(field)
    ]
