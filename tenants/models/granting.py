"""How a namespace's limits change: requests with their threads and states, grants, policies; and what was used."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from tenants.models.namespace import Namespace
from tenants.models.team import Team


class State(models.TextChoices):
    """Where a quota request stands (mission.md, Tenancy: "Quota request")."""

    DRAFT = "draft", "draft"
    SUBMITTED = "submitted", "waiting for a decision"
    CHANGES_ASKED = "changes_asked", "changes asked"
    APPROVED = "approved", "approved"
    PARTLY_APPROVED = "partly_approved", "approved in part"
    REJECTED = "rejected", "rejected"
    WITHDRAWN = "withdrawn", "withdrawn"
    APPLIED = "applied", "applied"
    EXPIRED = "expired", "expired"


DECIDED = (State.APPROVED, State.PARTLY_APPROVED)
UNDECIDED = (State.SUBMITTED, State.CHANGES_ASKED)
OPEN = (*UNDECIDED, *DECIDED)
"""One request per namespace and resource may stand in these."""


class Policy(models.Model):
    """One version of the rules by which quota is given; `rules.policy.Policy` is the shape of `body`.

    Versions are never edited: each change is a new one, `based_on` the one that its author saw. The one that went live
    last holds; the others are drafts or past.
    """

    noun = "policy"

    body = models.JSONField()
    note = models.CharField(max_length=200, blank=True)
    based_on = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    live_at = models.DateTimeField(null=True, blank=True)
    live_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return f"policy {self.pk}"

    @property
    def number(self) -> int:
        return int(self.pk)


class QuotaRequestQuerySet(models.QuerySet["QuotaRequest"]):
    def visible_to(self, user: Any) -> QuotaRequestQuerySet:
        """Of the team's members and site staff; a draft is its author's alone."""
        seen = self.filter(namespace__team__in=Team.objects.visible_to(user))
        return seen.exclude(~Q(author_id=user.pk), state=State.DRAFT)

    def open(self) -> QuotaRequestQuerySet:
        return self.filter(state__in=OPEN)


class QuotaRequest(models.Model):
    """Somebody asks for other limits of one namespace; `wants` are the resources, `number` is what people call it.

    `revision` counts what was asked: an approval names the one that it saw. `generation` is the namespace's that
    carries the decision to the cluster; `failure` says why the cluster does not have it yet. `first_approval` holds
    who approved first where two must ({"by", "name", "at", "granted", "until", "revision"}). `verdict` is what the
    policy, of the version `policy`, said when it was submitted: `rules.policy.Verdict` by resource, from `facts`:
    `rules.policy.Facts` by resource, as they were then. `unread` is what a draft's author typed and nobody could read,
    by field.
    """

    noun = "quota_request"

    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="quota_requests")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="quota_requests"
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    reason = models.CharField(max_length=1000, blank=True)
    until = models.DateField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    unread = models.JSONField(default=dict, blank=True)
    verdict = models.JSONField(default=dict, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    extends = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    rule = models.CharField(max_length=80, blank=True)  # the rule that approved it; empty where a person decided
    granted_until = models.DateField(null=True, blank=True)
    first_approval = models.JSONField(default=dict, blank=True)
    generation = models.PositiveIntegerField(null=True, blank=True)
    failure = models.CharField(max_length=400, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)

    objects = QuotaRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["state", "submitted_at"], name="quota_request_queue"),
            models.Index(fields=["namespace", "-submitted_at"], name="quota_request_place"),
        ]

    def __str__(self) -> str:
        return f"request {self.pk} for {self.namespace}"

    @property
    def team(self) -> Team:
        return self.namespace.team

    @property
    def number(self) -> int:
        return int(self.pk)

    @property
    def open(self) -> bool:
        return self.state in OPEN


class QuotaWant(models.Model):
    """One resource of a request: `wanted` limit, `before` (the limit when it was submitted), `granted` when decided.

    `open` follows the request's state, so that the database itself keeps one open request per namespace and resource.
    """

    request = models.ForeignKey(QuotaRequest, on_delete=models.CASCADE, related_name="wants")
    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="+")
    resource = models.CharField(max_length=200)
    wanted = models.BigIntegerField()
    before = models.BigIntegerField()
    granted = models.BigIntegerField(null=True, blank=True)
    open = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["request", "resource"], name="quota_want_once"),
            models.UniqueConstraint(
                fields=["namespace", "resource"], condition=Q(open=True), name="quota_want_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} of {self.request}"


class QuotaStep(models.Model):
    """One move of a request, by whom (nobody: a rule, or the clock); `text` is what was said with it.

    `by` is the move (`rules.granting.Move`); one that changes no state, such as a comment, has no `new`.
    """

    request = models.ForeignKey(QuotaRequest, on_delete=models.CASCADE, related_name="steps")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    role = models.CharField(max_length=40, blank=True)  # what the actor was then: "owner", "approver"
    by = models.CharField(max_length=16)
    old = models.CharField(max_length=16, blank=True)
    new = models.CharField(max_length=16, blank=True)
    text = models.CharField(max_length=1000, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}" if self.new else self.text


class Cause(models.TextChoices):
    """What changed a limit, in the words of its line in the ledger."""

    PLAN = "plan", "the plan"
    REQUEST = "request", "a request"
    LOWERED = "lowered", "lowered"
    EXPIRED = "expired", "a raise ended"
    RECLAIMED = "reclaimed", "given back for want of use"


class GrantQuerySet(models.QuerySet["Grant"]):
    def visible_to(self, user: Any) -> GrantQuerySet:
        return self.filter(team__in=Team.objects.visible_to(user))

    def running(self) -> GrantQuerySet:
        """Raises for a time that have not gone back yet."""
        return self.filter(until__isnull=False, ended_at__isnull=True)


class Grant(models.Model):
    """One change of one limit; the ledger from which history, charge-back and expiry are read.

    A raise for a time has `until` (its last day, in the site's zone) and `back_to`; `ended_at` is when it went back, or
    was taken over by a later change. While more is used than `back_to` at the end, the limit follows the use down step
    by step and `ended_at` waits. `place` names the namespace when it is gone.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="grants")
    namespace = models.ForeignKey(Namespace, on_delete=models.SET_NULL, null=True, related_name="grants")
    place = models.CharField(max_length=63)
    resource = models.CharField(max_length=200)
    old = models.BigIntegerField()
    new = models.BigIntegerField()
    cause = models.CharField(max_length=16, choices=Cause.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    request = models.ForeignKey(QuotaRequest, on_delete=models.SET_NULL, null=True, related_name="grants")
    at = models.DateTimeField(auto_now_add=True)
    until = models.DateField(null=True, blank=True)
    back_to = models.BigIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    warned = models.PositiveSmallIntegerField(null=True, blank=True)  # days before the end of the last notice

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["namespace", "resource", "-at"], name="grant_place")]
        constraints = [
            models.UniqueConstraint(
                fields=["namespace", "resource"],
                condition=Q(until__isnull=False, ended_at__isnull=True),
                name="grant_one_running",
            )
        ]

    def __str__(self) -> str:
        return f"{self.resource} of {self.place}: {self.old} → {self.new}"


class Sample(models.Model):
    """What a namespace used in a span of `seconds` (300, an hour, a day) from `at` on.

    `values` is {resource: [mean used, most used, most reserved, limit]}. `place` names the namespace when it is gone.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    namespace = models.ForeignKey(Namespace, on_delete=models.SET_NULL, null=True, related_name="samples")
    place = models.CharField(max_length=63)
    seconds = models.PositiveIntegerField()
    at = models.DateTimeField()
    values = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["namespace", "seconds", "at"], name="sample_once")]
        indexes = [models.Index(fields=["seconds", "at"], name="sample_age")]

    def __str__(self) -> str:
        return f"{self.place} at {self.at:%Y-%m-%d %H:%M}"
