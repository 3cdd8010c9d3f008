"""What is known of each cluster without asking it: pages are rendered from the database alone."""

from __future__ import annotations

from django.db import models


class ClusterState(models.Model):
    """Whether the cluster of that alias answers, `since` when, and when it was last heard (`seen_at`).

    `info` is what forms need of it: {"version": text, "storage_classes": [{"name", "default", "expands", "waits",
    "retains"}]}, and what nodes have for pods: {"nodes": count of schedulable ones, "allocatable": {resource: amount}}
    in the units of `rules.resources`; {} until first seen. "strays" are [[kind, namespace, name]] of objects that are
    marked as Berth's and that no row knows.
    """

    noun = "cluster"

    alias = models.CharField(max_length=40, primary_key=True)
    answers = models.BooleanField(default=True)
    since = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=400, blank=True)
    info = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return self.alias
