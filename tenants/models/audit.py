"""Who did what, when, through which door. Insert-only; no values of secrets."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from tenants.models.team import Role, Team


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, user: Any) -> AuditQuerySet:
        """Owners, admins and staff see their teams' whole log, other members their own lines (security.md)."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_site_staff:
            return self
        whole = Team.objects.filter(memberships__user=user, memberships__role__in=(Role.OWNER, Role.ADMIN))
        own = Q(actor=user, team__in=Team.objects.visible_to(user))
        return self.filter(Q(team__in=whole) | own)


class AuditEntry(models.Model):
    """`action` is "<noun>.<verb>"; `outcome` "done", "denied" or "failed"; `changes` [{"field", "old", "new"}]."""

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    actor_name = models.CharField(max_length=150)  # outlives the account; "observer" and the like for machines
    door = models.CharField(max_length=16)  # page, api, socket, task, command, observer
    action = models.CharField(max_length=40)
    outcome = models.CharField(max_length=8, default="done")
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="audit")
    team_slug = models.CharField(max_length=24, blank=True)
    target = models.CharField(max_length=160)
    changes = models.JSONField(default=list)
    detail = models.CharField(max_length=400, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["team", "-at"], name="audit_team")]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target}"
