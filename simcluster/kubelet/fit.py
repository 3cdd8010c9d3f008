"""Whether a pod fits on a node, and the sentence that says why it fits on none.

Reasons and their order follow k8s.io/kubernetes/pkg/scheduler/framework (FitError.Error) and its filter plugins.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from simcluster import quantities
from simcluster.controllers.ownership import selects

Amounts = dict[str, Fraction]

UNSCHEDULABLE = "node(s) were unschedulable"
AFFINITY = "node(s) didn't match Pod's node affinity/selector"
APART = "node(s) didn't match pod affinity rules"
NO_HELP = "Preemption is not helpful for scheduling"
NO_VICTIMS = "No preemption victims found for incoming pod"


@dataclass(frozen=True)
class Refusal:
    """Why one node does not take a pod; `helpless`: no preemption could change it."""

    reasons: tuple[str, ...]
    helpless: bool


@dataclass(frozen=True)
class Neighbor:
    """A pod that has a node, and what affinity asks of it."""

    node: str
    namespace: str
    labels: dict[str, str]


def requests(spec: dict) -> Amounts:
    """What a pod asks for: the sum of its containers, or its largest init container where that is more."""
    total: Amounts = {}
    for container in spec["containers"]:
        for name, amount in _asked(container).items():
            total[name] = total.get(name, Fraction()) + amount
    for container in spec.get("initContainers") or ():
        for name, amount in _asked(container).items():
            total[name] = max(total.get(name, Fraction()), amount)
    return total


def _asked(container: dict) -> Amounts:
    found = (container.get("resources") or {}).get("requests") or {}
    return {name: quantities.parse(amount) for name, amount in found.items()}


def refusal(pod: dict, node: dict, used: Amounts, pods: int) -> Refusal | None:
    """None when the node takes the pod; `used` and `pods` count what is there already."""
    spec = pod["spec"]
    if node.get("spec", {}).get("unschedulable"):
        return Refusal((UNSCHEDULABLE,), True)
    taint = _untolerated(spec.get("tolerations") or (), node.get("spec", {}).get("taints") or ())
    if taint is not None:
        return Refusal((f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}",), True)
    if not _matches(spec, node):
        return Refusal((AFFINITY,), True)
    return _room(spec, node, used, pods)


def apart(pod: dict, node: dict, neighbors: Iterable[Neighbor], nodes: Mapping[str, dict]) -> Refusal | None:
    """None when the node is where required pod affinity wants the pod; `nodes` by name.

    A pod whose terms select nobody yet but itself may begin anywhere (interpodaffinity/filtering.go).
    """
    affinity = (pod["spec"].get("affinity") or {}).get("podAffinity") or {}
    terms = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or ()
    metadata = pod["metadata"]
    itself = Neighbor("", metadata["namespace"], metadata.get("labels") or {})
    wanted = [one for one in neighbors if all(_speaks_of(term, one, itself.namespace) for term in terms)]
    begins = not wanted and all(_speaks_of(term, itself, itself.namespace) for term in terms)
    for term in terms:
        domain = _label(node, term["topologyKey"])
        there = {_label(nodes[one.node], term["topologyKey"]) for one in wanted if one.node in nodes}
        if domain is None or not (begins or domain in there):
            return Refusal((APART,), True)
    return None


def _speaks_of(term: dict, one: Neighbor, own: str) -> bool:
    return one.namespace in (term.get("namespaces") or [own]) and selects(term.get("labelSelector"), one.labels)


def _label(node: dict, key: str) -> str | None:
    return (node["metadata"].get("labels") or {}).get(key)


def _room(spec: dict, node: dict, used: Amounts, pods: int) -> Refusal | None:
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    reasons, helpless = [], False
    if pods + 1 > quantities.parse(allocatable.get("pods", "110")):
        reasons.append("Too many pods")
    for name, amount in requests(spec).items():
        most = quantities.parse(allocatable.get(name, "0"))
        if amount > most - used.get(name, Fraction()):
            reasons.append(f"Insufficient {name}")
            helpless = helpless or amount > most
    return Refusal(tuple(reasons), helpless) if reasons else None


def explain(refusals: Iterable[Refusal]) -> str:
    """`0/1 nodes are available: 1 Insufficient cpu. preemption: …`"""
    everything = list(refusals)
    total = len(everything)
    if not total:
        return "no nodes available to schedule pods"
    counts = Counter(reason for one in everything for reason in one.reasons)
    reasons = ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))
    helpless = sum(one.helpless for one in everything)
    parts = []
    if total - helpless:
        parts.append(f"{total - helpless} {NO_VICTIMS}")
    if helpless:
        parts.append(f"{helpless} {NO_HELP}")
    preemption = f"preemption: 0/{total} nodes are available: {', '.join(sorted(parts))}."
    return f"0/{total} nodes are available: {reasons}. {preemption}"


def _untolerated(tolerations: Iterable[dict], taints: Iterable[dict]) -> dict[str, Any] | None:
    for taint in taints:
        if taint.get("effect") in ("NoSchedule", "NoExecute") and not any(
            _tolerates(one, taint) for one in tolerations
        ):
            return taint
    return None


def _tolerates(toleration: dict, taint: dict) -> bool:
    if toleration.get("effect") not in (None, "", taint.get("effect")):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", "")


def _matches(spec: dict, node: dict) -> bool:
    labels = node["metadata"].get("labels") or {}
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True
    terms = required.get("nodeSelectorTerms") or ()
    return any(selects({"matchExpressions": term.get("matchExpressions") or []}, labels) for term in terms)
