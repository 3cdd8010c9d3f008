"""People, teams, who is what in a team, and tokens for scripts."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class StaffRole(models.TextChoices):
    """Roles of the site, not of a team: staff are not members (security.md)."""

    NONE = "", "none"
    SUPPORT = "support", "support"
    APPROVER = "approver", "quota approver"


THEMES = [("auto", "as the system"), ("light", "light"), ("dark", "dark")]


class User(AbstractUser):
    """An account. `staff_role` gives sight of all teams' metadata, never of secrets, logs or shells."""

    staff_role = models.CharField(max_length=16, choices=StaffRole.choices, default=StaffRole.NONE, blank=True)
    theme = models.CharField(max_length=8, default="auto", choices=THEMES)

    class Meta(AbstractUser.Meta):
        constraints = [models.UniqueConstraint(Lower("username"), name="user_username_ci")]

    def __str__(self) -> str:
        return self.username

    @property
    def is_site_staff(self) -> bool:
        return self.staff_role != StaffRole.NONE


class Role(models.TextChoices):
    """What somebody is in a team, highest first."""

    OWNER = "owner", "owner"
    ADMIN = "admin", "admin"
    DEVELOPER = "developer", "developer"
    VIEWER = "viewer", "viewer"


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: Any) -> TeamQuerySet:
        """Teams of which `user` is a member; all for site staff; none for strangers."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_site_staff:
            return self
        return self.filter(memberships__user=user)


class Team(models.Model):
    """`slug` begins every name that the team has in a cluster, so it is never changed and rests until all is gone."""

    noun = "team"

    slug = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=80)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")
    viewers_read_logs = models.BooleanField(default=False)
    developers_open_shells = models.BooleanField(default=False)
    deleting_since = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name", "slug"]

    def __str__(self) -> str:
        return self.name

    @property
    def deleting(self) -> bool:
        return self.deleting_since is not None

    @property
    def team(self) -> Team:
        """Itself: every tenant object has a team, and rights are asked of it."""
        return self


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["since", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.team}"


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

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def live(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()
