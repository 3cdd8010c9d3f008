"""Columns and cells of each kind."""

from collections.abc import Callable
from typing import Any

from simcluster.tables import cluster, workloads
from simcluster.tables.pods import pod_cells

Obj = dict[str, Any]
Cells = Callable[[Obj], list[Any]]

COLUMNS: dict[str, tuple[str, Cells]] = {
    "pods": ("Name Ready Status Restarts Age IP! Node! Nominated_Node! Readiness_Gates!", pod_cells),
    "deployments.apps": ("Name Ready Up-to-date Available Age Containers! Images! Selector!", workloads.deployment),
    "replicasets.apps": (
        "Name Desired:integer Current:integer Ready:integer Age Containers! Images! Selector!",
        workloads.replica_set,
    ),
    "replicationcontrollers": (
        "Name Desired:integer Current:integer Ready:integer Age Containers! Images! Selector!",
        workloads.replica_set,
    ),
    "statefulsets.apps": ("Name Ready Age Containers! Images!", workloads.stateful_set),
    "daemonsets.apps": (
        "Name Desired:integer Current:integer Ready:integer Up-to-date:integer Available:integer Node_Selector Age "
        "Containers! Images! Selector!",
        workloads.daemon_set,
    ),
    "jobs.batch": ("Name Status Completions Duration Age Containers! Images! Selector!", workloads.job),
    "cronjobs.batch": (
        "Name Schedule Timezone Suspend:boolean Active:integer Last_Schedule Age Containers! Images! Selector!",
        workloads.cron_job,
    ),
    "horizontalpodautoscalers.autoscaling": (
        "Name Reference Targets MinPods MaxPods Replicas Age",
        workloads.autoscaler,
    ),
    "configmaps": ("Name Data Age", cluster.config_map),
    "secrets": ("Name Type Data Age", cluster.secret),
    "services": ("Name Type Cluster-IP External-IP Port(s) Age Selector!", cluster.service),
    "endpoints": ("Name Endpoints Age", cluster.endpoints),
    "endpointslices.discovery.k8s.io": ("Name AddressType Ports Endpoints Age", cluster.endpoint_slice),
    "events": (
        "Last_Seen Type Reason Object Subobject! Source! Message First_Seen! Count! Name!",
        cluster.event,
    ),
    "limitranges": ("Name Created_At:date", cluster.created_at),
    "roles.rbac.authorization.k8s.io": ("Name Created_At:date", cluster.created_at),
    "clusterroles.rbac.authorization.k8s.io": ("Name Created_At:date", cluster.created_at),
    "rolebindings.rbac.authorization.k8s.io": ("Name Role Age Users! Groups! ServiceAccounts!", cluster.binding),
    "clusterrolebindings.rbac.authorization.k8s.io": (
        "Name Role Age Users! Groups! ServiceAccounts!",
        cluster.binding,
    ),
    "namespaces": ("Name Status Age", cluster.namespace),
    "nodes": (
        "Name Status Roles Age Version Internal-IP! External-IP! OS-Image! Kernel-Version! Container-Runtime!",
        cluster.node,
    ),
    "persistentvolumeclaims": (
        "Name Status Volume Capacity Access_Modes StorageClass VolumeAttributesClass Age VolumeMode!",
        cluster.claim,
    ),
    "persistentvolumes": (
        "Name Capacity Access_Modes Reclaim_Policy Status Claim StorageClass VolumeAttributesClass Reason Age "
        "VolumeMode!",
        cluster.volume,
    ),
    "resourcequotas": ("Name Request Limit Age", cluster.quota),
    "storageclasses.storage.k8s.io": (
        "Name Provisioner ReclaimPolicy VolumeBindingMode AllowVolumeExpansion Age",
        cluster.storage_class,
    ),
    "priorityclasses.scheduling.k8s.io": (
        "Name Value:integer Global-Default:boolean Age PreemptionPolicy",
        cluster.priority_class,
    ),
    "networkpolicies.networking.k8s.io": ("Name Pod-Selector Age", cluster.network_policy),
    "ingresses.networking.k8s.io": ("Name Class Hosts Address Ports Age", cluster.ingress),
    "leases.coordination.k8s.io": ("Name Holder Age", cluster.lease),
    "gateways.gateway.networking.k8s.io": ("Name Class Address Programmed Age:date", cluster.gateway),
    "httproutes.gateway.networking.k8s.io": ("Name Hostnames Age:date", cluster.route),
}
