"""What a new Berth begins with: plans, and the policy by which quota is given; staff change both on their pages."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from tenants import audit
from tenants.models import Plan, Policy
from tenants.rules.policy import Policy as Rules
from tenants.rules.policy import Rule, dump

GIB = 1 << 30
# name, cores, memory and storage in GiB, pods
DEFAULTS = (("small", 2, 4, 20, 20), ("medium", 4, 8, 50, 40), ("large", 12, 24, 200, 100))


RULES = Rules(
    rules=(
        Rule(
            name="Small sizes",
            at_most={"cpu": 4000, "memory": 8 * GIB, "storage": 50 * GIB, "pods": 40, "claims": 20},
            recent_below=3,
        ),
        Rule(
            name="Half more where it is used",
            resources=("cpu", "memory", "storage", "pods", "claims", "services", "secrets"),
            raise_at_most=0.5,
            used_at_least=0.8,
            recent_below=3,
        ),
    ),
    two_persons={"cpu": 64_000, "memory": 256 * GIB},
    namespaces_max=20,
)
"""Small raises, and those of teams that use what they have, at most three a team and month; the rest is for people."""


def create_defaults() -> list[str]:
    """Makes plans where there is none at all, and a policy that holds where there is none; answers what was made."""
    made = ["plans"] if not Plan.objects.exists() and _create_plans() else []
    if not Policy.objects.exists():
        _create_policy()
        made.append("a policy")
    return made


def _create_policy() -> None:
    with transaction.atomic():
        row = Policy.objects.create(body=dump(RULES), note="What a new Berth begins with", live_at=timezone.now())
        audit.record(actor=None, action="policy.live", thing=row, detail="the first")


def _create_plans() -> int:
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
