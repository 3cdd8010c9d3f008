"""A whole release against all rules at once, so that a form shows every error and not the first."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

import msgspec

from tenants.errors import Invalid
from tenants.releases import Health, ReleaseSpec, SecretFolder, SecretKey, VolumeAt
from tenants.rules import environment, images, names, network, paths, quantities, secrets
from tenants.rules.broken import Broken

T = TypeVar("T")


class _Errors:
    """Collects what is broken by field; the first of a field stands."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}

    def take(self, field: str, rule: Callable[[], T], otherwise: T) -> T:
        try:
            return rule()
        except Broken as broken:
            self.fields.setdefault(field, broken.message)
            return otherwise


def clean_release(spec: ReleaseSpec, *, hosts: Collection[str] = ()) -> ReleaseSpec:
    """The same release, normalized. `hosts`: the registries that the site allows; empty allows all.

    Raises Invalid with `fields` by the names of ReleaseSpec: image, port, env, secret_env, secret_files, volumes,
    cpu, memory, replicas, health, command, args, pull_secret. What needs the database (whether a secret is there,
    whether the quota leaves room) is asked by the services.
    """
    errors = _Errors()
    take = errors.take
    files = take("secret_files", lambda: _secret_files(spec), spec.secret_files)
    clean = msgspec.structs.replace(
        spec,
        image=take("image", lambda: images.image(spec.image, hosts), spec.image),
        port=take("port", lambda: None if spec.port is None else network.port(spec.port), spec.port),
        env=take("env", lambda: environment.env(spec.env), spec.env),
        secret_env=take("secret_env", lambda: _secret_env(spec), spec.secret_env),
        secret_files=files,
        volumes=take("volumes", lambda: _volumes(spec, files), spec.volumes),
        cpu=take("cpu", lambda: quantities.cpu(f"{spec.cpu}m"), spec.cpu),
        memory=take("memory", lambda: quantities.memory(spec.memory), spec.memory),
        replicas=take("replicas", lambda: quantities.replicas(spec.replicas), spec.replicas),
        health=take("health", lambda: _health(spec), spec.health),
        command=take("command", lambda: environment.words(spec.command), spec.command),
        args=take("args", lambda: tuple(environment.env_value(word) for word in spec.args), spec.args),
        pull_secret=take("pull_secret", lambda: spec.pull_secret and names.secret_name(spec.pull_secret), ""),
    )
    if len(spec.args) > environment.WORDS_MAX:
        errors.fields.setdefault("args", f"At most {environment.WORDS_MAX} words; these are {len(spec.args)}.")
    if errors.fields:
        raise Invalid(_summary(errors.fields), fields=errors.fields)
    return clean


def _secret_env(spec: ReleaseSpec) -> dict[str, SecretKey]:
    clean: dict[str, SecretKey] = {}
    for raw, ref in spec.secret_env.items():
        name = environment.env_name(raw)
        if name in clean or name in {key.strip() for key in spec.env}:
            raise Broken(f"“{name}” stands in the environment twice: once as text, once from a secret. Keep one.")
        clean[name] = SecretKey(names.secret_name(ref.secret), secrets.secret_key(ref.key))
    if len(clean) + len(spec.env) > environment.COUNT_MAX:
        raise Broken(f"At most {environment.COUNT_MAX} variables together with those from secrets.")
    return clean


def _secret_files(spec: ReleaseSpec) -> tuple[SecretFolder, ...]:
    clean = tuple(
        SecretFolder(names.secret_name(folder.secret), paths.mount_path(folder.path)) for folder in spec.secret_files
    )
    paths.unique_paths((f"secret {folder.secret}", folder.path) for folder in clean)
    return clean


def _volumes(spec: ReleaseSpec, files: tuple[SecretFolder, ...]) -> tuple[VolumeAt, ...]:
    clean = tuple(VolumeAt(names.volume_name(mount.volume), paths.mount_path(mount.path)) for mount in spec.volumes)
    if clean:
        things = [(f"volume {mount.volume}", mount.path) for mount in clean]
        paths.unique_paths([*things, *((f"secret {folder.secret}", folder.path) for folder in files)])
    return clean


def _health(spec: ReleaseSpec) -> Health:
    health = spec.health
    if health.kind == "none":
        return health
    if spec.port is None:
        raise Broken("A health check needs the app's port: give one, or choose no check.")
    period, start = network.health_period(health.period), network.health_start(health.start_seconds)
    path = network.health_path(health.path) if health.kind == "http" else "/"
    return msgspec.structs.replace(health, path=path, period=period, start_seconds=start)


def _summary(fields: dict[str, str]) -> str:
    if len(fields) == 1:
        field, message = next(iter(fields.items()))
        return f"{field}: {message}"
    return f"{len(fields)} fields need a change: {', '.join(fields)}."
