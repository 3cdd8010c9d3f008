"""Rows → what the cluster should hold: pure translation of the current intent into the gateway's specs."""

from __future__ import annotations

from collections.abc import Mapping

from cluster import names, specs
from cluster.specs import STANDARD
from tenants import releases
from tenants.models import App, Namespace, Operation, Secret, Volume
from tenants.releases import ReleaseSpec
from tenants.rules.resources import hard_key


def owner(namespace: Namespace, operation: Operation | None = None) -> specs.Owner:
    """Whose the objects of a namespace are; `operation` marks what it writes."""
    return specs.Owner(
        team=namespace.team.slug,
        namespace_id=str(namespace.pk),
        operation=str(operation.pk) if operation else "",
    )


def namespace_spec(namespace: Namespace, operation: Operation | None = None) -> specs.NamespaceSpec:
    """The namespace with its limits and its plan's container defaults; nothing in it may exceed the whole."""
    plan = namespace.plan
    return specs.NamespaceSpec(
        name=namespace.cluster_name,
        owner=owner(namespace, operation),
        limits=specs.Limits(
            **{resource: namespace.limits[resource] for resource in STANDARD},
            more={hard_key(name): amount for name, amount in namespace.limits.items() if name not in STANDARD},
        ),
        defaults=specs.ContainerDefaults(
            request_cpu=min(plan.default_request_cpu, namespace.limits["cpu"]),
            request_memory=min(plan.default_request_memory, namespace.limits["memory"]),
            limit_memory=min(plan.default_limit_memory, namespace.limits["memory"]),
            max_cpu=namespace.limits["cpu"],
            max_memory=namespace.limits["memory"],
        ),
    )


def app_spec(app: App, operation: Operation | None = None) -> specs.AppSpec:
    """The app's wanted release. Raises ValueError for an app that has none."""
    release = app.release
    if release is None:
        raise ValueError(f"app {app} has no release")
    spec = releases.load(release.spec)
    return specs.AppSpec(
        name=app.name,
        namespace=app.namespace.cluster_name,
        owner=owner(app.namespace, operation),
        release=release.number,
        generation=app.generation,
        image=spec.image,
        port=spec.port,
        replicas=spec.replicas,
        cpu=spec.cpu,
        memory=spec.memory,
        command=tuple(spec.command),
        args=tuple(spec.args),
        env=dict(spec.env),
        secret_env={name: _secret_ref(spec, ref.secret, ref.key) for name, ref in spec.secret_env.items()},
        secret_files=tuple(_secret_files(spec, files.secret, files.path) for files in spec.secret_files),
        volumes=tuple(specs.VolumeMount(claim=mount.volume, path=mount.path) for mount in spec.volumes),
        health=specs.HealthCheck(
            kind=spec.health.kind,
            path=spec.health.path,
            period=spec.health.period,
            start_seconds=spec.health.start_seconds,
            liveness=spec.health.liveness,
        ),
        pull_secret=_pull_secret(spec),
        one_node=spec.one_node,
    )


def volume_spec(volume: Volume, operation: Operation | None = None) -> specs.VolumeSpec:
    """The claim."""
    return specs.VolumeSpec(
        name=volume.name,
        namespace=volume.namespace.cluster_name,
        owner=owner(volume.namespace, operation),
        size=volume.size,
        storage_class=volume.storage_class,
        access_mode=volume.access_mode,
    )


def secret_spec(
    secret: Secret, version: int, values: Mapping[str, str], operation: Operation | None = None
) -> specs.SecretSpec:
    """One immutable version: `values` are the keys that were set in that change."""
    return specs.SecretSpec(
        name=names.secret_object(secret.name, version),
        secret=secret.name,
        namespace=secret.namespace.cluster_name,
        owner=owner(secret.namespace, operation),
        version=version,
        type=secret.type,
        values={key: value.encode() for key, value in values.items()},
    )


def _secret_ref(spec: ReleaseSpec, secret: str, key: str) -> specs.SecretRef:
    return specs.SecretRef(object_name=names.secret_object(secret, spec.secret_versions[secret][key]), key=key)


def _secret_files(spec: ReleaseSpec, secret: str, path: str) -> specs.SecretFiles:
    keys = sorted(spec.secret_versions[secret])
    return specs.SecretFiles(name=secret, path=path, items=tuple(_secret_ref(spec, secret, key) for key in keys))


def _pull_secret(spec: ReleaseSpec) -> str:
    """A registry login is one key, so its newest version holds all of it."""
    if not spec.pull_secret:
        return ""
    return names.secret_object(spec.pull_secret, max(spec.secret_versions[spec.pull_secret].values()))
