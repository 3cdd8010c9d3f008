"""A tenant's namespace: its owner, its limits, its walls, and who may do what in it.

The walls follow the multi-tenancy guide of Kubernetes: Pod Security `restricted`, a quota on what shares the
nodes, defaults for containers that say nothing, and a network that is closed but for the namespace itself and DNS.
"""

from __future__ import annotations

from typing import Any

from cluster import names, quantities
from cluster.specs import ContainerDefaults, Limits, NamespaceSpec

Manifest = dict[str, Any]

_POD_SECURITY = {
    f"pod-security.kubernetes.io/{mode}{suffix}": value
    for mode in ("enforce", "audit", "warn")
    for suffix, value in (("", "restricted"), ("-version", "latest"))
}

_DNS_NAMESPACE = {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
_DNS_PODS = {"matchLabels": {"k8s-app": "kube-dns"}}
_DNS_PORTS = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]


def manifests(spec: NamespaceSpec) -> list[Manifest]:
    """Everything of a namespace, in the order in which it is applied: rights come last, after all walls stand."""
    return [namespace(spec), quota(spec), limit_range(spec), *network_policies(spec), *role_bindings(spec)]


def namespace(spec: NamespaceSpec) -> Manifest:
    """The Namespace, with whose it is and Pod Security `restricted` in all three modes."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": names.check_label(spec.name),
            "labels": {**names.owner_labels(spec.owner), **_POD_SECURITY},
            "annotations": names.operation_annotations(spec.owner),
        },
    }


def quota(spec: NamespaceSpec) -> Manifest:
    """The ResourceQuota. Memory is bounded as request and as limit; node ports and load balancers are none."""
    return _part(spec, "v1", "ResourceQuota", names.QUOTA, {"hard": hard(spec.limits)})


def hard(limits: Limits) -> dict[str, str]:
    """`spec.hard` of the ResourceQuota that keeps `limits`."""
    return {
        "requests.cpu": quantities.cpu(limits.cpu),
        "requests.memory": quantities.size(limits.memory),
        "limits.memory": quantities.size(limits.memory),
        "requests.storage": quantities.size(limits.storage),
        "pods": quantities.count(limits.pods),
        "persistentvolumeclaims": quantities.count(limits.claims),
        "services": quantities.count(limits.services),
        "secrets": quantities.count(limits.secrets),
        "services.nodeports": "0",
        "services.loadbalancers": "0",
        **{name: _amount(name, amount) for name, amount in limits.more.items()},
    }


def _amount(name: str, amount: int) -> str:
    return quantities.size(amount) if name.endswith("requests.storage") else quantities.count(amount)


def limit_range(spec: NamespaceSpec) -> Manifest:
    """The LimitRange. Who names no limit of CPU has the maximum; Kubernetes would say so itself, here it is said."""
    return _part(spec, "v1", "LimitRange", names.LIMIT_RANGE, {"limits": [_container_limits(spec.defaults)]})


def network_policies(spec: NamespaceSpec) -> list[Manifest]:
    """Nothing in and nothing out, but for the namespace itself and DNS.

    Empty rules are written out: server-side apply then takes away what somebody else put there.

    DNS is port 53 of all of kube-system: the cluster's DNS pods, and NodeLocal DNSCache where it runs as pods.
    """
    itself: list[Manifest] = [{"podSelector": {}}]
    dns = [
        {"namespaceSelector": _DNS_NAMESPACE, "podSelector": _DNS_PODS},
        {"namespaceSelector": _DNS_NAMESPACE},
    ]
    both = ["Ingress", "Egress"]
    return [
        _policy(spec, names.POLICY_DENY, {"policyTypes": both, "ingress": [], "egress": []}),
        _policy(
            spec,
            names.POLICY_SAME_NAMESPACE,
            {"policyTypes": both, "ingress": [{"from": itself}], "egress": [{"to": itself}]},
        ),
        _policy(spec, names.POLICY_DNS, {"policyTypes": ["Egress"], "egress": [{"to": dns, "ports": _DNS_PORTS}]}),
    ]


def role_bindings(spec: NamespaceSpec) -> list[Manifest]:
    """The groups of the namespace's developers and viewers, bound to the ClusterRoles that deploy/ installs."""
    return [_role_binding(spec, role, cluster_role) for role, cluster_role in names.TENANT_ROLES.items()]


def privileged_pod(namespace: str) -> Manifest:
    """A pod that Pod Security `restricted` must refuse; only ever sent as a dry run."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "berth-probe", "namespace": namespace},
        "spec": {
            "containers": [{"name": "probe", "image": "berth.dev/probe", "securityContext": {"privileged": True}}],
        },
    }


def _container_limits(defaults: ContainerDefaults) -> dict[str, Any]:
    return {
        "type": "Container",
        "default": {
            "cpu": quantities.cpu(defaults.max_cpu),
            "memory": quantities.size(defaults.limit_memory),
        },
        "defaultRequest": {
            "cpu": quantities.cpu(defaults.request_cpu),
            "memory": quantities.size(defaults.request_memory),
        },
        "max": {"cpu": quantities.cpu(defaults.max_cpu), "memory": quantities.size(defaults.max_memory)},
    }


def _policy(spec: NamespaceSpec, name: str, rules: dict[str, Any]) -> Manifest:
    return _part(spec, "networking.k8s.io/v1", "NetworkPolicy", name, {"podSelector": {}, **rules})


def _role_binding(spec: NamespaceSpec, role: str, cluster_role: str) -> Manifest:
    api = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{api}/v1",
        "kind": "RoleBinding",
        "metadata": _metadata(spec, names.tenant_binding(role)),
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": cluster_role},
        "subjects": [{"apiGroup": api, "kind": "Group", "name": names.tenant_group(spec.owner.namespace_id, role)}],
    }


def _part(spec: NamespaceSpec, api_version: str, kind: str, name: str, body: dict[str, Any]) -> Manifest:
    return {"apiVersion": api_version, "kind": kind, "metadata": _metadata(spec, name), "spec": body}


def _metadata(spec: NamespaceSpec, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": names.check_label(spec.name),
        "labels": names.owner_labels(spec.owner),
        "annotations": names.operation_annotations(spec.owner),
    }
