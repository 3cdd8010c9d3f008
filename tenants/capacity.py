"""What clusters have, what of it is granted, and how much staff may still grant. Reading only, from the database.

Nodes say what they have of CPU, memory, pods and extended resources (`ClusterState.info`); of storage nobody knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from tenants.models import ClusterState, Namespace
from tenants.rules import policy as rules


@dataclass(frozen=True, slots=True)
class Capacity:
    """Of one resource of one cluster: `allocatable` by its schedulable nodes, `granted` to all namespaces together.

    `over_commit` is how much of what there is may be granted: 1.0 is all of it.
    """

    resource: str
    allocatable: int
    granted: int
    used: int
    over_commit: float

    @property
    def grantable(self) -> int:
        return int(self.allocatable * self.over_commit)

    @property
    def left(self) -> int:
        """What may still be granted; below 0 where more is granted than staff wish."""
        return self.grantable - self.granted


def of(alias: str, policy: rules.Policy) -> dict[str, Capacity]:
    """By resource, of what the cluster's nodes tell; {} before they were seen."""
    state = ClusterState.objects.filter(pk=alias).first()
    return capacities(state, Namespace.objects.filter(cluster=alias), policy) if state else {}


def capacities(state: ClusterState, namespaces: QuerySet[Namespace], policy: rules.Policy) -> dict[str, Capacity]:
    """As `of`, where the rows are at hand already."""
    allocatable: Mapping[str, int] = state.info.get("allocatable", {})
    granted: dict[str, int] = defaultdict(int)
    used: dict[str, int] = defaultdict(int)
    for limits, usage in namespaces.values_list("limits", "usage"):
        for resource in allocatable:
            granted[resource] += limits.get(resource, 0)
            used[resource] += usage.get(resource, 0)
    return {
        resource: Capacity(resource, amount, granted[resource], used[resource], policy.over_commit.get(resource, 1.0))
        for resource, amount in allocatable.items()
    }


def beyond(
    namespace: Namespace, policy: rules.Policy, limits: Mapping[str, int], standing: Mapping[str, int]
) -> dict[str, int]:
    """Resource → by how much these limits go over what may still be granted on the namespace's cluster; {}: they fit.

    What is more than `standing` (`weighing.standing`) is given, also where a raise for a time has it already: that one
    approver granted too much for a day does not mean that it fits for good.
    """
    return over(of(namespace.cluster, policy), namespace, limits, standing)


def over(
    have: Mapping[str, Capacity], namespace: Namespace, limits: Mapping[str, int], standing: Mapping[str, int]
) -> dict[str, int]:
    """As `beyond`, where it is known already what the cluster has."""
    more = {
        resource: min(
            amount - standing.get(resource, 0), amount - namespace.limits.get(resource, 0) - have[resource].left
        )
        for resource, amount in limits.items()
        if resource in have
    }
    return {resource: amount for resource, amount in more.items() if amount > 0}
