"""What the volumes of a release demand of its pods.

A ReadWriteOnce volume is mounted on one node at a time. A pod beside it on another node waits for ever (Multi-Attach
error), and so would a rollout that starts new pods before the old ones end: docs/decisions/0008.
"""

from __future__ import annotations

import msgspec

from tenants.models import Namespace, Volume
from tenants.releases import ReleaseSpec

ONE_NODE = frozenset({"ReadWriteOnce"})
"""Access modes of volumes that one node mounts at a time; Berth gives such a volume to one app at a time."""


def with_demands(namespace: Namespace, spec: ReleaseSpec) -> ReleaseSpec:
    """The release with `one_node` as the volumes that stand in the namespace demand it; a query where it mounts any."""
    mounted = spec.mounted()
    demanded = bool(mounted) and (
        Volume.objects.filter(namespace=namespace, name__in=mounted, access_mode__in=ONE_NODE).exists()
    )
    return spec if spec.one_node == demanded else msgspec.structs.replace(spec, one_node=demanded)
