"""What objects consume, in the names that ResourceQuota counts by (pkg/quota/v1/evaluator/core)."""

from fractions import Fraction
from typing import Any

from simcluster.quantities import parse, write

Obj = dict[str, Any]
Amounts = dict[str, Fraction]

COUNTED = frozenset(
    ["pods", "services", "secrets", "configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas"]
)
_CLASS = "storageclass.storage.k8s.io"


def pod_amounts(pod: Obj, part: str) -> dict[str, str]:
    """A pod's `requests` or `limits` as the scheduler sums them, init containers and overhead included."""
    spec = pod.get("spec") or {}
    total: Amounts = {}
    for container in spec.get("containers") or ():
        _add(total, _of(container, part))
    sidecars: Amounts = {}
    peaks: list[Amounts] = []
    for container in spec.get("initContainers") or ():
        own = _of(container, part)
        if container.get("restartPolicy") == "Always":
            _add(sidecars, own)
            _add(total, own)
        else:
            peak = dict(sidecars)
            _add(peak, own)
            peaks.append(peak)
    for peak in peaks:
        for name, amount in peak.items():
            total[name] = max(total.get(name, Fraction(0)), amount)
    for name, text in (spec.get("overhead") or {}).items():
        if part == "requests" or name in total:
            total[name] = total.get(name, Fraction(0)) + parse(text)
    return {name: spelled(name, amount) for name, amount in total.items()}


def spelled(name: str, amount: Fraction) -> str:
    """Memory and storage in binary units where they fit, everything else in decimal ones."""
    binary = "memory" in name or "storage" in name
    return write(amount, "binary" if binary and amount.denominator == 1 and amount % 1024 == 0 else "decimal")


def usage(resource: str, obj: Obj) -> Amounts:
    """What one object takes from a quota."""
    found: Amounts = {f"count/{resource}": Fraction(1)}
    if resource in COUNTED:
        found[resource] = Fraction(1)
    if resource == "pods":
        return _pod_usage(obj, found)
    if resource == "persistentvolumeclaims":
        _claim_usage(obj, found)
    elif resource == "services":
        spec = obj.get("spec") or {}
        ports = Fraction(len(spec.get("ports") or ()))
        if spec.get("type") == "NodePort":
            found["services.nodeports"] = ports
        elif spec.get("type") == "LoadBalancer":
            found["services.loadbalancers"] = Fraction(1)
            found["services.nodeports"] = ports if spec.get("allocateLoadBalancerNodePorts", True) else Fraction(0)
    return found


def _pod_usage(pod: Obj, found: Amounts) -> Amounts:
    if (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return {"count/pods": Fraction(1)}
    for part in ("requests", "limits"):
        for name, text in pod_amounts(pod, part).items():
            found[f"{part}.{name}"] = parse(text)
            if part == "requests" and name in ("cpu", "memory", "ephemeral-storage"):
                found[name] = parse(text)
    return found


def _claim_usage(claim: Obj, found: Amounts) -> None:
    spec = claim.get("spec") or {}
    amount = parse(((spec.get("resources") or {}).get("requests") or {}).get("storage", 0))
    found["requests.storage"] = amount
    name = spec.get("storageClassName")
    if name:
        found[f"{name}.{_CLASS}/requests.storage"] = amount
        found[f"{name}.{_CLASS}/persistentvolumeclaims"] = Fraction(1)


def _of(container: Obj, part: str) -> Amounts:
    held = (container.get("resources") or {}).get(part) or {}
    return {name: parse(text) for name, text in held.items()}


def _add(total: Amounts, more: Amounts) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, Fraction(0)) + amount
