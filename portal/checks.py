"""What `check` asks beside Django's own questions: that clusters' certificates are verified, that groups name teams."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, Warning, register  # noqa: A004 - as Django calls it
from django.db import DatabaseError

from tenants import clusters
from tenants.services import groups


@register(Tags.security, deploy=True)
def cluster_certificates(app_configs: Any, **_: Any) -> list[Error]:
    """One error a cluster whose API server could be anybody."""
    return [
        Error(f"The certificate of the cluster {alias!r} is not verified.", hint=problem, id="berth.E001")
        for alias in settings.CLUSTERS
        if (problem := _problem(alias))
    ]


@register(Tags.security)
def groups_of_missing_teams(app_configs: Any, **_: Any) -> list[Warning]:
    """A warning for each group of BERTH_OIDC whose team is not there: it gives nothing until the team is made."""
    if not any(one["groups"] for one in settings.OIDC.values()):
        return []
    try:
        missing = groups.missing_teams()
    except DatabaseError:  # before the first migration there are no teams to look for
        return []
    return [
        Warning(
            f"BERTH_OIDC: the group {group!r} of {provider!r} names the team {slug!r}, which is not there.",
            hint="Make the team, or correct the name. Until then the group is ignored.",
            id="berth.W001",
        )
        for provider, group, slug in missing
    ]


def _problem(alias: str) -> str:
    config = settings.CLUSTERS[alias]
    if config.get("in_cluster") or str(config.get("server", "")).startswith("http://127.0.0.1:"):
        return ""  # a pod's own mounted authority; a simulated cluster on this machine
    try:
        verified = clusters.connection(alias).verifies_tls
    except (OSError, ValueError) as error:
        return f"Its kubeconfig cannot be read: {error}"
    return "" if verified else "Its kubeconfig has no https address or says insecure-skip-tls-verify."
