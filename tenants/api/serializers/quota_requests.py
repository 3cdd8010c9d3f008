"""Requests for more quota as a team sends and follows them, what the policy says to limits, and giving some back."""

from __future__ import annotations

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants import rules, site_day
from tenants.api.fields import RuleField, Strict
from tenants.api.serializers.approvals import AmountsField, ApprovalOut
from tenants.api.serializers.shapes import PageQuery
from tenants.models import QuotaRequest, QuotaStep
from tenants.rules import wanted
from tenants.rules.broken import Broken
from tenants.rules.granting import Move
from tenants.rules.policy import Verdict
from tenants.rules.resources import in_order
from tenants.selectors import threads
from tenants.weighing import Weighed

LAST_DAY = "Its last day, 2027-01-08; null: for good."


class QuotaRequestsQuery(PageQuery):
    state = serializers.ChoiceField(["open", "all"], required=False, help_text="“open” unless told otherwise.")


class WantsIn(Strict):
    wants = AmountsField(help_text="Wanted limits by resource.")
    until = serializers.DateField(required=False, allow_null=True, help_text=LAST_DAY)


class WeighIn(WantsIn):
    def validate_until(self, until: date | None) -> date | None:
        try:
            return wanted.until(until, site_day.today())
        except Broken as broken:
            raise serializers.ValidationError(broken.message) from broken


class QuotaRequestIn(WantsIn):
    reason = RuleField(wanted.reason, help_text="Why: it is what whoever decides reads.")
    draft = serializers.BooleanField(required=False, help_text="Kept for you alone instead of sent.")


class QuotaRequestEdit(Strict):
    """What is left out stays as it is."""

    wants = AmountsField(required=False, help_text="All wanted limits, in place of those before.")
    until = serializers.DateField(required=False, allow_null=True, help_text=LAST_DAY)
    reason = RuleField(wanted.reason, required=False)


class WithdrawIn(Strict):
    text = RuleField(rules.message, required=False, help_text="A word to whoever takes part in the thread.")


class CommentIn(Strict):
    text = RuleField(rules.message)


class LimitsIn(Strict):
    limits = AmountsField(help_text="Lower limits by resource; what is left out stays as it is.")
    confirm = serializers.BooleanField(required=False, help_text="Also where an app's next rollout will not fit.")


class VerdictOut(serializers.Serializer[Verdict]):
    """What the policy says to one resource: `rule` by its number and name, or the one that came nearest."""

    resource = serializers.CharField()
    approves = serializers.BooleanField()
    number = serializers.IntegerField(help_text="From 1; 0 where no rule is about it.")
    rule = serializers.CharField(allow_blank=True)
    why = serializers.CharField()
    wall = serializers.BooleanField(help_text="Over the team's ceiling: nobody may approve it.")


class WeighedOut(serializers.Serializer[Weighed]):
    """What would come of a request, if it were sent now."""

    approves = serializers.BooleanField(help_text="At once, by the policy's rules.")
    policy = serializers.IntegerField(source="policy.number", default=None, allow_null=True, help_text="Its version.")
    verdicts = VerdictOut(many=True)


class StepOut(serializers.ModelSerializer[QuotaStep]):
    """One thing that was done or said; `actor` is null for a rule, the cluster and the clock."""

    actor = serializers.CharField(source="actor.username", default=None, allow_null=True)
    move = serializers.ChoiceField([move.value for move in Move], source="by")
    state = serializers.CharField(source="new", allow_blank=True, help_text="The new one; empty where it stayed.")

    class Meta:
        model = QuotaStep
        fields = ["move", "actor", "role", "state", "text", "at"]


class QuotaRequestOut(ApprovalOut):
    """A request for more quota; `policy` is the version that said the `verdicts` when it was sent."""

    policy = serializers.IntegerField(source="policy.number", default=None, allow_null=True)
    extends = serializers.IntegerField(source="extends_id", allow_null=True, help_text="The request that it extends.")
    verdicts = serializers.SerializerMethodField()

    class Meta(ApprovalOut.Meta):
        fields = [*ApprovalOut.Meta.fields, "created_at", "policy", "extends", "verdicts"]

    @extend_schema_field(VerdictOut(many=True))
    def get_verdicts(self, request: QuotaRequest) -> Any:
        verdicts: Any = [Verdict(**request.verdict[resource]) for resource in in_order(request.verdict)]
        return VerdictOut(verdicts, many=True).data


class QuotaThreadOut(QuotaRequestOut):
    """With all that was done and said, oldest first."""

    thread = serializers.SerializerMethodField()

    class Meta(QuotaRequestOut.Meta):
        fields = [*QuotaRequestOut.Meta.fields, "thread"]

    @extend_schema_field(StepOut(many=True))
    def get_thread(self, request: QuotaRequest) -> Any:
        return StepOut(threads.steps_of(request), many=True).data
