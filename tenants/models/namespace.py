"""A team's place on a cluster."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from tenants.models.intent import Intent
from tenants.models.quota import Plan
from tenants.models.team import Team


class NamespaceQuerySet(models.QuerySet["Namespace"]):
    def visible_to(self, user: Any) -> NamespaceQuerySet:
        return self.filter(team__in=Team.objects.visible_to(user))


class Namespace(Intent):
    """`cluster_name` is the Namespace in the cluster: prefix + team slug + "-" + name; `uid` keys it against reuse.

    `limits` is the quota that is wanted, by resource in the units of `rules.resources`: all of STANDARD, and what staff
    enabled beside it. The plan's at first; `tenants.limits` alone changes it.
    `usage` is the ResourceQuota's status as last seen, in the same shape (requests for CPU and memory), at `used_at`;
    {} until first seen.
    `remaining` is the progress of a deletion: {"kinds": {kind: count}, "finalizers": […], "retained": […]}.
    While it is paused, nothing that somebody changed in the cluster is put right, and `drifted` says what differs:
    {"namespace", "app NAME" or "volume NAME": [words]}.
    """

    noun = "namespace"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="namespaces")
    name = models.CharField(max_length=30)
    cluster = models.CharField(max_length=40, default="default")
    cluster_name = models.CharField(max_length=63)
    uid = models.CharField(max_length=64, blank=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="namespaces")
    limits = models.JSONField(default=dict)
    usage = models.JSONField(default=dict, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    remaining = models.JSONField(default=dict, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    paused_reason = models.CharField(max_length=300, blank=True)
    drifted = models.JSONField(default=dict, blank=True)

    objects = NamespaceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="namespace_name_in_team"),
            models.UniqueConstraint(fields=["cluster", "cluster_name"], name="namespace_name_in_cluster"),
        ]

    def __str__(self) -> str:
        return self.cluster_name

    @property
    def paused(self) -> bool:
        return self.paused_at is not None

    @property
    def ready(self) -> bool:
        return bool(self.conditions) and all(c["status"] == "True" for c in self.conditions)


class InNamespaceQuerySet(models.QuerySet[Any]):
    """Things that stand in a namespace are seen by whoever sees its team."""

    def visible_to(self, user: Any) -> InNamespaceQuerySet:
        return self.filter(namespace__team__in=Team.objects.visible_to(user))


class InNamespace(Intent):
    """Base of apps, volumes and secrets: a name that is unique in its namespace."""

    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="%(class)ss")
    name = models.CharField(max_length=40)

    objects = InNamespaceQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["namespace", "name"], name="%(class)s_name_in_namespace")]

    def __str__(self) -> str:
        return self.name

    @property
    def team(self) -> Team:
        return self.namespace.team
