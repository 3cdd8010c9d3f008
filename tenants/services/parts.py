"""What a release stands on in its namespace: secrets at their versions, volumes that are free, room in the quota.

Asked under the namespace's lock, so that two wishes at once cannot both get the last of something.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from django.conf import settings

from tenants import mounts, rules
from tenants.errors import Invalid
from tenants.models import App, Namespace, Secret, Volume
from tenants.releases import ReleaseSpec, load
from tenants.services.quotas import preflight


def clean_spec(spec: ReleaseSpec) -> ReleaseSpec:
    """All rules that need no database. Raises Invalid with `fields`."""
    return rules.clean_release(spec, hosts=settings.IMAGE_HOSTS)


def resolve(
    namespace: Namespace, app: App | None, spec: ReleaseSpec, *, pinned_at: datetime | None = None
) -> ReleaseSpec:
    """The release with what is filled in, once everything that it names was found and the quota has room.

    `pinned_at`: when the versions that the spec carries were pinned (a rollback keeps them, except where the secret
    was made anew since); None takes the newest. Raises Invalid by the fields of ReleaseSpec, QuotaExceeded.
    """
    versions, errors = _pin(namespace, spec, pinned_at)
    errors |= _volume_errors(namespace, app, spec)
    if errors:
        raise Invalid(" ".join(errors.values()), fields=errors)
    spec = mounts.with_demands(namespace, msgspec.structs.replace(spec, secret_versions=versions))
    preflight(namespace, app=app, spec=spec, count=("apps",)).require()
    return spec


def users_of(namespace: Namespace, *, volume: str = "", secret: str = "") -> dict[str, ReleaseSpec]:
    """The apps whose wanted or serving release uses the volume or secret: name → the release that does."""
    using: dict[str, ReleaseSpec] = {}
    for app in App.objects.filter(namespace=namespace).select_related("release", "serving"):
        for release in (app.release, app.serving):
            spec = load(release.spec) if release else None
            if spec and (volume in spec.mounted() or secret in spec.secrets()):
                using.setdefault(app.name, spec)
    return using


def listed(names: Iterable[str]) -> str:
    """“a”, “a and b”, “a, b and 3 more” for a sentence."""
    ordered = sorted(names)
    if len(ordered) <= 1:
        return "".join(ordered)
    shown, rest = ordered[:2], len(ordered) - 2
    return f"{', '.join(shown)} and {rest} more" if rest else " and ".join(shown)


def _pin(
    namespace: Namespace, spec: ReleaseSpec, pinned_at: datetime | None
) -> tuple[dict[str, dict[str, int]], dict[str, str]]:
    standing = {s.name: s for s in Secret.objects.filter(namespace=namespace, name__in=spec.secrets())}
    versions: dict[str, dict[str, int]] = {}
    errors: dict[str, str] = {}
    for name in sorted(spec.secrets()):
        secret = standing.get(name)
        field = _field_of(spec, name)
        if secret is None or secret.deleting:
            errors[field] = f"There is no secret “{name}” in {namespace}: set it first, or leave it out."
            continue
        kept = spec.secret_versions.get(name, {}) if pinned_at and secret.created_at <= pinned_at else {}
        wanted = set(kept) or set(secret.keys)
        wanted |= spec.keys_of(name)
        missing = sorted(key for key in wanted if key not in kept and key not in secret.keys)
        if missing:
            errors[field] = f"The secret “{name}” has no key “{missing[0]}”: set it, or choose another key."
            continue
        versions[name] = {key: kept.get(key) or secret.keys[key] for key in _used_keys(spec, name, wanted)}
        if name == spec.pull_secret and secret.type != rules.REGISTRY_LOGIN:
            errors["pull_secret"] = f"“{name}” is no login to a registry: choose one that is."
    return versions, errors


def _used_keys(spec: ReleaseSpec, secret: str, keys: set[str]) -> list[str]:
    """All keys where they become files or a login, else those that the environment names."""
    whole = secret == spec.pull_secret or any(folder.secret == secret for folder in spec.secret_files)
    return sorted(keys if whole else keys & spec.keys_of(secret))


def _field_of(spec: ReleaseSpec, secret: str) -> str:
    if any(ref.secret == secret for ref in spec.secret_env.values()):
        return "secret_env"
    return "pull_secret" if spec.pull_secret == secret else "secret_files"


def _volume_errors(namespace: Namespace, app: App | None, spec: ReleaseSpec) -> dict[str, str]:
    if not spec.volumes:
        return {}
    standing = {volume.name: volume for volume in Volume.objects.filter(namespace=namespace)}
    for name in sorted(spec.mounted()):
        volume = standing.get(name)
        if volume is None or volume.deleting:
            return {"volumes": f"There is no volume “{name}” in {namespace}: create it first, or leave it out."}
        if volume.access_mode in mounts.ONE_NODE:
            others = {user for user in users_of(namespace, volume=name) if app is None or user != app.name}
            if others:
                return {
                    "volumes": f"“{name}” is mounted by {listed(others)}, and it serves one app at a time "
                    f"({volume.access_mode}): detach it there first, or create another volume."
                }
    return {}
