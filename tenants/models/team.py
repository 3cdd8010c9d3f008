"""Teams, and who is what in one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from tenants.models.user import User


class Role(models.TextChoices):
    """What somebody is in a team, highest first."""

    OWNER = "owner", "owner"
    ADMIN = "admin", "admin"
    DEVELOPER = "developer", "developer"
    VIEWER = "viewer", "viewer"


MANAGERS = (Role.OWNER, Role.ADMIN)


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, user: Any) -> TeamQuerySet:
        """Teams of which `user` is a member; all for site staff; none for strangers."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_site_staff:
            return self
        return self.filter(memberships__user=user)

    def managed_by(self, user: Any) -> TeamQuerySet:
        """Teams of which `user` is an owner or admin."""
        return self.filter(memberships__user=user, memberships__role__in=MANAGERS)


class Team(models.Model):
    """`slug` begins every name that the team has in a cluster, so it is never changed and rests until all is gone.

    A `discoverable` team is found by everybody signed in (name, slug and `description`, nothing more), who may ask to
    join. In a suspended team members read and nobody changes anything.
    Staff alone set `labels` (what policies ask for), `ceilings` (resource → the most that all its namespaces may be
    granted together, where it differs from the policy's) and `namespaces_max` (likewise).
    """

    noun = "team"

    slug = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=80)
    members = models.ManyToManyField(User, through="Membership", related_name="teams")
    description = models.CharField(max_length=200, blank=True)
    discoverable = models.BooleanField(default=False)
    viewers_read_logs = models.BooleanField(default=False)
    labels = models.JSONField(default=dict, blank=True)
    ceilings = models.JSONField(default=dict, blank=True)
    namespaces_max = models.PositiveSmallIntegerField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    suspended_reason = models.CharField(max_length=300, blank=True)
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
    def suspended(self) -> bool:
        return self.suspended_at is not None

    @property
    def team(self) -> Team:
        """Itself: every tenant object has a team, and rights are asked of it."""
        return self


class MembershipQuerySet(models.QuerySet["Membership"]):
    def managers(self) -> MembershipQuerySet:
        """Owners and admins who can act: none whose account is suspended."""
        return self.filter(role__in=MANAGERS, user__is_active=True)


class Membership(models.Model):
    """`by_group` marks one that an organization's sign-in gave, and takes back at the next one."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    since = models.DateTimeField(auto_now_add=True)
    by_group = models.BooleanField(default=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["since", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.team}"
