"""The one shape of a release: what forms and the API fill, the ledger keeps and tasks turn into a cluster's objects.

A secret stands in it by name, key and version, never by value. Unknown fields are refused, so that a misspelled key
of a script is an error and not a default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, Protocol

import msgspec

PINNED = "secret_versions"
FILLED = (PINNED, "one_node")
"""Fields that the services fill in; people and scripts do not give them."""


class Ledger(Protocol):
    """A row of the ledger, as far as it is needed here."""

    spec: Any


class SpecError(ValueError):
    """JSON that is no release; the message names the place."""


class Health(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the cluster tells that a pod can take work: every `period` s; a start may take `start_seconds`."""

    kind: Literal["none", "http", "tcp"] = "none"
    path: str = "/"
    period: int = 5
    start_seconds: int = 60
    liveness: bool = False


class SecretKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of a secret, for an environment variable."""

    secret: str
    key: str


class SecretFolder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All keys of a secret as read-only files below `path`."""

    secret: str
    path: str


class VolumeAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A volume, mounted at `path`."""

    volume: str
    path: str


class ReleaseSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """CPU in millicores (a request), memory in bytes (request and limit); `port` None: nobody reaches it.

    `secret_versions` is {secret: {key: version}}; `one_node`: it mounts a volume that one node mounts at a time, so its
    pods stay together and the old ones end before new ones start. Both are filled by the services, not by people.
    """

    image: str
    port: int | None = 8080
    env: dict[str, str] = {}
    secret_env: dict[str, SecretKey] = {}
    secret_files: tuple[SecretFolder, ...] = ()
    volumes: tuple[VolumeAt, ...] = ()
    cpu: int = 250
    memory: int = 256 << 20
    replicas: int = 1
    health: Health = Health()
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    pull_secret: str = ""
    secret_versions: dict[str, dict[str, int]] = {}
    one_node: bool = False

    def secrets(self) -> set[str]:
        """Names of all secrets that it uses."""
        names = {ref.secret for ref in self.secret_env.values()} | {folder.secret for folder in self.secret_files}
        return names | ({self.pull_secret} if self.pull_secret else set())

    def mounted(self) -> set[str]:
        """Names of all volumes that it mounts."""
        return {mount.volume for mount in self.volumes}

    def keys_of(self, secret: str) -> set[str]:
        """The keys of `secret` that stand in the environment by name."""
        return {ref.key for ref in self.secret_env.values() if ref.secret == secret}


def load(data: Mapping[str, Any]) -> ReleaseSpec:
    """A release from its JSON (`Release.spec`). Raises SpecError with the place and what is wrong."""
    try:
        return msgspec.convert(data, ReleaseSpec, strict=True)
    except msgspec.ValidationError as error:
        raise SpecError(str(error)) from error


def dump(spec: ReleaseSpec) -> dict[str, Any]:
    """JSON of a release: every field, so that a row says the same when defaults change."""
    return msgspec.json.decode(msgspec.json.encode(spec))


def diff(old: ReleaseSpec | None, new: ReleaseSpec) -> list[dict[str, Any]]:
    """What differs, as [{"field", "old", "new"}] sorted by field; None stands for "not there".

    Fields are named so that a person finds them: `image`, `env.LOG_LEVEL`, `secret_env.DATABASE_URL`
    ("database/url"), `secret_files./etc/tls`, `volumes./data`, `health.path`, `secret_versions.database.url`.
    A first release has no changes.
    """
    if old is None:
        return []
    before, after = _flat(old), _flat(new)
    return [
        {"field": field, "old": before.get(field), "new": after.get(field)}
        for field in sorted(before.keys() | after.keys())
        if before.get(field) != after.get(field)
    ]


def without_values(changes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same changes for the audit log, where values of the environment have no place: "set" instead."""
    return [
        {"field": change["field"], "old": _said(change["old"]), "new": _said(change["new"])}
        if change["field"].startswith(("env.", "command", "args"))
        else dict(change)
        for change in changes
    ]


def pinned_versions(releases: Iterable[Ledger]) -> dict[str, set[int]]:
    """Versions of secrets that must stay in the cluster, by secret: those of all releases given.

    Ask with `Release.objects.usable()`.
    """
    kept: dict[str, set[int]] = {}
    for release in releases:
        for secret, keys in release.spec.get(PINNED, {}).items():
            kept.setdefault(secret, set()).update(keys.values())
    return kept


def is_behind(taken: Mapping[str, int], keys: Mapping[str, int]) -> bool:
    """Whether a secret, whose `keys` have the versions of now, has newer values than a release took; {key: version}."""
    return any(keys.get(key, version) > version for key, version in taken.items())


def same_pods(old: ReleaseSpec, new: ReleaseSpec) -> bool:
    """Whether only the number of replicas differs: nothing is rolled out then."""
    return msgspec.structs.replace(old, replicas=new.replicas) == new


def _flat(spec: ReleaseSpec) -> dict[str, Any]:
    flat: dict[str, Any] = {
        "image": spec.image,
        "port": spec.port,
        "cpu": spec.cpu,
        "memory": spec.memory,
        "replicas": spec.replicas,
        "pull_secret": spec.pull_secret or None,
        "command": list(spec.command) or None,
        "args": list(spec.args) or None,
    }
    flat |= {f"env.{name}": value for name, value in spec.env.items()}
    flat |= {f"secret_env.{name}": f"{ref.secret}/{ref.key}" for name, ref in spec.secret_env.items()}
    flat |= {f"secret_files.{folder.path}": folder.secret for folder in spec.secret_files}
    flat |= {f"volumes.{mount.path}": mount.volume for mount in spec.volumes}
    flat |= {f"health.{field}": value for field, value in msgspec.to_builtins(spec.health).items()}
    flat |= {
        f"{PINNED}.{secret}.{key}": version
        for secret, keys in spec.secret_versions.items()
        for key, version in keys.items()
    }
    return flat


def _said(value: Any) -> str | None:
    return None if value is None else "set"
