"""What a new cluster holds before anybody asks: namespaces, nodes, storage classes, priority classes."""

from typing import Any

from simcluster.store import Store

Obj = dict[str, Any]

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
CLASSES = (
    ("standard", "Delete", "Immediate", True),
    ("keep", "Retain", "Immediate", True),
    ("late", "Delete", "WaitForFirstConsumer", False),
)
PRIORITIES = (("system-cluster-critical", 2000000000), ("system-node-critical", 2000001000))


def seed(store: Store, nodes: int) -> None:
    """Create what is missing; what an earlier run left stays as it is."""
    for name in NAMESPACES:
        _create(store, "namespaces", name, spec={"finalizers": ["kubernetes"]}, status={"phase": "Active"})
    for number in range(1, nodes + 1):
        _create(store, "nodes", f"node-{number}", **_node(store, number))
    for name, reclaim, binding, grows in CLASSES:
        annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if name == "standard" else {}
        _create(
            store,
            "storageclasses.storage.k8s.io",
            name,
            annotations=annotations,
            provisioner="cluster.test/directory",
            reclaimPolicy=reclaim,
            volumeBindingMode=binding,
            allowVolumeExpansion=grows,
        )
    for name, value in PRIORITIES:
        _create(store, "priorityclasses.scheduling.k8s.io", name, value=value, preemptionPolicy="PreemptLowerPriority")
    _kubernetes_service(store)


def _create(store: Store, resource: str, name: str, annotations: dict[str, str] | None = None, **body: Any) -> None:
    if store.get(resource, None, name) is not None:
        return
    meta: Obj = {"name": name}
    if resource == "namespaces":
        meta["labels"] = {"kubernetes.io/metadata.name": name}
    if resource == "nodes":
        meta["labels"] = {
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "beta.kubernetes.io/os": "linux",
            "beta.kubernetes.io/arch": "amd64",
        }
    if annotations:
        meta["annotations"] = annotations
    store.create(resource, {"metadata": meta, **body})


def _node(store: Store, number: int) -> Obj:
    now = store.clock.stamp()
    ready = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
    conditions = [
        {
            "type": kind,
            "status": status,
            "lastHeartbeatTime": now,
            "lastTransitionTime": now,
            "reason": reason,
            "message": message,
        }
        for kind, status, reason, message in ready
    ]
    room = {"cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "100Gi"}
    address = f"10.88.0.{number}"
    status = {
        "capacity": room,
        "allocatable": room,
        "conditions": conditions,
        "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": f"node-{number}"}],
        "nodeInfo": {
            "kubeletVersion": "v1.37.2",
            "containerRuntimeVersion": "containerd://2.2.0",
            "osImage": "simcluster",
            "kernelVersion": "6.12.0",
            "operatingSystem": "linux",
            "architecture": "amd64",
            "machineID": "",
            "systemUUID": "",
            "bootID": "",
            "kubeProxyVersion": "",
        },
    }
    return {"spec": {"podCIDR": f"10.244.{number}.0/24", "podCIDRs": [f"10.244.{number}.0/24"]}, "status": status}


def _kubernetes_service(store: Store) -> None:
    if store.get("services", "default", "kubernetes") is not None:
        return
    spec = {
        "type": "ClusterIP",
        "clusterIP": "10.96.0.1",
        "clusterIPs": ["10.96.0.1"],
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
        "sessionAffinity": "None",
        "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
    }
    labels = {"component": "apiserver", "provider": "kubernetes"}
    meta = {"name": "kubernetes", "namespace": "default", "labels": labels}
    store.create("services", {"metadata": meta, "spec": spec, "status": {"loadBalancer": {}}})
