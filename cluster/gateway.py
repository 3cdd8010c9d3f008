"""What the domain may ask of a cluster. One implementation; tests and the demo point it at simcluster.

Every call has a deadline and raises only `cluster.errors`. Calls are synchronous and thread-safe: they are
made by workers. Streams (watch, logs) are asynchronous and live in `cluster.watch` and `cluster.logs`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from cluster import apply, names, reads, removal, tenancy
from cluster import room as rooms
from cluster.calls import Caller
from cluster.connection import Connection
from cluster.errors import Invalid
from cluster.manifests import app, namespace, secret, volume
from cluster.specs import (
    AppSpec,
    ClusterInfo,
    NamespaceOutcome,
    NamespaceSpec,
    Remaining,
    Room,
    SecretSpec,
    VolumeSpec,
)

Manifest = dict[str, Any]
Spec = NamespaceSpec | AppSpec | VolumeSpec | SecretSpec


class Gateway:
    """The whole surface that the domain sees of one cluster."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def _caller(self) -> Caller:
        return self._connection.sync

    def info(self) -> ClusterInfo:
        """Version and storage classes."""
        return reads.cluster_info(self._caller)

    def room(self) -> Room:
        """What the schedulable nodes have for pods, all together."""
        return rooms.room(self._caller)

    # -- namespaces ---------------------------------------------------------------------------------------

    def provision_namespace(self, spec: NamespaceSpec, *, patience: float = tenancy.PATIENCE) -> NamespaceOutcome:
        """Makes the namespace and its parts, or mends them, then looks whether each holds. Idempotent.

        Waits up to `patience` seconds for the cluster's controllers to take the parts up; what does not hold by then
        is a part with status "False", which a later `verify_namespace` may find true. Raises `NameTaken` when a
        namespace of that name is not this row's.
        """
        return tenancy.provision(self._caller, spec, patience=patience)

    def verify_namespace(self, spec: NamespaceSpec) -> NamespaceOutcome:
        """How the parts stand, changing nothing. Pod Security is asked by a dry run of a pod it must refuse."""
        return tenancy.verify(self._caller, spec)

    def delete_namespace(self, name: str, *, namespace_id: str) -> Remaining:
        """Asks for the deletion when that was not done, and says what is still there. Repeat until `gone`.

        Raises `NameTaken` when the namespace is not of the row `namespace_id`.
        """
        return removal.delete(self._caller, name, namespace_id=namespace_id)

    # -- apps -----------------------------------------------------------------------------------------------

    def apply_app(self, spec: AppSpec) -> None:
        """The app's Deployment and Service as `spec` says, whatever stood there of ours before.

        Raises `NameTaken` for a Deployment or Service that is not ours, `Conflict` with reason "Deleting" while an
        older one is still going, and what the cluster refuses as `Refused`.
        """
        for manifest in app.manifests(spec):
            try:
                apply.apply_ours(self._caller, manifest, namespace_id=spec.owner.namespace_id)
            except Invalid as invalid:
                if not spec.one_node or app.ROLLING_UPDATE not in invalid.causes:
                    raise
                # Somebody's rolling update beside our Recreate: the server refuses both together.
                stops = {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}
                apply.clear(self._caller, manifest, namespace_id=spec.owner.namespace_id, body=stops)
                apply.apply_ours(self._caller, manifest, namespace_id=spec.owner.namespace_id)
        if spec.port is None:
            self._remove("Service", spec.namespace, spec.name, names.LABEL_APP)

    def delete_app(self, namespace: str, name: str) -> bool:
        """Asks for the app's deletion; True when Deployment, ReplicaSets, pods and Service are gone. Repeat until then.

        Objects of that name that are not ours are left, and do not count.
        """
        remains = self._remove("Deployment", namespace, name, names.LABEL_APP, propagation="Foreground")
        remains |= self._remove("Service", namespace, name, names.LABEL_APP)
        if remains:
            return False
        ours = f"{names.LABEL_APP}={names.check_label(name)},{names.MANAGED}"
        return not any(reads.any_of(self._caller, kind, namespace, selector=ours) for kind in ("ReplicaSet", "Pod"))

    # -- volumes --------------------------------------------------------------------------------------------

    def apply_volume(self, spec: VolumeSpec) -> None:
        """The claim; a larger size grows it where its class can. Raises `NameTaken`, `Invalid`, `QuotaExceeded`."""
        for manifest in volume.manifests(spec):
            apply.apply_ours(self._caller, manifest, namespace_id=spec.owner.namespace_id)

    def delete_volume(self, namespace: str, name: str) -> bool:
        """Asks for the claim's deletion; True when it is gone. A claim in use goes when no pod uses it any more."""
        return not self._remove("PersistentVolumeClaim", namespace, name, names.LABEL_VOLUME)

    # -- secrets --------------------------------------------------------------------------------------------

    def create_secret_version(self, spec: SecretSpec) -> None:
        """Makes the immutable Secret; done already by the same operation counts as done. Raises `NameTaken`."""
        for manifest in secret.manifests(spec):
            apply.create(self._caller, manifest, namespace_id=spec.owner.namespace_id)

    def secret_versions(self, namespace: str, secret: str) -> set[int]:
        """The versions of a secret that stand in the cluster."""
        return set(self._secret_versions(namespace, secret))

    def delete_secret_versions(self, namespace: str, secret: str, *, keep: Collection[int]) -> None:
        """Deletes every version of a secret but those in `keep`."""
        for version, metadata in self._secret_versions(namespace, secret).items():
            if version not in keep:
                apply.delete(self._caller, "Secret", metadata)

    # -- for people -----------------------------------------------------------------------------------------

    def preview(self, spec: Spec) -> list[Manifest]:
        """The manifests as they would be applied. Values of secrets are never in them."""
        return _PREVIEWS[type(spec)](spec)

    # -- own steps ------------------------------------------------------------------------------------------

    def _remove(self, kind: str, namespace: str, name: str, label: str, *, propagation: str = "Background") -> bool:
        """Asks for the deletion of one object of ours; whether it still stands."""
        standing = reads.metadata(self._caller, kind, namespace, name)
        if standing is None or not apply.is_ours(standing, None) or not _named(standing, label, name):
            return False
        if "deletionTimestamp" not in standing:
            apply.delete(self._caller, kind, standing, propagation=propagation)
            return reads.metadata(self._caller, kind, namespace, name) is not None
        return True

    def _secret_versions(self, namespace: str, secret: str) -> dict[int, dict[str, Any]]:
        ours = f"{names.LABEL_SECRET}={names.check_label(secret)},{names.MANAGED}"
        found = {}
        for metadata in reads.metadatas(self._caller, "Secret", namespace, selector=ours):
            version = metadata["labels"].get(names.LABEL_SECRET_VERSION, "")
            if version.isdecimal():
                found[int(version)] = metadata
        return found


def _named(metadata: dict[str, Any], label: str, name: str) -> bool:
    """Whether the label that tells our kinds apart does not name something else."""
    return (metadata.get("labels") or {}).get(label, name) == name


_PREVIEWS: dict[type, Callable[[Any], list[Manifest]]] = {
    NamespaceSpec: namespace.manifests,
    AppSpec: app.manifests,
    VolumeSpec: volume.manifests,
    SecretSpec: secret.masked,
}
