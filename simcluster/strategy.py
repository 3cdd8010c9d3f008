"""What each kind's registry strategy does to an object before it is stored (PrepareForCreate, PrepareForUpdate)."""

import base64
import uuid
from typing import Any

from simcluster import errors
from simcluster.addresses import give_cluster_ip
from simcluster.defaults import apply_defaults
from simcluster.pod_defaults import default_pod
from simcluster.resources import BY_KEY
from simcluster.store import Store, name_suffix

Obj = dict[str, Any]

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
FINALIZERS = {
    "persistentvolumeclaims": "kubernetes.io/pvc-protection",
    "persistentvolumes": "kubernetes.io/pv-protection",
}
FIRST_STATUS: dict[str, Obj] = {
    "namespaces": {"phase": "Active"},
    "persistentvolumeclaims": {"phase": "Pending"},
    "persistentvolumes": {"phase": "Pending"},
    "services": {"loadBalancer": {}},
    "ingresses.networking.k8s.io": {"loadBalancer": {}},
}
KEEPS_STATUS = frozenset(("nodes",))


def prepare_create(store: Store, resource: str, obj: Obj) -> None:
    """Change `obj` in place: its name, a new object's status, defaults."""
    row = BY_KEY[resource]
    obj.setdefault("apiVersion", row.api_version)
    obj.setdefault("kind", row.kind)
    meta = obj["metadata"]
    if not meta.get("name"):
        if not meta.get("generateName"):
            cause = ("FieldValueRequired", "metadata.name", "Required value: name or generateName is required")
            raise errors.invalid(row.kind, row.group, "", [cause])
        meta["name"] = meta["generateName"] + name_suffix()
    if row.status and not row.custom and resource not in KEEPS_STATUS:
        obj["status"] = dict(FIRST_STATUS.get(resource, {}))
    if resource in FINALIZERS and FINALIZERS[resource] not in (meta.get("finalizers") or ()):
        meta["finalizers"] = [*(meta.get("finalizers") or ()), FINALIZERS[resource]]
    _string_data(resource, obj)
    apply_defaults(resource, obj)
    if resource == "pods":
        default_pod(obj)
    elif resource == "namespaces":
        _namespace(obj)
    elif resource == "services":
        give_cluster_ip(store, obj, None)
    elif resource == "jobs.batch":
        _job_selector(obj)
    elif resource == "persistentvolumeclaims":
        _default_class(store, obj)


def prepare_update(store: Store, resource: str, new: Obj, old: Obj, subresource: str) -> None:
    """Change `new` in place: what this address cannot change is as it was in `old`."""
    if subresource == "status":
        _only_status(new, old)
        return
    if BY_KEY[resource].status:
        if "status" in old:
            new["status"] = old["status"]
        else:
            new.pop("status", None)
    _string_data(resource, new)
    apply_defaults(resource, new)
    if resource == "pods":
        _keep_pod_defaults(new, old)
    elif resource == "services":
        give_cluster_ip(store, new, old)
    elif resource == "namespaces":
        _namespace(new)
        new["spec"] = old.get("spec", {})
    elif resource == "jobs.batch" and "selector" not in new["spec"]:
        new["spec"]["selector"] = old["spec"].get("selector")


def _only_status(new: Obj, old: Obj) -> None:
    status, managed = new.get("status"), new["metadata"].get("managedFields")
    version = new["metadata"].get("resourceVersion")
    kept = {key: value for key, value in old.items() if key != "status"}
    kept["metadata"] = {**old["metadata"]}
    if managed is not None:
        kept["metadata"]["managedFields"] = managed
    if version:
        kept["metadata"]["resourceVersion"] = version
    new.clear()
    new.update(kept)
    if status is not None:
        new["status"] = status


def _string_data(resource: str, obj: Obj) -> None:
    plain = obj.pop("stringData", None) if resource == "secrets" else None
    if plain:
        data = obj.setdefault("data", {})
        data.update({name: base64.b64encode(text.encode()).decode() for name, text in plain.items()})


def _namespace(obj: Obj) -> None:
    meta = obj["metadata"]
    meta["labels"] = {**(meta.get("labels") or {}), "kubernetes.io/metadata.name": meta["name"]}
    spec = obj.setdefault("spec", {})
    if "kubernetes" not in (spec.get("finalizers") or ()):
        spec["finalizers"] = [*(spec.get("finalizers") or ()), "kubernetes"]


def _default_class(store: Store, obj: Obj) -> None:
    """The DefaultStorageClass admission plugin: the newest class that is marked."""
    spec = obj["spec"]
    if "storageClassName" in spec or "volume.beta.kubernetes.io/storage-class" in (
        obj["metadata"].get("annotations") or {}
    ):
        return
    marked = [
        found
        for found in store.list("storageclasses.storage.k8s.io")
        if (found["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true"
    ]
    if marked:
        spec["storageClassName"] = max(marked, key=lambda found: found["metadata"]["creationTimestamp"])["metadata"][
            "name"
        ]


def _job_selector(obj: Obj) -> None:
    """Jobs select by labels that the server generates (pkg/registry/batch/job/strategy.go)."""
    spec, meta = obj["spec"], obj["metadata"]
    if spec.get("manualSelector"):
        return
    uid = meta.setdefault("uid", str(uuid.uuid4()))
    labels = spec["template"]["metadata"].setdefault("labels", {})
    labels["batch.kubernetes.io/controller-uid"] = labels["controller-uid"] = uid
    labels["batch.kubernetes.io/job-name"] = labels["job-name"] = meta["name"]
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}


def _keep_pod_defaults(new: Obj, old: Obj) -> None:
    """An update that leaves out what admission once filled in does not take it away."""
    from_before = (
        "enableServiceLinks",
        "nodeName",
        "preemptionPolicy",
        "priority",
        "serviceAccount",
        "serviceAccountName",
        "tolerations",
    )
    spec, was = new.setdefault("spec", {}), old.get("spec") or {}
    for name in from_before:
        if name in was:
            spec.setdefault(name, was[name])
