"""Objects that Berth's labels mark as its own and no row knows, as after a database or a cluster came from a backup.

They are listed for staff and never deleted: nobody but a person knows whether they are a loss or a leftover.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from django.conf import settings
from django.db import transaction

from cluster.watch import Informer
from tenants import audit, clusters
from tenants.models import App, ClusterState, Namespace, Volume

log = structlog.get_logger(__name__)

Found = tuple[str, str, str]
"""Kind, namespace ("" for a Namespace), name."""

MODELS = {"Deployment": App, "Service": App, "PersistentVolumeClaim": Volume}
LISTED = 200
"""So many are kept of a cluster, in order of their names."""


class Strays:
    """Of one cluster. What is going or coming looks unknown for a moment: it counts when two looks found it."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._before: set[Found] = set()

    def look(self, there: Iterable[Found]) -> None:
        """Keeps which of the managed objects that the informer held just now have no row."""
        now = _unknown(self.alias, set(there))
        certain, self._before = sorted(now & self._before), now
        state = ClusterState.objects.filter(pk=self.alias).first()
        known = [tuple(one) for one in state.info.get("strays", [])] if state else []
        if state is None or known == certain[:LISTED]:
            return
        new = [" ".join(filter(None, one)) for one in certain[:LISTED] if one not in known]
        with transaction.atomic():
            clusters.strayed(self.alias, certain[:LISTED])
            if new:
                words = f"No row knows of {len(new)}, nothing is deleted: {', '.join(new)}"
                audit.record(actor=None, action="cluster.strays", thing=state, detail=words, machine="observer")
        if new:
            log.warning("strays_found", cluster=self.alias, count=len(certain), new=new[:5])


def managed(whole: Informer) -> list[Found]:
    """What the informer holds of namespaces with Berth's prefix, and in them; what is being deleted is left out."""
    found: list[Found] = []
    for space in whole.objects("Namespace", ""):
        name = str(space["metadata"]["name"])
        if not name.startswith(settings.NAMESPACE_PREFIX) or "deletionTimestamp" in space["metadata"]:
            continue
        found.append(("Namespace", "", name))
        for kind in MODELS:
            things = (thing["metadata"] for thing in whole.objects(kind, name))
            found += [(kind, name, str(one["name"])) for one in things if "deletionTimestamp" not in one]
    return found


def _unknown(alias: str, there: set[Found]) -> set[Found]:
    """Those without a row; of a namespace that no row knows, the namespace alone."""
    spaces = set(Namespace.objects.filter(cluster=alias).values_list("cluster_name", flat=True))
    rows = {("Namespace", "", name) for name in spaces}
    for kind, model in MODELS.items():
        names = model.objects.filter(namespace__cluster=alias).values_list("namespace__cluster_name", "name")
        rows |= {(kind, space, name) for space, name in names}
    return {one for one in there - rows if not one[1] or one[1] in spaces}
