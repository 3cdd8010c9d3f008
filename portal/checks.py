"""What `check --deploy` asks beside Django's own questions: that each cluster's certificate is verified."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register

from tenants import clusters


@register(Tags.security, deploy=True)
def cluster_certificates(app_configs: Any, **_: Any) -> list[Error]:
    """One error a cluster whose API server could be anybody."""
    return [
        Error(f"The certificate of the cluster {alias!r} is not verified.", hint=problem, id="berth.E001")
        for alias in settings.CLUSTERS
        if (problem := _problem(alias))
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
