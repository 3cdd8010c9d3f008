"""Samples of a namespace, made directly."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from tenants.models import Namespace, Sample


def make_samples(
    namespace: Namespace, values: list[tuple[float, int, int]], *, resource: str = "memory", seconds: int = 3600
) -> datetime:
    """One (mean, most, reserved) after the other, the last one just over. Answers when the first began."""
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    begin = now - timedelta(seconds=seconds * len(values))
    limit = namespace.limits[resource]
    Sample.objects.bulk_create(
        Sample(
            team=namespace.team,
            namespace=namespace,
            place=namespace.cluster_name,
            seconds=seconds,
            at=begin + timedelta(seconds=seconds * at),
            values={resource: [mean, most, reserved, limit]},
        )
        for at, (mean, most, reserved) in enumerate(values)
    )
    return begin
