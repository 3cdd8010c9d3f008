"""The outbox: what was committed and must happen in a cluster."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from tenants.models.team import Team


class OperationState(models.TextChoices):
    PENDING = "pending", "waiting for a worker"
    RUNNING = "running", "applying"
    CONFIRMING = "confirming", "waiting for the cluster to confirm"
    WAITING = "waiting", "waiting for the cluster to come back"
    SUCCEEDED = "succeeded", "done"
    FAILED = "failed", "failed"
    SUPERSEDED = "superseded", "replaced by a later change"


OPEN_STATES = (OperationState.PENDING, OperationState.RUNNING, OperationState.CONFIRMING, OperationState.WAITING)


class OperationQuerySet(models.QuerySet["Operation"]):
    def visible_to(self, user: Any) -> OperationQuerySet:
        return self.filter(team__in=Team.objects.visible_to(user))

    def open(self) -> OperationQuerySet:
        return self.filter(state__in=OPEN_STATES)


class Operation(models.Model):
    """One wish on its way to the cluster.

    `kind` is "<noun>.<verb>" ("app.apply", "namespace.delete") and names the task. The target is named by noun and
    primary key, not by a foreign key: the operation outlives it. `sealed` is an encrypted one-shot payload (values of
    a secret), wiped when applied. A worker holds it by `lease` until `lease_until` (the database's clock).
    """

    noun = "operation"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="operations")
    team_slug = models.CharField(max_length=24)
    namespace = models.ForeignKey("tenants.Namespace", on_delete=models.SET_NULL, null=True, related_name="operations")
    target_noun = models.CharField(max_length=20)
    target_id = models.BigIntegerField()
    target_name = models.CharField(max_length=120)  # "payments-dev/checkout", for people
    generation = models.PositiveIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    request_id = models.CharField(max_length=64, blank=True)

    state = models.CharField(max_length=16, choices=OperationState.choices, default=OperationState.PENDING)
    progress = models.JSONField(default=dict, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=2000, blank=True)
    sealed = models.BinaryField(null=True, blank=True)

    attempts = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["state", "not_before"], name="operation_due", condition=Q(state__in=OPEN_STATES)),
            models.Index(fields=["target_noun", "target_id", "-created_at"], name="operation_target"),
            models.Index(fields=["team", "-created_at"], name="operation_team"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["target_noun", "target_id"],
                condition=Q(state=OperationState.RUNNING),
                name="operation_one_holder",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_name}"

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES


class Leader(models.Model):
    """A lease for work that one process does at a time (the observer), by the database's clock."""

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.UUIDField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
