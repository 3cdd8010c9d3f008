"""A volume: a PersistentVolumeClaim that outlives the apps that mount it."""

from __future__ import annotations

from typing import Any

from cluster import names, quantities
from cluster.specs import VolumeSpec


def manifests(spec: VolumeSpec) -> list[dict[str, Any]]:
    """The claim. It never names a volume or a data source: that would reach for somebody else's data."""
    body: dict[str, Any] = {
        "accessModes": [spec.access_mode],
        "resources": {"requests": {"storage": quantities.size(spec.size)}},
    }
    if spec.storage_class:
        body["storageClassName"] = names.check_subdomain(spec.storage_class, "storage_class")
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": names.check_label(spec.name),
                "namespace": names.check_label(spec.namespace, "namespace"),
                "labels": {**names.owner_labels(spec.owner), names.LABEL_VOLUME: spec.name},
                "annotations": names.operation_annotations(spec.owner),
            },
            "spec": body,
        }
    ]
