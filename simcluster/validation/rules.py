"""Which rules are whose."""

from collections.abc import Callable
from typing import Any

from simcluster import errors
from simcluster.errors import Cause
from simcluster.resources import BY_KEY
from simcluster.validation import core, names, pods, updates, workloads

Obj = dict[str, Any]

RULES: dict[str, Callable[[Obj], list[Cause]]] = {
    "configmaps": core.config_map,
    "events": core.event,
    "limitranges": core.limit_range,
    "namespaces": core.namespace,
    "persistentvolumeclaims": core.claim,
    "pods": lambda pod: pods.pod_spec(pod.get("spec") or {}, "spec"),
    "resourcequotas": core.quota,
    "secrets": core.secret,
    "services": core.service,
    "networkpolicies.networking.k8s.io": core.network_policy,
    "rolebindings.rbac.authorization.k8s.io": core.role_binding,
    "clusterrolebindings.rbac.authorization.k8s.io": core.role_binding,
    "deployments.apps": workloads.deployment,
    "replicasets.apps": workloads.replica_set,
    "statefulsets.apps": workloads.stateful_set,
    "daemonsets.apps": workloads.daemon_set,
    "jobs.batch": workloads.job,
    "cronjobs.batch": workloads.cron_job,
    "horizontalpodautoscalers.autoscaling": workloads.autoscaler,
}


def validate(resource: str, obj: Obj) -> None:
    """Raises 422 with every cause."""
    found = names.metadata(resource, obj["metadata"])
    rule = RULES.get(resource)
    if rule is not None and (resource != "namespaces" or not found):
        found += rule(obj)
    _raise(resource, obj, found)


def validate_update(resource: str, new: Obj, old: Obj) -> None:
    """Raises 422 when something changed that may not."""
    _raise(resource, new, updates.metadata(new, old) + updates.by_kind(resource, new, old))


def _raise(resource: str, obj: Obj, found: list[Cause]) -> None:
    if found:
        row = BY_KEY[resource]
        raise errors.invalid(row.kind, row.group, obj["metadata"]["name"], found)
