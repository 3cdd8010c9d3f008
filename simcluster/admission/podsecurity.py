"""Pod Security admission: the levels baseline and restricted, version latest, with the real server's words.

Follows k8s.io/pod-security-admission/policy: checks in its order, baseline ones that a restricted one overrides left
out at that level.
"""

from collections.abc import Callable, Iterable
from typing import Any

from simcluster import errors
from simcluster.store import Store

Obj = dict[str, Any]
Check = Callable[[Obj], tuple[str, str] | None]
PREFIX = "pod-security.kubernetes.io/"
TEMPLATES = frozenset(
    [
        "deployments.apps",
        "replicasets.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "jobs.batch",
        "cronjobs.batch",
        "replicationcontrollers",
    ]
)
BASELINE_CAPABILITIES = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)
OPEN_VOLUMES = frozenset(
    [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
        "image",
    ]
)
PROFILES = ("RuntimeDefault", "Localhost")
SAFE_SYSCTLS = frozenset(
    [
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    ]
)


def check_pod_security(store: Store, resource: str, obj: Obj, warnings: list[str]) -> None:
    """Raises 403 for a pod that the namespace's enforce level refuses; adds what its warn level says to `warnings`."""
    spec = _pod_spec(resource, obj)
    if spec is None:
        return
    namespace = store.get("namespaces", None, obj["metadata"].get("namespace", ""))
    labels = ((namespace or {}).get("metadata") or {}).get("labels") or {}
    enforced, warned = labels.get(f"{PREFIX}enforce", "privileged"), labels.get(f"{PREFIX}warn", "privileged")
    if resource == "pods":
        told = violations(spec, enforced)
        if told:
            version = labels.get(f"{PREFIX}enforce-version", "latest")
            raise errors.forbidden(
                "pods", obj["metadata"]["name"], f'violates PodSecurity "{enforced}:{version}": {told}'
            )
    told = violations(spec, warned)
    if told:
        version = labels.get(f"{PREFIX}warn-version", "latest")
        warnings.append(f'would violate PodSecurity "{warned}:{version}": {told}')


def violations(spec: Obj, level: str) -> str:
    """What a pod spec breaks, as one sentence; "" when it is fine."""
    found = []
    for check in CHECKS.get(level, ()):
        problem = check(spec)
        if problem is not None:
            reason, detail = problem
            found.append(f"{reason} ({detail})" if detail else reason)
    return ", ".join(found)


def _pod_spec(resource: str, obj: Obj) -> Obj | None:
    if resource == "pods":
        return obj.get("spec")
    if resource not in TEMPLATES:
        return None
    spec = obj.get("spec") or {}
    if resource == "cronjobs.batch":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    return (spec.get("template") or {}).get("spec")


def _containers(spec: Obj) -> list[Obj]:
    kinds = ("initContainers", "containers", "ephemeralContainers")
    return [container for kind in kinds for container in spec.get(kind) or ()]


def _security(holder: Obj) -> Obj:
    found: Obj = holder.get("securityContext") or {}
    return found


def _bad(spec: Obj, test: Callable[[Obj], bool]) -> list[str]:
    return [container["name"] for container in _containers(spec) if test(container)]


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _named(names: list[str], noun: str = "container") -> str:
    return f"{noun if len(names) == 1 else noun + 's'} {_quoted(names)}"


def _host_namespaces(spec: Obj) -> tuple[str, str] | None:
    used = [name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]
    return ("host namespaces", ", ".join(f"{name}=true" for name in used)) if used else None


def _host_ports(spec: Obj) -> tuple[str, str] | None:
    names, ports = [], set()
    for container in _containers(spec):
        used = {port["hostPort"] for port in container.get("ports") or () if port.get("hostPort")}
        if used:
            names.append(container["name"])
            ports |= used
    if not names:
        return None
    verb = "uses" if len(names) == 1 else "use"
    noun = "hostPort" if len(ports) == 1 else "hostPorts"
    return "hostPort", f"{_named(names)} {verb} {noun} {', '.join(str(port) for port in sorted(ports))}"


def _host_paths(spec: Obj) -> tuple[str, str] | None:
    names = [volume["name"] for volume in spec.get("volumes") or () if volume.get("hostPath") is not None]
    return ("hostPath volumes", _named(names, "volume")) if names else None


def _privileged(spec: Obj) -> tuple[str, str] | None:
    names = _bad(spec, lambda container: bool(_security(container).get("privileged")))
    return ("privileged", f"{_named(names)} must not set securityContext.privileged=true") if names else None


def _proc_mount(spec: Obj) -> tuple[str, str] | None:
    names = _bad(spec, lambda container: _security(container).get("procMount", "Default") != "Default")
    if not names:
        return None
    return "procMount", f'{_named(names)} must not set securityContext.procMount to "Unmasked"'


def _added(container: Obj) -> list[str]:
    return list((_security(container).get("capabilities") or {}).get("add") or ())


def _capabilities_baseline(spec: Obj) -> tuple[str, str] | None:
    names = _bad(spec, lambda container: bool(set(_added(container)) - BASELINE_CAPABILITIES))
    if not names:
        return None
    wrong = sorted({name for container in _containers(spec) for name in _added(container)} - BASELINE_CAPABILITIES)
    detail = f"{_named(names)} must not include {_quoted(wrong)} in securityContext.capabilities.add"
    return "non-default capabilities", detail


def _capabilities_restricted(spec: Obj) -> tuple[str, str] | None:
    def keeps(container: Obj) -> bool:
        return "ALL" not in ((_security(container).get("capabilities") or {}).get("drop") or ())

    keeping = _bad(spec, keeps)
    adding = _bad(spec, lambda container: bool(set(_added(container)) - {"NET_BIND_SERVICE"}))
    details = []
    if keeping:
        details.append(f'{_named(keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if adding:
        wrong = sorted({name for container in _containers(spec) for name in _added(container)} - {"NET_BIND_SERVICE"})
        details.append(f"{_named(adding)} must not include {_quoted(wrong)} in securityContext.capabilities.add")
    return ("unrestricted capabilities", "; ".join(details)) if details else None


def _sysctls(spec: Obj) -> tuple[str, str] | None:
    wrong = [item["name"] for item in _security(spec).get("sysctls") or () if item["name"] not in SAFE_SYSCTLS]
    return ("forbidden sysctls", ", ".join(wrong)) if wrong else None


def _escalation(spec: Obj) -> tuple[str, str] | None:
    names = _bad(spec, lambda container: _security(container).get("allowPrivilegeEscalation") is not False)
    detail = f"{_named(names)} must set securityContext.allowPrivilegeEscalation=false"
    return ("allowPrivilegeEscalation != false", detail) if names else None


def _volumes(spec: Obj) -> tuple[str, str] | None:
    names, kinds = [], set()
    for volume in spec.get("volumes") or ():
        wrong = set(volume) - OPEN_VOLUMES - {"name"}
        if wrong:
            names.append(volume["name"])
            kinds |= wrong
    if not names:
        return None
    verb = "uses restricted volume type" if len(names) == 1 else "use restricted volume types"
    if len(names) == 1 and len(kinds) > 1:
        verb += "s"
    if len(names) > 1 and len(kinds) == 1:
        verb = "use restricted volume type"
    return "restricted volume types", f"{_named(names, 'volume')} {verb} {_quoted(sorted(kinds))}"


def _non_root(spec: Obj) -> tuple[str, str] | None:
    reason = "runAsNonRoot != true"
    pod = _security(spec).get("runAsNonRoot")
    explicit = _bad(spec, lambda container: _security(container).get("runAsNonRoot") is False)
    setters = ["pod"] if pod is False else []
    if explicit:
        setters.append(_named(explicit))
    if setters:
        return reason, f"{' and '.join(setters)} must not set securityContext.runAsNonRoot=false"
    unset = [] if pod else _bad(spec, lambda container: _security(container).get("runAsNonRoot") is None)
    return (reason, f"pod or {_named(unset)} must set securityContext.runAsNonRoot=true") if unset else None


def _user(spec: Obj) -> tuple[str, str] | None:
    setters = ["pod"] if _security(spec).get("runAsUser") == 0 else []
    explicit = _bad(spec, lambda container: _security(container).get("runAsUser") == 0)
    if explicit:
        setters.append(_named(explicit))
    return ("runAsUser=0", f"{' and '.join(setters)} must not set runAsUser=0") if setters else None


def _profile(holder: Obj) -> str:
    return str((_security(holder).get("seccompProfile") or {}).get("type", ""))


def _seccomp_explicit(spec: Obj) -> tuple[str, str] | None:
    setters, values = [], set()
    pod = _profile(spec)
    if pod and pod not in PROFILES:
        setters.append("pod")
        values.add(pod)
    explicit = _bad(spec, lambda container: _profile(container) not in ("", *PROFILES))
    if explicit:
        setters.append(_named(explicit))
        values |= {_profile(container) for container in _containers(spec)} - {"", *PROFILES}
    if not setters:
        return None
    detail = f"{' and '.join(setters)} must not set securityContext.seccompProfile.type to {_quoted(sorted(values))}"
    return "seccompProfile", detail


def _seccomp(spec: Obj) -> tuple[str, str] | None:
    explicit = _seccomp_explicit(spec)
    if explicit is not None or _profile(spec) in PROFILES:
        return explicit
    unset = _bad(spec, lambda container: not _profile(container))
    if not unset:
        return None
    wanted = 'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return "seccompProfile", f"pod or {_named(unset)} must set {wanted}"


CHECKS: dict[str, tuple[Check, ...]] = {
    "baseline": (
        _capabilities_baseline,
        _host_namespaces,
        _host_paths,
        _host_ports,
        _privileged,
        _proc_mount,
        _seccomp_explicit,
        _sysctls,
    ),
    "restricted": (
        _host_namespaces,
        _host_ports,
        _privileged,
        _proc_mount,
        _sysctls,
        _escalation,
        _capabilities_restricted,
        _volumes,
        _non_root,
        _user,
        _seccomp,
    ),
}
