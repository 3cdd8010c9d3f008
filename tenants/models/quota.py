"""Plans: the sizes that staff offer for a namespace."""

from __future__ import annotations

from django.db import models

from cluster.specs import STANDARD

CONTAINER = {"default_request_cpu": "cpu", "default_request_memory": "memory", "default_limit_memory": "memory"}
"""A plan's columns of what a container gets that names no size → the resource whose unit they have."""
AMOUNTS = {**{resource: resource for resource in STANDARD}, **CONTAINER}
"""All its columns that are amounts → the resource whose unit they have."""


class Plan(models.Model):
    """Hard limits and container defaults of a namespace: CPU in millicores, memory and storage in bytes.

    A namespace begins with the limits and keeps its own; its container defaults are always the plan's.
    """

    noun = "plan"

    name = models.CharField(max_length=24, unique=True)
    title = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    cpu = models.PositiveIntegerField(help_text="millicores")
    memory = models.BigIntegerField(help_text="bytes")
    storage = models.BigIntegerField(help_text="bytes")
    pods = models.PositiveIntegerField()
    claims = models.PositiveIntegerField()
    services = models.PositiveIntegerField()
    secrets = models.PositiveIntegerField()

    default_request_cpu = models.PositiveIntegerField(default=50, help_text="millicores")
    default_request_memory = models.BigIntegerField(default=64 << 20, help_text="bytes")
    default_limit_memory = models.BigIntegerField(default=256 << 20, help_text="bytes")

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.title

    @property
    def limits(self) -> dict[str, int]:
        """What a new namespace begins with, by resource."""
        return {resource: getattr(self, resource) for resource in STANDARD}

    def least(self, resource: str) -> int:
        """What one container that names no size takes: no quota of the plan's namespaces has room for less."""
        return max((getattr(self, column) for column, of in CONTAINER.items() if of == resource), default=0)
