"""Rules of pod specs (pkg/apis/core/validation/validation.go)."""

import re
from typing import Any

from simcluster.errors import Cause
from simcluster.quantities import parse
from simcluster.validation.causes import duplicate, forbidden, not_found, not_negative, required, unsupported, wrong
from simcluster.validation.names import label

Obj = dict[str, Any]
PROTOCOLS = ("SCTP", "TCP", "UDP")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
PORT_RANGE = "must be between 1 and 65535, inclusive"
STANDARD = frozenset(("cpu", "memory", "ephemeral-storage"))
ENV_TEXT = "a valid environment variable name must consist only of printable ASCII characters other than '='"
SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
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
    return found + _resources(container.get("resources") or {}, f"{at}.resources")


def _port(port: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    name = port.get("name", "")
    if len(name) > 15:
        found.append(wrong(f"{at}.name", name, "must be no more than 15 characters"))
    if name and not _PORT_NAME.fullmatch(name):
        text = "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
        found.append(wrong(f"{at}.name", name, text))
    elif name and not re.search("[a-z]", name):
        found.append(wrong(f"{at}.name", name, "must contain at least one letter (a-z)"))
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
        if source.get(kind) is not None and not source[kind].get("key"):
            found.append(required(f"{at}.valueFrom.{kind}.key"))
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
