"""Where the kinds that Berth touches live in the API: URL paths, safe against whatever stands in a name."""

from __future__ import annotations

from typing import NamedTuple

from cluster.names import check_label, check_subdomain, segment


class Resource(NamedTuple):
    """A kind's place in the API. `api_version` as in manifests, `plural` as in paths."""

    kind: str
    api_version: str
    plural: str
    namespaced: bool = True


RESOURCES: dict[str, Resource] = {
    resource.kind: resource
    for resource in (
        Resource("Namespace", "v1", "namespaces", namespaced=False),
        Resource("Node", "v1", "nodes", namespaced=False),
        Resource("PersistentVolume", "v1", "persistentvolumes", namespaced=False),
        Resource("StorageClass", "storage.k8s.io/v1", "storageclasses", namespaced=False),
        Resource("ConfigMap", "v1", "configmaps"),
        Resource("CronJob", "batch/v1", "cronjobs"),
        Resource("DaemonSet", "apps/v1", "daemonsets"),
        Resource("Deployment", "apps/v1", "deployments"),
        Resource("EndpointSlice", "discovery.k8s.io/v1", "endpointslices"),
        Resource("Event", "v1", "events"),
        Resource("Job", "batch/v1", "jobs"),
        Resource("LimitRange", "v1", "limitranges"),
        Resource("NetworkPolicy", "networking.k8s.io/v1", "networkpolicies"),
        Resource("PersistentVolumeClaim", "v1", "persistentvolumeclaims"),
        Resource("Pod", "v1", "pods"),
        Resource("ReplicaSet", "apps/v1", "replicasets"),
        Resource("ResourceQuota", "v1", "resourcequotas"),
        Resource("RoleBinding", "rbac.authorization.k8s.io/v1", "rolebindings"),
        Resource("Secret", "v1", "secrets"),
        Resource("Service", "v1", "services"),
        Resource("StatefulSet", "apps/v1", "statefulsets"),
    )
}


def collection(kind: str, namespace: str | None = None) -> str:
    """Path of all objects of a kind, in one namespace or (None) in the whole cluster.

    Raises `Invalid` when the namespace is not a DNS-1123 label.
    """
    resource = RESOURCES[kind]
    root = f"/api/{resource.api_version}" if "/" not in resource.api_version else f"/apis/{resource.api_version}"
    if namespace is None:
        return f"{root}/{resource.plural}"
    return f"{root}/namespaces/{segment(check_label(namespace, 'namespace'))}/{resource.plural}"


def item(kind: str, namespace: str | None, name: str, subresource: str = "") -> str:
    """Path of one object. Raises `Invalid` when a name is not DNS-1123."""
    if RESOURCES[kind].namespaced == (namespace is None):
        raise ValueError(f"{kind}: a namespace is needed for namespaced kinds and only for them")
    path = f"{collection(kind, namespace)}/{segment(check_subdomain(name))}"
    return f"{path}/{subresource}" if subresource else path
