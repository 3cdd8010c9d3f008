"""People's accounts, and their tokens for scripts."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class StaffRole(models.TextChoices):
    """Roles of the site, not of a team: staff are not members (docs/security.md)."""

    NONE = "", "none"
    SUPPORT = "support", "support"
    APPROVER = "approver", "quota approver"


THEMES = [("auto", "as the system"), ("light", "light"), ("dark", "dark")]


class User(AbstractUser):
    """An account. `staff_role` gives sight of all teams' metadata, never of secrets, logs or shells.

    A suspended account has `is_active` False and a `suspended_at`; `suspended_reason` is what it is told at sign-in.
    `seen_at` is written at most once a minute. `time_zone` is an IANA name; `language` of settings.LANGUAGES or "".
    `mails_paused`: no mail of what others do, whatever was chosen. `digest_on` is the day of the last daily mail, in
    their time zone.
    """

    staff_role = models.CharField(max_length=16, choices=StaffRole.choices, default=StaffRole.NONE, blank=True)
    theme = models.CharField(max_length=8, default="auto", choices=THEMES)
    time_zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=12, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    mails_paused = models.BooleanField(default=False)
    digest_on = models.DateField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_by = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    suspended_reason = models.CharField(max_length=300, blank=True)

    token_scopes: Collection[str] | None = None
    """What the token that somebody came with may (`tenants.access.SCOPES`); None: signed in, without a token."""

    class Meta(AbstractUser.Meta):
        constraints = [models.UniqueConstraint(Lower("username"), name="user_username_ci")]

    def __str__(self) -> str:
        return self.username

    @property
    def is_site_staff(self) -> bool:
        return self.staff_role != StaffRole.NONE


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def visible_to(self, user: Any) -> ApiTokenQuerySet:
        """One's own, and nobody else's."""
        return self.filter(user=user) if user.is_authenticated and user.is_active else self.none()


class ApiToken(models.Model):
    """A token for scripts: 256 random bits, kept as SHA-256 alone, shown once, at most 90 days.

    It can do what its owner can do now, cut down to `scopes` (`tenants.access.SCOPES`).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def live(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()
