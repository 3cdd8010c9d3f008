"""What may not change once an object is there."""

from typing import Any

from simcluster.errors import Cause
from simcluster.quantities import parse
from simcluster.validation.causes import forbidden, wrong

Obj = dict[str, Any]
IMMUTABLE = "field is immutable"
_CLAIM = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"
_POD = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
)
SELECTED = ("deployments.apps", "replicasets.apps", "daemonsets.apps")


def metadata(new: Obj, old: Obj) -> list[Cause]:
    found: list[Cause] = []
    meta, was = new["metadata"], old["metadata"]
    for name in ("uid", "creationTimestamp", "deletionTimestamp"):
        if meta.get(name) and meta[name] != was.get(name):
            found.append(wrong(f"metadata.{name}", meta[name], IMMUTABLE))
    added = sorted(set(meta.get("finalizers") or ()) - set(was.get("finalizers") or ()))
    if "deletionTimestamp" in was and added:
        told = ", ".join(f'"{name}"' for name in added)
        why = f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{told}}}"
        found.append(forbidden("metadata.finalizers", why))
    return found


def by_kind(resource: str, new: Obj, old: Obj) -> list[Cause]:  # noqa: PLR0911
    spec, was = new.get("spec") or {}, old.get("spec") or {}
    if resource in SELECTED and spec.get("selector") != was.get("selector"):
        return [wrong("spec.selector", spec.get("selector"), IMMUTABLE)]
    if resource == "jobs.batch":
        return _job(spec, was)
    if resource == "persistentvolumeclaims":
        return _claim(new, old)
    if resource == "pods":
        return _pod(spec, was)
    if resource == "services":
        return _service(spec, was)
    if resource in ("secrets", "configmaps"):
        return _data(new, old)
    if resource.endswith("bindings.rbac.authorization.k8s.io") and new.get("roleRef") != old.get("roleRef"):
        reference = new.get("roleRef") or {}
        shown = {"apiGroup": reference.get("apiGroup"), "kind": reference.get("kind"), "name": reference.get("name")}
        return [wrong("roleRef", shown, IMMUTABLE)]
    if resource == "statefulsets.apps":
        return _stateful_set(spec, was)
    if resource == "storageclasses.storage.k8s.io":
        return _storage_class(new, old)
    return []


def _job(spec: Obj, was: Obj) -> list[Cause]:
    found: list[Cause] = []
    for name in ("completions", "selector", "template"):
        if spec.get(name) != was.get(name):
            found.append(wrong(f"spec.{name}", spec.get(name), IMMUTABLE))
    return found


def _claim(new: Obj, old: Obj) -> list[Cause]:
    spec, was = new["spec"], old["spec"]
    bound = (old.get("status") or {}).get("phase") == "Bound"
    sizes = [((held.get("resources") or {}).get("requests") or {}).get("storage", "0") for held in (spec, was)]
    fixed = [
        {key: value for key, value in held.items() if key not in ("resources", "volumeName")} for held in (spec, was)
    ]
    if fixed[0] != fixed[1] or (not bound and sizes[0] != sizes[1]):
        return [forbidden("spec", _CLAIM)]
    capacity = ((old.get("status") or {}).get("capacity") or {}).get("storage")
    if capacity and parse(sizes[0]) < parse(sizes[1]) and parse(sizes[0]) < parse(capacity):
        return [forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")]
    return []


def _pod(spec: Obj, was: Obj) -> list[Cause]:
    def fixed(held: Obj) -> Obj:
        free = ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "containers", "initContainers")
        kept = {key: value for key, value in held.items() if key not in free}
        for kind in ("containers", "initContainers"):
            kept[kind] = [{key: value for key, value in one.items() if key != "image"} for one in held.get(kind) or ()]
        return kept

    return [] if fixed(spec) == fixed(was) else [forbidden("spec", _POD)]


def _service(spec: Obj, was: Obj) -> list[Cause]:
    moved = was.get("clusterIP") and spec.get("clusterIP") != was["clusterIP"]
    if not moved or "ExternalName" in (spec.get("type"), was.get("type")):
        return []
    return [wrong("spec.clusterIPs[0]", [spec.get("clusterIP")], "may not change once set")]


def _data(new: Obj, old: Obj) -> list[Cause]:
    found: list[Cause] = []
    if new.get("kind") == "Secret" and new.get("type") != old.get("type"):
        found.append(wrong("type", new.get("type"), IMMUTABLE))
    if old.get("immutable"):
        if not new.get("immutable"):
            found.append(forbidden("immutable", "field is immutable when `immutable` is set"))
        for name in ("data", "binaryData"):
            if (new.get(name) or {}) != (old.get(name) or {}):
                found.append(forbidden(name, "field is immutable when `immutable` is set"))
    return found


def _stateful_set(spec: Obj, was: Obj) -> list[Cause]:
    free = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ]
    if {k: v for k, v in spec.items() if k not in free} == {k: v for k, v in was.items() if k not in free}:
        return []
    told = (
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
        "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
    )
    return [forbidden("spec", told)]


def _storage_class(new: Obj, old: Obj) -> list[Cause]:
    fields = ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
    return [forbidden(name, f"updates to {name} are forbidden.") for name in fields if new.get(name) != old.get(name)]
