"""A form's wish as the manifests that it would become and as the API call that does the same; no cluster is asked."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import yaml

from cluster.errors import ClusterError
from tenants import clusters, intents, mounts, releases, rules
from tenants.models import App, Namespace, Release, Secret
from tenants.releases import ReleaseSpec, dump

# In C where libyaml is there: a form asks for it while one types.
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
# What a person does not ask about: marks by which the portal knows its own objects.
_OWN = ("labels", "annotations")


def of(namespace: Namespace, name: str, spec: ReleaseSpec, base_url: str) -> dict[str, str]:
    """{"manifest": YAML, "call": curl}; the manifest is "" where the spec makes none yet, as without an image."""
    return {"manifest": _manifest(namespace, name, spec), "call": _call(namespace, name, spec, base_url)}


def _manifest(namespace: Namespace, name: str, spec: ReleaseSpec) -> str:
    if not spec.image:
        return ""
    versions = {
        secret.name: dict(secret.keys) for secret in Secret.objects.filter(namespace=namespace, name__in=spec.secrets())
    }
    pinned = mounts.with_demands(namespace, msgspec.structs.replace(spec, secret_versions=versions))
    app = App(namespace=namespace, name=name, generation=1)
    app.release = Release(number=1, spec=dump(pinned))
    try:
        manifests = clusters.gateway(namespace.cluster).preview(intents.app_spec(app))
    except (ClusterError, KeyError, ValueError):
        return ""
    return yaml.dump_all(map(_plain, manifests), Dumper=_DUMPER, sort_keys=False, width=100)


def _plain(manifest: dict[str, Any]) -> dict[str, Any]:
    """Without the portal's own marks, which only make it longer."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in _OWN}
    return json.loads(json.dumps({**manifest, "metadata": metadata}))


def _call(namespace: Namespace, name: str, spec: ReleaseSpec, base_url: str) -> str:
    usual = dump(ReleaseSpec(image=""))
    wanted = {key: value for key, value in dump(spec).items() if value != usual[key] and key not in releases.FILLED}
    wanted["cpu"], wanted["memory"] = f"{spec.cpu}m", rules.say_bytes(spec.memory)
    body = json.dumps({"name": name, **wanted}, indent=2, ensure_ascii=False).replace("'", "'\\''")
    return (
        f"curl {base_url}/api/v1/teams/{namespace.team.slug}/namespaces/{namespace.name}/apps \\\n"
        f'  -H "Authorization: Bearer $BERTH_TOKEN" \\\n'
        f"  --json '{body}'\n"
    )
