"""Secrets: names and versions only. Values live in the cluster alone."""

from __future__ import annotations

from django.db import models

from tenants.models.namespace import InNamespace


class Secret(InNamespace):
    """`keys` maps each key to the version that holds its value: {"PASSWORD": 3, "USER": 1}.

    Version n stands in the cluster as the immutable Secret "<name>-v<n>" with the keys that were set in that change,
    so one key is changed without knowing the others (docs/decisions).
    """

    noun = "secret"

    type = models.CharField(max_length=40, default="Opaque")
    keys = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=0)
    changed_by = models.ForeignKey("tenants.User", on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(null=True, blank=True)
