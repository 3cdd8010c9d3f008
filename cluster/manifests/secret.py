"""A secret's version: one immutable Secret. A change is a new one, so that nothing ever has to read a value back."""

from __future__ import annotations

import base64
from typing import Any

from cluster import names
from cluster.specs import SecretSpec

HIDDEN = "(not shown)"


def manifests(spec: SecretSpec) -> list[dict[str, Any]]:
    """The Secret with its values, base64 as the API wants them: for the request's body and nothing else."""
    return [_secret(spec, {key: base64.b64encode(value).decode() for key, value in spec.values.items()})]


def masked(spec: SecretSpec) -> list[dict[str, Any]]:
    """The Secret as people may see it: its keys, no values."""
    return [_secret(spec, dict.fromkeys(spec.values, HIDDEN))]


def _secret(spec: SecretSpec, data: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": names.check_subdomain(spec.name),
            "namespace": names.check_label(spec.namespace, "namespace"),
            "labels": {
                **names.owner_labels(spec.owner),
                names.LABEL_SECRET: spec.secret,
                names.LABEL_SECRET_VERSION: str(spec.version),
            },
            "annotations": names.operation_annotations(spec.owner),
        },
        "immutable": True,
        "type": spec.type,
        "data": data,
    }
