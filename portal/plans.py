"""The plans that a new Berth begins with; staff change them in the admin."""

from __future__ import annotations

from tenants.models import Plan

GIB = 1 << 30
# name, cores, memory and storage in GiB, pods
DEFAULTS = (("small", 2, 4, 20, 20), ("medium", 4, 8, 50, 40), ("large", 12, 24, 200, 100))


def create_defaults() -> int:
    """Makes small, medium and large where there is no plan at all; answers how many were made."""
    if Plan.objects.exists():
        return 0
    plans = [
        Plan(
            name=name,
            title=name.capitalize(),
            position=position,
            cpu=cores * 1000,
            memory=memory * GIB,
            storage=storage * GIB,
            pods=pods,
            claims=pods // 2,
            services=pods,
            secrets=pods * 3,
        )
        for position, (name, cores, memory, storage, pods) in enumerate(DEFAULTS)
    ]
    return len(Plan.objects.bulk_create(plans))
