"""The site's policy, plans, and what staff set for a team, as JSON. Amounts are written as people write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from cluster.specs import STANDARD
from tenants import rules as limits
from tenants.api.fields import AmountField, BytesOut, CpuOut, NumberField, RuleField, Strict
from tenants.api.serializers.approvals import AmountsField
from tenants.models import Plan, Team
from tenants.models.quota import AMOUNTS
from tenants.rules import policy as rules
from tenants.rules.policy_checks import clean_labels
from tenants.rules.resources import amount, is_storage
from tenants.selectors import policies as shown
from tenants.selectors import tryout

SHARE = "A share: 0.5 is 50%."


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}, "example": {"memory": "16 GiB"}})
class AmountsByResource(serializers.Field[Any, Any, Any, Any]):
    """Amounts with their units, counts as numbers: exact, as the API takes them."""

    def to_representation(self, value: dict[str, int]) -> dict[str, str | int]:
        return {resource: _said(resource, most) for resource, most in value.items()}


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}, "example": {"env": "prod"}})
class LabelsField(serializers.Field[Any, Any, Any, Any]):
    """Labels of a team: name → value."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict) or not all(isinstance(part, str) for pair in data.items() for part in pair):
            raise serializers.ValidationError('Names and values, such as {"env": "prod"}.')
        try:
            return clean_labels(data)
        except limits.Broken as broken:
            raise serializers.ValidationError(broken.message, code="rule") from broken

    def to_representation(self, value: dict[str, str]) -> dict[str, str]:
        return value


def _share(**options: Any) -> serializers.FloatField:
    return serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=100, **options)


def _count(least: int, most: int, **options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(required=False, allow_null=True, min_value=least, max_value=most, **options)


class RuleIn(Strict):
    """Matches a resource of a request when all its conditions hold; what is left out always holds."""

    name = serializers.CharField(max_length=80)
    then = serializers.ChoiceField([("approve", "at once"), ("approver", "to an approver")], required=False)
    resources = serializers.ListField(child=serializers.CharField(max_length=200), required=False)
    at_most = AmountsField(required=False, help_text="The limit that is asked for, by resource.")
    raise_at_most = _share(help_text=f"Of what is granted. {SHARE}")
    used_at_least = _share(help_text=f"Two-week peak of what is granted. {SHARE}")
    labels = LabelsField(required=False, help_text="Of the team.")
    recent_below = _count(1, 1000, help_text="Automatic approvals of the team in 30 days.")
    days_at_most = _count(1, 3660, help_text="Raises for at most so many days; none for good.")


class RulesIn(Strict):
    """A whole policy: the first rule that matches decides; nobody passes a ceiling."""

    rules = RuleIn(many=True, required=False)
    ceilings = AmountsField(required=False, help_text="Of all namespaces of a team together.")
    two_persons = AmountsField(required=False, help_text="Limits above which two approvers must approve.")
    over_commit = serializers.DictField(
        child=serializers.FloatField(min_value=0, max_value=100),
        required=False,
        help_text=f"How much of what the nodes have may be granted. {SHARE}",
    )
    namespaces_max = serializers.IntegerField(required=False, min_value=0, max_value=1000, help_text="Of a team.")
    extra = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        help_text="Resources beside the standard ones: nvidia.com/gpu, storage:<class>.",
    )


class PolicyIn(Strict):
    """The next version; saved as a draft."""

    policy = RulesIn()
    note = RuleField(limits.description, required=False)
    based_on = serializers.IntegerField(required=False, min_value=1, help_text="The version that it changes.")
    newest = serializers.IntegerField(
        required=False, min_value=1, help_text="The newest that you saw: 409 “overtaken” when there is a newer one."
    )


class TryOutIn(Strict):
    policy = RulesIn()


class GoLiveIn(Strict):
    holds = serializers.IntegerField(
        required=False, min_value=1, help_text="The version that holds as you saw it: 409 “overtaken” when it does not."
    )


class RuleOut(serializers.Serializer[rules.Rule]):
    name = serializers.CharField()
    then = serializers.CharField()
    resources = serializers.ListField(child=serializers.CharField())
    at_most = AmountsByResource()
    raise_at_most = serializers.FloatField(allow_null=True)
    used_at_least = serializers.FloatField(allow_null=True)
    labels = LabelsField()
    recent_below = serializers.IntegerField(allow_null=True)
    days_at_most = serializers.IntegerField(allow_null=True)


class RulesOut(serializers.Serializer[rules.Policy]):
    """Sent back as it is, it is the same policy."""

    rules = RuleOut(many=True)
    ceilings = AmountsByResource()
    two_persons = AmountsByResource()
    over_commit = serializers.DictField(child=serializers.FloatField())
    namespaces_max = serializers.IntegerField()
    extra = serializers.ListField(child=serializers.CharField())


class PolicyOut(serializers.Serializer[shown.Version]):
    number = serializers.IntegerField(source="row.pk")
    state = serializers.ChoiceField([("holds", "holds"), ("draft", "draft"), ("past", "was live")])
    note = serializers.CharField(source="row.note")
    based_on = serializers.IntegerField(source="row.based_on_id", allow_null=True)
    created_by = serializers.CharField(source="row.created_by.username", default=None, allow_null=True)
    created_at = serializers.DateTimeField(source="row.created_at")
    live_by = serializers.CharField(source="row.live_by.username", default=None, allow_null=True)
    live_at = serializers.DateTimeField(source="row.live_at", allow_null=True)
    policy = serializers.SerializerMethodField()

    @extend_schema_field(RulesOut)
    def get_policy(self, version: shown.Version) -> dict[str, Any]:
        return dict(RulesOut(rules.load(version.row.body)).data)


class TriedOut(serializers.Serializer[tryout.Tried]):
    number = serializers.IntegerField(source="request.number")
    namespace = serializers.CharField(source="request.namespace.cluster_name")
    asked = serializers.CharField()
    approves = serializers.BooleanField(help_text="It would have approved it at once.")
    why = serializers.CharField(help_text="The rule, or what stands against it.")
    then = serializers.CharField(help_text="What became of it: “rule”, “approved”, “part”, “rejected”, “other”.")
    differs = serializers.BooleanField()


class TryOutOut(serializers.Serializer[tryout.TryOut]):
    """Requests of the last days as the policy would have answered them, by the facts of then; newest first."""

    days = serializers.IntegerField()
    total = serializers.IntegerField()
    approved = serializers.IntegerField()
    requests = TriedOut(many=True, source="rows")


class PlanIn(Strict):
    """What is left out stays; a new plan needs all limits, its name and its title."""

    title = RuleField(limits.plan_title, required=False)
    position = NumberField(lambda text: limits.whole(text, 0, 1000, "places"), required=False)
    active = serializers.BooleanField(required=False, help_text="Offered for new namespaces.")

    def get_fields(self) -> dict[str, Any]:
        amounts = {name: AmountField(_amount(of), required=False) for name, of in AMOUNTS.items()}
        return {**super().get_fields(), **amounts}


class NewPlanIn(PlanIn):
    name = RuleField(limits.plan_name, help_text="Never changes.")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for name in ("title", *STANDARD):
            fields[name].required = True
        return fields


class StaffPlanOut(serializers.ModelSerializer[Plan]):
    cpu, memory, storage = CpuOut(), BytesOut(), BytesOut()
    default_request_cpu = CpuOut()
    default_request_memory, default_limit_memory = BytesOut(), BytesOut()

    class Meta:
        model = Plan
        fields = [
            "name",
            "title",
            "position",
            "active",
            *STANDARD,
            *tuple(f"default_{name}" for name in ("request_cpu", "request_memory", "limit_memory")),
        ]


class TeamQuotaIn(Strict):
    """What is left out stays; null goes back to the policy's."""

    labels = LabelsField(required=False)
    ceilings = AmountsField(required=False, help_text="All of them: what is not named goes back to the policy's.")
    namespaces_max = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=1000)


class WallOut(serializers.Serializer[shown.TeamWall]):
    resource = serializers.CharField()
    granted = serializers.CharField(help_text="To all its namespaces, for people.")
    ceiling = serializers.CharField(allow_blank=True, help_text="Empty: none.")
    own = serializers.BooleanField(help_text="Set for this team; else the policy's.")
    over = serializers.BooleanField(help_text="More is granted than the ceiling: no raise until it fits.")


class TeamQuotaOut(serializers.Serializer[Team]):
    team = serializers.CharField(source="slug")
    labels = LabelsField()
    ceilings = AmountsByResource(help_text="Its own.")
    namespaces_max = serializers.IntegerField(allow_null=True, help_text="null: the policy's.")
    walls = serializers.SerializerMethodField()

    @extend_schema_field(WallOut(many=True))
    def get_walls(self, team: Team) -> Any:
        walls: Any = shown.team_walls(team)
        return WallOut(walls, many=True).data


def _amount(resource: str) -> Callable[[Any], int]:
    return lambda text: amount(resource, text)


def _said(resource: str, most: int) -> str | int:
    if resource == "cpu":
        return str(CpuOut().to_representation(most))
    return str(BytesOut().to_representation(most)) if resource == "memory" or is_storage(resource) else most
