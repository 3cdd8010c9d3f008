"""Who did what, when, through which door. Insert-only, chained by hashes; no values of secrets."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, GeneratedField, Q, Value
from django.db.models.functions import Concat, Replace, Upper
from django.utils import timezone

from tenants.models.team import Team

HYPHEN = "ǀ"
"""A letter instead of each hyphen: pg_trgm splits text at all that is no letter or digit, and would look for the two
halves of `shop-22` everywhere. https://www.postgresql.org/docs/current/pgtrgm.html"""


def searchable(text: Any) -> Replace:
    """SQL of text as `AuditEntry.words` has it, so that one is looked for in the other by plain LIKE."""
    return Replace(Upper(text), Value("-"), Value(HYPHEN))


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def visible_to(self, user: Any) -> AuditQuerySet:
        """Owners, admins and staff see their teams' whole log, other members their own lines (docs/security.md).

        Everybody sees what they did with their own account.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_site_staff:
            return self
        whole = Team.objects.managed_by(user)
        own = Q(actor=user) & (Q(team__in=Team.objects.visible_to(user)) | Q(team__isnull=True))
        return self.filter(Q(team__in=whole) | own)


class AuditEntry(models.Model):
    """`action` is "<noun>.<verb>"; `outcome` "done", "denied" or "failed"; `changes` [{"field", "old", "new"}].

    `actor`, `team` and the target (`target_noun`, `target_id`) are named without constraints, beside their names as
    text: a line outlives them all and is never changed. `role` is what the actor was when it happened. `stamp` says
    that Berth wrote it (`tenants.chain`), once: `nonce` makes it another for each line; `words` is what search looks
    into (`searchable`).
    """

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    actor_name = models.CharField(max_length=150)  # "observer" and the like for machines
    role = models.CharField(max_length=16, blank=True)
    door = models.CharField(max_length=16)  # page, api, socket, task, command, observer
    action = models.CharField(max_length=40)
    outcome = models.CharField(max_length=8, default="done")
    team = models.ForeignKey(
        Team, on_delete=models.DO_NOTHING, null=True, related_name="audit", db_constraint=False, db_index=False
    )
    team_slug = models.CharField(max_length=24, blank=True)
    target_noun = models.CharField(max_length=24, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    target = models.CharField(max_length=160)
    changes = models.JSONField(default=list)
    detail = models.CharField(max_length=400, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    nonce = models.UUIDField(default=uuid.uuid4, editable=False)
    stamp = models.CharField(max_length=64, editable=False)
    words = GeneratedField(
        expression=searchable(
            Concat(
                *(
                    part
                    for field in ("actor_name", "action", "team_slug", "target", "detail", "request_id")
                    for part in (F(field), Value(" "))
                )
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_at"),
            models.Index(fields=["team", "-at", "-id"], name="audit_team"),
            models.Index(fields=["actor", "-at", "-id"], name="audit_actor"),
            models.Index(Upper("actor_name"), F("at").desc(), F("id").desc(), name="audit_who"),
            models.Index(fields=["action", "-at", "-id"], name="audit_action"),
            models.Index(fields=["target_noun", "target_id", "-at", "-id"], name="audit_target"),
            models.Index(fields=["-at", "-id"], name="audit_refused", condition=~Q(outcome="done")),
        ]
        constraints = [models.UniqueConstraint(fields=["stamp"], condition=~Q(stamp=""), name="audit_stamped_once")]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target}"


class AuditLink(models.Model):
    """An entry's place in the chain: `digest` is SHA-256 over `previous` and the entry's fields (`tenants.chain`).

    Links are made after the commit, one at a time, so that wishes never wait for each other's audit lines.
    """

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, on_delete=models.DO_NOTHING, related_name="link", db_constraint=False)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["position"]
        constraints = [models.CheckConstraint(condition=Q(position__gte=1), name="audit_positions_begin_with_1")]

    def __str__(self) -> str:
        return f"{self.position} {self.digest[:12]}"


class AuditHead(models.Model):
    """The chain's end, in one row: its lock lets one process link at a time.

    `seal` binds position and digest to Berth's key, so that nobody who has the database alone cuts the chain's end off
    or writes another chain. `entry_id` is the entry that was linked last, 0 before the first; `rekeyed` the last
    position whose entry may be stamped under a key that was replaced since, 0 while there was but one.
    """

    position = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)
    entry_id = models.BigIntegerField(default=0)
    rekeyed = models.BigIntegerField(default=0)
    seal = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}"
