"""How people come into a team, and how a team changes hands: invitations, join requests, transfers."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.models.notice import Letter
from tenants.models.team import Role, Team
from tenants.models.user import StaffRole


class InTeamQuerySet(models.QuerySet[Any]):
    """Rows of a team that are seen by its owners and admins, and by the site's support."""

    def visible_to(self, user: Any) -> InTeamQuerySet:
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.staff_role == StaffRole.SUPPORT:
            return self
        managed = Team.objects.managed_by(user)
        return self.filter(team__in=managed)


class Invitation(models.Model):
    """Somebody who may join `team` as `role`, by a mail whose token is kept as SHA-256 alone.

    It is for an e-mail address (`email`, lower case), or for a user name as it was typed; `person` is whose name that
    was then, nobody where it was no account's. It is pending until accepted, revoked or past `expires_at`; sending
    again makes a new token, a new end and a new `letter`.
    """

    noun = "invitation"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(blank=True)
    username = models.CharField(max_length=150, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="invitations"
    )
    role = models.CharField(max_length=16, choices=Role.choices)
    note = models.CharField(max_length=500, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    letter = models.ForeignKey(Letter, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InTeamQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "email"],
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True) & ~Q(email=""),
                name="invitation_one_open",
            ),
            models.UniqueConstraint(
                "team",
                Lower("username"),
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True) & ~Q(username=""),
                name="invitation_one_open_by_name",
            ),
            models.CheckConstraint(
                condition=(Q(email="") & ~Q(username="")) | (~Q(email="") & Q(username="")),
                name="invitation_for_one",
            ),
        ]

    def __str__(self) -> str:
        return self.invitee

    @property
    def invitee(self) -> str:
        """Whom it is for, as the inviter named them."""
        return self.email or self.username

    @property
    def open(self) -> bool:
        """Neither accepted nor revoked; it may have run out."""
        return self.accepted_at is None and self.revoked_at is None

    @property
    def live(self) -> bool:
        return self.open and self.expires_at > timezone.now()


class RequestState(models.TextChoices):
    """What became of a join request, or of a transfer."""

    OPEN = "open", "waiting for an answer"
    ACCEPTED = "accepted", "accepted"
    DECLINED = "declined", "declined"
    WITHDRAWN = "withdrawn", "withdrawn"


class JoinRequest(models.Model):
    """Somebody asks to join a discoverable team; one is open at a time for each person and team."""

    noun = "request"

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
        return f"by {self.person} to join {self.team}"


class JoinMessage(models.Model):
    """One message in the thread of a join request; the first is what the person asked with."""

    request = models.ForeignKey(JoinRequest, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    text = models.CharField(max_length=1000)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]


class TransferQuerySet(models.QuerySet["Transfer"]):
    def visible_to(self, user: Any) -> TransferQuerySet:
        """Of giver and taker, of the team's owners and admins, and of the site's support."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.staff_role == StaffRole.SUPPORT:
            return self
        managed = Team.objects.managed_by(user)
        mine = Team.objects.filter(memberships__user=user)
        return self.filter(Q(team__in=managed) | Q(Q(giver=user) | Q(taker=user), team__in=mine))


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

    objects = TransferQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["team"], condition=Q(state=RequestState.OPEN), name="transfer_one_open")
        ]

    def __str__(self) -> str:
        return f"{self.giver} hands {self.team} to {self.taker}"
