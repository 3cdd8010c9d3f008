"""What people are told: notices in the portal, what each wants by mail, and letters on their way."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from tenants.models.team import Team


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, user: Any) -> NoticeQuerySet:
        """One's own, and nobody else's."""
        mine = self.filter(person=user, in_portal=True)
        return mine if user.is_authenticated and user.is_active else self.none()


class Notice(models.Model):
    """One thing that one person is told. `kind` is a key of `tenants.notices.KINDS`; `path` is local, or "".

    One that is not `in_portal` only waits for the next daily mail.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=160)
    text = models.CharField(max_length=1000, blank=True)
    path = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True, blank=True)
    in_portal = models.BooleanField(default=True)
    in_digest = models.BooleanField(default=False)  # waits for the next daily mail

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["person", "-at"], name="notice_person"),
            models.Index(fields=["person"], name="notice_unread", condition=Q(read_at__isnull=True)),
            models.Index(fields=["at"], name="notice_age"),
            models.Index(fields=["person"], name="notice_digest", condition=Q(in_digest=True)),
        ]

    def __str__(self) -> str:
        return self.title


class ByMail(models.TextChoices):
    """How a kind of notice is mailed to somebody."""

    NOW = "now", "at once"
    DAILY = "daily", "in a daily mail"
    NEVER = "never", "never"


class NoticeChoice(models.Model):
    """What a person chose for a kind of notice; without a row the kind's own defaults hold."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=40)
    in_portal = models.BooleanField(default=True)
    by_mail = models.CharField(max_length=8, choices=ByMail.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="notice_choice_once")]


class Letter(models.Model):
    """A mail in the outbox: written in the service's transaction, sent by a worker, again if need be.

    `sealed` holds subject and bodies, encrypted since they may carry a token, and is wiped when the letter has left.
    A letter to "" goes nowhere: it is written so that an answer takes as long whether or not somebody has an account.
    `team` is the one in whose name it was written.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    to = models.EmailField(blank=True)
    kind = models.CharField(max_length=40)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    sealed = models.BinaryField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=400, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["not_before"],
                name="letter_due",
                condition=Q(sent_at__isnull=True, given_up_at__isnull=True),
            ),
            models.Index(fields=["team", "kind", "created_at"], name="letter_of_team"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.to}"
