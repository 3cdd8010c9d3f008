"""Who did what, when, through which door. Insert-only, chained by hashes; no values of secrets."""

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
    """`action` is "<noun>.<verb>"; `outcome` "done", "denied" or "failed"; `changes` [{"field", "old", "new"}].

    `actor`, `team` and the target (`target_noun`, `target_id`) are named without constraints, beside their names as
    text: a line outlives them all and is never changed. `role` is what the actor was when it happened.
    """

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    actor_name = models.CharField(max_length=150)  # "observer" and the like for machines
    role = models.CharField(max_length=16, blank=True)
    door = models.CharField(max_length=16)  # page, api, socket, task, command, observer
    action = models.CharField(max_length=40)
    outcome = models.CharField(max_length=8, default="done")
    team = models.ForeignKey(Team, on_delete=models.DO_NOTHING, null=True, related_name="audit", db_constraint=False)
    team_slug = models.CharField(max_length=24, blank=True)
    target_noun = models.CharField(max_length=24, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    target = models.CharField(max_length=160)
    changes = models.JSONField(default=list)
    detail = models.CharField(max_length=400, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["team", "-at"], name="audit_team"),
            models.Index(fields=["target_noun", "target_id", "-at"], name="audit_target"),
            models.Index(fields=["actor", "-at"], name="audit_actor"),
        ]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target}"


class AuditLink(models.Model):
    """An entry's place in the chain: `digest` is SHA-256 over `previous` and the entry's fields (`tenants.chain`).

    Links are made right after the commit, one at a time, so that wishes never wait for each other's audit lines.
    """

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, on_delete=models.DO_NOTHING, related_name="link", db_constraint=False)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.position} {self.digest[:12]}"
