"""A pod's status as its node writes it: phase and conditions from the states of its containers.

Follows k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go (getPhase) and pkg/kubelet/status/generate.go of 1.37.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from simcluster import quantities
from simcluster.kubelet.container import Container

ORDER = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


@dataclass
class Sandbox:
    """A pod's network and namespaces: exists from `ip` on, is not ready any more once `over`."""

    ip: str = ""
    over: bool = False


def phase(  # noqa: PLR0911 - one rule a line
    policy: str, init: Sequence[Container], main: Sequence[Container]
) -> str:
    """Pending, Running, Succeeded or Failed."""
    for one in init:
        ended = one.ended
        if one.sidecar or one.succeeded:
            continue
        if ended and ended["exitCode"] and policy == "Never" and "terminated" in one.state:
            return "Failed"
        return "Pending"
    if any("waiting" in one.state and not one.last for one in main):
        return "Pending"
    if any(one.running for one in main):
        return "Running"
    codes = [one.ended["exitCode"] for one in main if one.ended]
    if policy == "Always":
        return "Running"
    if not any(codes):
        return "Succeeded"
    return "Failed" if policy == "Never" else "Running"


def build(  # noqa: PLR0917 - a status is made of all of these
    pod: dict,
    sandbox: Sandbox,
    init: Sequence[Container],
    main: Sequence[Container],
    now: str,
    host_ip: str,
    *,
    final: bool,
) -> dict[str, Any]:
    """The whole PodStatus; `final`: the pod is deleted and nothing runs any more. Transition times are kept."""
    before = pod.get("status") or {}
    policy = "Never" if final else pod["spec"].get("restartPolicy", "Always")
    found_phase = phase(policy, init, main)
    security = pod["spec"].get("securityContext") or {}
    generation = pod["metadata"].get("generation", 1)
    status: dict[str, Any] = {
        "phase": found_phase,
        "conditions": _conditions(before, pod, sandbox, init, main, found_phase, generation, now),
        "containerStatuses": [one.status(security) for one in sorted(main, key=lambda one: one.name)],
        "hostIP": host_ip,
        "hostIPs": [{"ip": host_ip}],
        "observedGeneration": generation,
        "qosClass": before.get("qosClass") or qos_class(pod["spec"]),
        "startTime": before.get("startTime") or now,
        **_sums(pod["spec"]),
    }
    if init:
        status["initContainerStatuses"] = [one.status(security) for one in init]
    if sandbox.ip:
        status["podIP"] = sandbox.ip
        status["podIPs"] = [{"ip": sandbox.ip}]
    return status


def _conditions(  # noqa: PLR0917 - a status is made of all of these
    before: dict,
    pod: dict,
    sandbox: Sandbox,
    init: Sequence[Container],
    main: Sequence[Container],
    found_phase: str,
    generation: int,
    now: str,
) -> list[dict[str, Any]]:
    known = {one["type"]: one for one in before.get("conditions") or ()}
    ready = _ready(main, init, found_phase)
    wanted = {
        "PodReadyToStartContainers": _sandbox(sandbox),
        "Initialized": _initialized(init, main, found_phase),
        "Ready": _gated(pod, known, ready),
        "ContainersReady": ready,
        "PodScheduled": ("True", "", ""),
    }
    found = []
    for kind in ORDER:
        status, reason, message = wanted[kind]
        old = known.get(kind)
        same = old is not None and old["status"] == status
        condition = {
            "type": kind,
            "status": status,
            "lastProbeTime": None,
            "lastTransitionTime": old["lastTransitionTime"] if same and old else now,
            "observedGeneration": generation,
        }
        found.append(condition | {key: text for key, text in (("reason", reason), ("message", message)) if text})
    return found + [one for kind, one in known.items() if kind not in ORDER]


def _sandbox(sandbox: Sandbox) -> tuple[str, str, str]:
    if sandbox.over:
        return "False", "PodSandboxNotReady", "pod sandbox is not ready"
    return ("True", "", "") if sandbox.ip else ("False", "PodSandboxNotReady", "no pod sandbox exists")


def _initialized(init: Sequence[Container], main: Sequence[Container], found_phase: str) -> tuple[str, str, str]:
    if found_phase == "Succeeded":
        return "True", "PodCompleted", ""
    if any(one.runs for one in main):
        return "True", "", ""
    open_ones = [one.name for one in init if not (one.started if one.sidecar else one.succeeded)]
    if open_ones:
        return "False", "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(open_ones)}]"
    return "True", "", ""


def _ready(main: Sequence[Container], init: Sequence[Container], found_phase: str) -> tuple[str, str, str]:
    if found_phase == "Succeeded":
        return "False", "PodCompleted", ""
    if found_phase == "Failed" and all(one.runs for one in main):
        return "False", "PodFailed", ""
    unready = [one.name for one in [*(one for one in init if one.sidecar), *main] if not one.ready]
    if unready:
        return "False", "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]"
    return "True", "", ""


def _gated(pod: dict, known: dict[str, dict], ready: tuple[str, str, str]) -> tuple[str, str, str]:
    """Readiness gates hold a pod back until somebody sets their conditions."""
    if ready[0] != "True":
        return ready
    texts = []
    for gate in pod["spec"].get("readinessGates") or ():
        kind = gate["conditionType"]
        if kind not in known:
            texts.append(f'corresponding condition of pod readiness gate "{kind}" does not exist.')
        elif known[kind]["status"] != "True":
            texts.append(f'the status of pod readiness gate "{kind}" is not "True", but {known[kind]["status"]}')
    return ("False", "ReadinessGatesNotReady", ", ".join(texts)) if texts else ready


def qos_class(spec: dict) -> str:
    """Guaranteed, Burstable or BestEffort."""
    everything = [*spec["containers"], *(spec.get("initContainers") or ())]
    resources = [one.get("resources") or {} for one in everything]
    if not any(one.get("requests") or one.get("limits") for one in resources):
        return "BestEffort"
    for one in resources:
        limits, requests = one.get("limits") or {}, one.get("requests") or {}
        for name in ("cpu", "memory"):
            if name not in limits or requests.get(name, limits[name]) != limits[name]:
                return "Burstable"
    return "Guaranteed"


def _sums(spec: dict) -> dict[str, Any]:
    """Pod-level `resources` and `allocatedResources`: the sums over the containers."""
    found: dict[str, dict[str, str]] = {}
    for side in ("requests", "limits"):
        sums: dict[str, list[str]] = {}
        for container in spec["containers"]:
            for name, amount in ((container.get("resources") or {}).get(side) or {}).items():
                sums.setdefault(name, []).append(amount)
        if sums:
            found[side] = {name: _total(amounts) for name, amounts in sums.items()}
    if not found:
        return {}
    return {"resources": found, **({"allocatedResources": found["requests"]} if "requests" in found else {})}


def _total(amounts: list[str]) -> str:
    if len(amounts) == 1:
        return amounts[0]
    return quantities.write(sum(map(quantities.parse, amounts), Fraction()), quantities.style(amounts[0]))
