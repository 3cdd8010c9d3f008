"""How people come into a team, and how a team changes hands: invitations, join requests, transfers."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tenants.models.team import Role, Team


class InTeamQuerySet(models.QuerySet[Any]):
    """Rows of a team that are seen by its owners and admins, and by site staff."""

    def visible_to(self, user: Any) -> InTeamQuerySet:
        teams = Team.objects.visible_to(user)
        if user.is_authenticated and not user.is_site_staff:
            teams = teams.filter(memberships__user=user, memberships__role__in=(Role.OWNER, Role.ADMIN))
        return self.filter(team__in=teams)


class Invitation(models.Model):
    """An e-mail address that may join `team` as `role`, by a mail whose token is kept as SHA-256 alone.

    `email` is normalized (lower case). It is pending until accepted, revoked or past `expires_at`; sending again makes
    a new token and a new end. `sent_at` is when the last mail left.
    """

    noun = "invitation"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role.choices)
    note = models.CharField(max_length=500, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InTeamQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open",
            )
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def live(self) -> bool:
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > timezone.now()


class RequestState(models.TextChoices):
    """What became of a join request, or of a transfer."""

    OPEN = "open", "waiting for an answer"
    ACCEPTED = "accepted", "accepted"
    DECLINED = "declined", "declined"
    WITHDRAWN = "withdrawn", "withdrawn"


class JoinRequest(models.Model):
    """Somebody asks to join a discoverable team; one is open at a time for each person and team."""

    noun = "join request"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="join_requests")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="join_requests")
    state = models.CharField(max_length=16, choices=RequestState.choices, default=RequestState.OPEN)
    role = models.CharField(max_length=16, choices=Role.choices, blank=True)  # given when accepted
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = InTeamQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "person"], condition=Q(state=RequestState.OPEN), name="join_request_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} asks to join {self.team}"


class JoinMessage(models.Model):
    """One message in the thread of a join request; the first is what the person asked with."""

    request = models.ForeignKey(JoinRequest, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    text = models.CharField(max_length=1000)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]


class Transfer(models.Model):
    """Ownership offered by one owner to a member, who accepts or declines; one is open at a time for each team."""

    noun = "transfer"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="transfers")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="transfers_given")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="transfers_taken")
    keeps = models.CharField(max_length=16, choices=Role.choices, default=Role.ADMIN)  # what the giver is afterwards
    state = models.CharField(max_length=16, choices=RequestState.choices, default=RequestState.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["team"], condition=Q(state=RequestState.OPEN), name="transfer_one_open")
        ]

    def __str__(self) -> str:
        return f"{self.giver} hands {self.team} to {self.taker}"
