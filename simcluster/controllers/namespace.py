"""Empties a namespace that is being deleted, says what still holds it, and lets it go.

Conditions and texts follow k8s.io/kubernetes/pkg/controller/namespace/deletion of Kubernetes 1.37.
"""

from collections import Counter
from typing import Any

from simcluster.controllers.ownership import condition
from simcluster.controllers.queue import Controller, Key
from simcluster.resources import BY_KEY

FINALIZER = "kubernetes"
CONTENTS = tuple(
    dict.fromkeys(row.storage for row in BY_KEY.values() if row.namespaced and "deletecollection" in row.verbs)
)
GOOD = {
    "NamespaceDeletionDiscoveryFailure": ("ResourcesDiscovered", "All resources successfully discovered"),
    "NamespaceDeletionGroupVersionParsingFailure": (
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    "NamespaceDeletionContentFailure": (
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
    "NamespaceContentRemaining": ("ContentRemoved", "All content successfully removed"),
    "NamespaceFinalizersRemaining": ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
}
LOOK_AGAIN = 1.0


class Namespaces(Controller):
    watches = ("namespaces",)
    synced = "namespaces"
    component = "namespace-controller"

    async def sync(self, key: Key) -> float | None:
        namespace = self.store.get("namespaces", None, key[1])
        if namespace is None:
            return None
        if not namespace["metadata"].get("deletionTimestamp"):
            self._settle(namespace)
            return None
        left = self._empty(key[1])
        self._explain(namespace, left)
        if any(left.values()):
            return LOOK_AGAIN
        self._finalize(key[1])
        return None

    def _settle(self, namespace: dict) -> None:
        """A namespace is active and held by its finalizer from the start."""

        def change(copy: dict) -> None:
            copy.setdefault("spec", {}).setdefault("finalizers", [FINALIZER])
            copy.setdefault("status", {}).setdefault("phase", "Active")

        self.store.modify("namespaces", None, namespace["metadata"]["name"], change)

    def _empty(self, name: str) -> dict[str, list[dict]]:
        """Delete everything, pods first; answers what is still there by resource."""
        left: dict[str, list[dict]] = {}
        pods_left = self._delete_all("pods", name)
        for resource in CONTENTS:
            if resource != "pods":
                found = self._delete_all(resource, name, keep=bool(pods_left) and resource == "persistentvolumeclaims")
                if found:
                    left[resource] = found
        if pods_left:
            left["pods"] = pods_left
        return left

    def _delete_all(self, resource: str, namespace: str, *, keep: bool = False) -> list[dict]:
        if not keep:
            for obj in self.store.list(resource, namespace):
                if not obj["metadata"].get("deletionTimestamp"):
                    self.store.delete(resource, namespace, obj["metadata"]["name"])
        return self.store.list(resource, namespace)

    def _explain(self, namespace: dict, left: dict[str, list[dict]]) -> None:
        bad: dict[str, tuple[str, str]] = {}
        held = {kind: objs for kind, objs in left.items() if kind not in ("pods", "events")}
        if "pods" in left:
            name = namespace["metadata"]["name"]
            text = f"unexpected items still remain in namespace: {name} for gvr: /v1, Resource=pods"
            failed = f"Failed to delete all resource types, 1 remaining: {text}"
            bad["NamespaceDeletionContentFailure"] = ("ContentDeletionFailed", failed)
        waiting = {kind: objs for kind, objs in held.items() if any(one["metadata"].get("finalizers") for one in objs)}
        if waiting:
            parts = sorted(f"{_plural(kind)} has {len(objs)} resource instances" for kind, objs in waiting.items())
            text = f"Some resources are remaining: {', '.join(parts)}"
            bad["NamespaceContentRemaining"] = ("SomeResourcesRemain", text)
            names = Counter(
                one for objs in waiting.values() for obj in objs for one in obj["metadata"].get("finalizers") or ()
            )
            shown = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(names.items()))
            text = f"Some content in the namespace has finalizers remaining: {shown}"
            bad["NamespaceFinalizersRemaining"] = ("SomeFinalizersRemain", text)
        self._write(namespace["metadata"]["name"], bad)

    def _write(self, name: str, bad: dict[str, tuple[str, str]]) -> None:
        now = self.clock.stamp()

        def change(copy: dict) -> None:
            status = copy.setdefault("status", {})
            conditions = []
            for kind, good in GOOD.items():
                reason, message = bad.get(kind, good)
                wanted = "True" if kind in bad else "False"
                old: dict[str, Any] = condition(status, kind) or {}
                since = old["lastTransitionTime"] if old.get("status") == wanted else now
                conditions.append(
                    {"type": kind, "status": wanted, "lastTransitionTime": since, "reason": reason, "message": message}
                )
            status["conditions"] = conditions
            status["phase"] = "Terminating"

        self.store.modify("namespaces", None, name, change, status_only=True)

    def _finalize(self, name: str) -> None:
        """Without its own finalizer, and others', the namespace is gone."""

        def change(copy: dict) -> None:
            spec = copy.setdefault("spec", {})
            spec["finalizers"] = [one for one in spec.get("finalizers") or () if one != FINALIZER]

        namespace = self.store.get("namespaces", None, name)
        if namespace is not None and not namespace["metadata"].get("finalizers"):
            others = [one for one in namespace["spec"].get("finalizers") or () if one != FINALIZER]
            if not others:
                self.store.remove("namespaces", None, name)
                return
        self.store.modify("namespaces", None, name, change)


def _plural(resource: str) -> str:
    """`pods.`, `deployments.apps`: resource, a dot, group."""
    plural, _, group = resource.partition(".")
    return f"{plural}.{group}"
