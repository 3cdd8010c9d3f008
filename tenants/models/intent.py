"""What every tenant object that has a shadow in the cluster is made of: intent, observation, conditions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models


class Intent(models.Model):
    """A row whose truth is in the cluster.

    `generation` is bumped by each change of intent, `observed_generation` follows when the cluster holds it.
    `conditions` is a list of {type, status "True"|"False"|"Unknown", reason, message, since ISO 8601 UTC}.
    `deleting_since` marks the wish to delete; the row goes when the cluster confirmed it.
    """

    noun: ClassVar[str]  # "namespace", "app", …: names it in operations, audit and messages

    generation = models.PositiveIntegerField(default=1)
    observed_generation = models.PositiveIntegerField(default=0)
    conditions = models.JSONField(default=list, blank=True)
    observed_at = models.DateTimeField(null=True, blank=True)
    deleting_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def condition(self, type_: str) -> dict[str, Any] | None:
        """The condition of that type, or None."""
        return next((c for c in self.conditions if c["type"] == type_), None)

    @property
    def deleting(self) -> bool:
        return self.deleting_since is not None
