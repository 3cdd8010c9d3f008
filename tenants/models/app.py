"""Apps and their ledger of immutable releases."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from tenants.models.namespace import InNamespace
from tenants.models.team import Team


class App(InNamespace):
    """`release` is what is wanted; `serving` the last release that worked.

    `observed` is `cluster.rollout.to_json` of the last rollout that the observer saw; {} until first seen.
    """

    noun = "app"

    release = models.ForeignKey("Release", on_delete=models.SET_NULL, null=True, related_name="+")
    serving = models.ForeignKey("Release", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    observed = models.JSONField(default=dict, blank=True)
    health = models.CharField(max_length=16, default="unknown", db_index=True)  # the rollout's state


class Outcome(models.TextChoices):
    """What became of a release. Stuck or down is not over: the cluster tries again, or somebody replaces it."""

    PENDING = "pending", "waiting"
    ROLLING = "rolling", "rolling out"
    STUCK = "stuck", "stuck"
    SERVING = "serving", "serving"
    DOWN = "down", "down"  # it served, and none of its pods is ready now
    REPLACED = "replaced", "replaced"
    FAILED = "failed", "failed"  # the cluster did not take it
    ABANDONED = "abandoned", "abandoned"  # replaced before it ever worked


UNDER_WAY = (Outcome.PENDING, Outcome.ROLLING, Outcome.STUCK)
"""Outcomes of a release that did not work yet and still may."""


class ReleaseQuerySet(models.QuerySet["Release"]):
    def visible_to(self, user: Any) -> ReleaseQuerySet:
        return self.filter(app__namespace__team__in=Team.objects.visible_to(user))

    def usable(self) -> ReleaseQuerySet:
        """Those whose secrets' versions must stay: all but what was replaced before it ever worked."""
        return self.exclude(outcome=Outcome.ABANDONED, worked=False)


class Release(models.Model):
    """One immutable release: image, configuration, scale and settings together, so that a rollback is whole.

    `spec` is the shape of `tenants.releases.ReleaseSpec`; secrets stand in it as {secret: {key: version}}, never
    as values. `changes` lists what differs from the release before: [{"field", "old", "new"}].
    """

    app = models.ForeignKey(App, on_delete=models.CASCADE, related_name="releases")
    number = models.PositiveIntegerField()
    spec = models.JSONField()
    changes = models.JSONField(default=list)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.PENDING)
    outcome_reason = models.CharField(max_length=400, blank=True)
    worked = models.BooleanField(default=False)  # was ready once: can be rolled back to
    rolled_back_to = models.PositiveIntegerField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    stuck_at = models.DateTimeField(null=True, blank=True)  # when whoever released it was told that it is stuck

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["app", "number"], name="release_number_in_app")]

    def __str__(self) -> str:
        return f"v{self.number}"

    @property
    def team(self) -> Team:
        return self.app.namespace.team
