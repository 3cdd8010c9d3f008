"""An app: one Deployment, and a Service when it listens on a port.

The pods keep to Pod Security `restricted` whatever the person wrote. Text that people type stays what they typed:
Kubernetes would expand `$(NAME)` in environment, command and arguments, so every `$` is doubled, which it reads as one.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from cluster import names, quantities
from cluster.errors import Invalid
from cluster.specs import AppSpec, HealthCheck, SecretFiles, SecretRef

Manifest = dict[str, Any]

FS_GROUP = 65532
"""Group of mounted volumes' files: the `nonroot` of the images that most people build on."""

TERMINATION_GRACE = 30
"""Seconds between SIGTERM and SIGKILL."""

REVISION_HISTORY = 3

ROLLING_UPDATE = "spec.strategy.rollingUpdate"
"""The field that must not stand beside the strategy Recreate."""


def manifests(spec: AppSpec) -> list[Manifest]:
    """The Deployment first, since it is what people wait for, then the Service. Raises `Invalid`."""
    found = [deployment(spec)]
    if spec.port is not None:
        found.append(service(spec))
    return found


def deployment(spec: AppSpec) -> Manifest:
    """The Deployment. The release is a label of the pods, never of the selector; the generation stays off the pods."""
    labels = names.app_labels(spec.owner, spec.name)
    released = {**labels, names.LABEL_RELEASE: str(spec.release)}
    annotations = {
        names.ANNOTATION_GENERATION: str(spec.generation),
        **names.operation_annotations(spec.owner),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**_place(spec), "labels": dict(released), "annotations": annotations},
        "spec": {
            "replicas": spec.replicas,
            "revisionHistoryLimit": REVISION_HISTORY,
            "progressDeadlineSeconds": spec.progress_deadline,
            "selector": {"matchLabels": names.app_selector(spec.name)},
            "strategy": _strategy(spec),
            "template": {"metadata": {"labels": released}, "spec": _pod(spec)},
        },
    }


def service(spec: AppSpec) -> Manifest:
    """The Service. Its port is the app's own, so that the address is `app.namespace:port` as people read it."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            **_place(spec),
            "labels": names.app_labels(spec.owner, spec.name),
            "annotations": names.operation_annotations(spec.owner),
        },
        "spec": {
            "type": "ClusterIP",
            "selector": names.app_selector(spec.name),
            "ports": [{"name": names.CONTAINER, "port": spec.port, "targetPort": spec.port, "protocol": "TCP"}],
        },
    }


def literal(text: str) -> str:
    """`text` as Kubernetes must be given it, so that the process sees exactly `text`.

    >>> literal("price: $(COST) in $")
    'price: $$(COST) in $$'
    """
    return text.replace("$", "$$")


def _place(spec: AppSpec) -> dict[str, Any]:
    return {"name": names.check_label(spec.name), "namespace": names.check_label(spec.namespace, "namespace")}


def _strategy(spec: AppSpec) -> Manifest:
    """A new pod is ready before an old one goes; not where it would wait for the old one's volume."""
    if spec.one_node:
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def _pod(spec: AppSpec) -> dict[str, Any]:
    security: dict[str, Any] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    if spec.volumes:
        security["fsGroup"] = FS_GROUP
    pod: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": TERMINATION_GRACE,
        "securityContext": security,
        "containers": [_container(spec)],
    }
    if spec.pull_secret:
        pod["imagePullSecrets"] = [{"name": names.check_subdomain(spec.pull_secret, "pull_secret")}]
    if spec.one_node:
        pod["affinity"] = {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [_beside_itself(spec)]}}
    volumes = [*_claims(spec), *(_files(files) for files in spec.secret_files)]
    if volumes:
        pod["volumes"] = volumes
    return pod


def _beside_itself(spec: AppSpec) -> dict[str, Any]:
    """The first pod goes where it fits (the scheduler lets a pod that matches its own term begin), others follow."""
    return {
        "labelSelector": {"matchLabels": names.app_selector(spec.name)},
        "topologyKey": "kubernetes.io/hostname",
    }


def _container(spec: AppSpec) -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": names.CONTAINER,
        "image": spec.image,
        "resources": {
            "requests": {"cpu": quantities.cpu(spec.cpu), "memory": quantities.size(spec.memory)},
            "limits": {"memory": quantities.size(spec.memory)},
        },
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        **_probes(spec.health, spec.port),
    }
    optional = {
        "command": [literal(word) for word in spec.command],
        "args": [literal(word) for word in spec.args],
        "env": _environment(spec),
        "volumeMounts": _mounts(spec),
    }
    container.update({key: value for key, value in optional.items() if value})
    if spec.port is not None:
        container["ports"] = [{"name": names.CONTAINER, "containerPort": spec.port, "protocol": "TCP"}]
    return container


def _environment(spec: AppSpec) -> list[dict[str, Any]]:
    """Sorted by name: the same configuration is the same pod template. A secret's key wins over a plain value."""
    entries: dict[str, dict[str, Any]] = {
        name: {"name": name, "value": literal(value)} for name, value in spec.env.items()
    }
    for name, ref in spec.secret_env.items():
        key = {"name": names.check_subdomain(ref.object_name, f"secret_env.{name}"), "key": ref.key}
        entries[name] = {"name": name, "valueFrom": {"secretKeyRef": key}}
    return [entries[name] for name in sorted(entries)]


def _mounts(spec: AppSpec) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = [
        {"name": names.pod_volume("claim", volume.claim), "mountPath": volume.path} for volume in spec.volumes
    ]
    for files in spec.secret_files:
        mounts.append({"name": names.pod_volume("secret", files.name), "mountPath": files.path, "readOnly": True})
    return sorted(mounts, key=lambda mount: str(mount["mountPath"]))


def _claims(spec: AppSpec) -> list[dict[str, Any]]:
    claims = sorted({volume.claim for volume in spec.volumes})
    return [
        {
            "name": names.pod_volume("claim", names.check_label(claim, "volumes")),
            "persistentVolumeClaim": {"claimName": claim},
        }
        for claim in claims
    ]


def _files(files: SecretFiles) -> dict[str, Any]:
    """A projected volume with one source a Secret: a key stands in the version that changed it last."""

    def by_object(ref: SecretRef) -> str:
        return ref.object_name

    sources = [
        {
            "secret": {
                "name": names.check_subdomain(object_name, f"secret_files.{files.name}"),
                "items": [{"key": key, "path": key} for key in sorted(ref.key for ref in refs)],
            }
        }
        for object_name, refs in groupby(sorted(files.items, key=by_object), key=by_object)
    ]
    return {"name": names.pod_volume("secret", files.name), "projected": {"sources": sources}}


def _probes(health: HealthCheck, port: int | None) -> dict[str, Any]:
    """Readiness and start by the same question; liveness only when asked for, and slower, since it kills."""
    if health.kind == "none":
        return {}
    if port is None:
        raise Invalid("a health check needs a port", causes={"health": "a health check needs a port"}, status=0)
    ask: dict[str, Any] = {"tcpSocket": {"port": port}}
    if health.kind == "http":
        ask = {"httpGet": {"path": health.path, "port": port, "scheme": "HTTP"}}
    pace = {"periodSeconds": health.period, "timeoutSeconds": max(1, min(health.period, 3))}
    probes = {
        "startupProbe": {**ask, **pace, "failureThreshold": max(1, -(-health.start_seconds // health.period))},
        "readinessProbe": {**ask, **pace, "failureThreshold": 3},
    }
    if health.liveness:
        slow = {"periodSeconds": max(health.period, 10), "timeoutSeconds": 5}
        probes["livenessProbe"] = {**ask, **slow, "failureThreshold": 3}
    return probes
