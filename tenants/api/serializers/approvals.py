"""Quota requests as approvers see them, their decisions, and what clusters have left to grant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants import rules
from tenants.api.fields import AmountField, RuleField, Strict
from tenants.api.serializers.shapes import PageQuery
from tenants.models import QuotaRequest, QuotaWant
from tenants.models.granting import State
from tenants.rules import resources
from tenants.rules.broken import Broken
from tenants.rules.granting import DECISIONS
from tenants.selectors import approvals, verdicts


def _picked(name: str) -> serializers.ChoiceField:
    known = [choice for choice in approvals.FILTERS[name] if choice[0]]
    told = "; ".join(f"“{value}”: {label}" for value, label in known)
    return serializers.ChoiceField([value for value, _ in known], required=False, help_text=told)


class ApprovalsQuery(PageQuery):
    q = serializers.CharField(required=False, allow_blank=True, max_length=80, help_text="A part of team or namespace.")
    state = _picked("state")
    hint = _picked("hint")
    sort = _picked("sort")


class AskedOut(serializers.ModelSerializer[QuotaWant]):
    """One resource, in whole numbers of its unit; `granted` is null until it is decided."""

    unit = serializers.SerializerMethodField(help_text="“millicores”, “bytes”; empty for counts.")
    words = serializers.SerializerMethodField(help_text="What is asked for, for people.")

    class Meta:
        model = QuotaWant
        fields = ["resource", "unit", "before", "wanted", "granted", "words"]

    def get_unit(self, want: QuotaWant) -> str:
        return resources.base_unit(want.resource)

    def get_words(self, want: QuotaWant) -> str:
        return resources.named(want.resource, want.wanted)


class HintOut(serializers.Serializer[verdicts.Hint]):
    """What the policy that holds says now; of a decided request, what was said when it was sent."""

    kind = serializers.ChoiceField(
        [("ok", "would approve"), ("warn", "stands against"), ("bad", "over a ceiling"), ("off", "was not weighed")]
    )
    words = serializers.CharField()
    why = serializers.CharField(allow_blank=True)


class ApprovalOut(serializers.ModelSerializer[QuotaRequest]):
    """A request for more quota as approvers see it; its thread and history stand on its page."""

    number = serializers.IntegerField()
    team = serializers.CharField(source="team.slug")
    namespace = serializers.CharField(source="namespace.name")
    cluster_name = serializers.CharField(source="namespace.cluster_name")
    author = serializers.CharField(source="author.username", default=None, allow_null=True)
    state = serializers.ChoiceField(State.choices)
    asked = AskedOut(many=True, source="wants")
    first_approval_by = serializers.SerializerMethodField(
        help_text="Who approved first where it takes two; null where nobody did."
    )
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)

    class Meta:
        model = QuotaRequest
        fields = [
            *("number", "team", "namespace", "cluster_name", "author", "state", "revision", "asked", "reason", "until"),
            *("submitted_at", "first_approval_by", "decided_at", "decided_by", "rule", "granted_until"),
            *("applied_at", "failure"),
        ]

    def get_first_approval_by(self, request: QuotaRequest) -> str | None:
        return request.first_approval.get("name")


class QueuedOut(serializers.Serializer[approvals.Row]):
    """A request of the queue. `raise`: its biggest raise, 0.5 for half more; null where it has nothing of it yet."""

    request = ApprovalOut()
    policy = HintOut(source="hint")

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "raise": serializers.FloatField(source="size", allow_null=True)}


class LineOut(serializers.Serializer[approvals.Line]):
    """One resource of the namespace, in words of `unit`."""

    def get_fields(self) -> dict[str, Any]:
        names = (
            "resource",
            "unit",
            "granted",
            "requested",
            "change",
            "used",
            "reserved",
            "peak",
            "percentile",
            "trend",
        )
        return {name: serializers.CharField(allow_blank=True) for name in names}


class OneApprovalOut(serializers.Serializer[Any]):
    """One request with what a decision needs. `why_not`: why you may not decide on it; empty where you may."""

    request = ApprovalOut()
    lines = LineOut(many=True, help_text="Peak, 95th percentile and trend are of two weeks.")
    hints = HintOut(many=True, help_text="What the policy that holds now says, resource by resource.")
    room = serializers.CharField(allow_blank=True, help_text="What the cluster has left of what is asked for.")
    why_not = serializers.CharField(allow_blank=True)


@extend_schema_field({"type": "object", "additionalProperties": {"oneOf": [{"type": "string"}, {"type": "number"}]}})
class AmountsField(serializers.Field[Any, Any, Any, Any]):
    """Limits by resource, as people and Kubernetes write them: {"memory": "32 GiB", "cpu": 16}."""

    def to_internal_value(self, data: Any) -> dict[str, int]:
        if not isinstance(data, Mapping) or len(data) > 50:
            raise serializers.ValidationError('An object of limits, please, such as {"memory": "32 GiB"}.')
        found, wrong = {}, {}
        for resource, amount in data.items():
            try:
                found[str(resource)[:200]] = AmountField(_Rule(str(resource))).to_internal_value(amount)
            except serializers.ValidationError as error:
                wrong[str(resource)[:200]] = error.detail
        if wrong:
            raise serializers.ValidationError(wrong)
        return found


class _Rule:
    """The rule of amounts of one resource."""

    def __init__(self, resource: str) -> None:
        self._resource = resource

    def __call__(self, amount: Any) -> int:
        if isinstance(amount, float) and self._resource != "cpu":
            raise Broken("A whole number, or a number with its unit, please.")
        return resources.amount(self._resource, amount)


class DecisionIn(Strict):
    """`revision` is the request's that you saw: it is refused with 409 when it was changed since."""

    decision = serializers.ChoiceField([str(move) for move in DECISIONS])
    revision = serializers.IntegerField(min_value=1)
    granted = AmountsField(
        required=False, help_text="In part alone: limits by resource; what is left out stays as it is."
    )
    until = serializers.DateField(
        required=False, allow_null=True, help_text="The last day of what is granted; as asked unless told otherwise."
    )
    text = RuleField(rules.message, required=False, help_text="To the team; needed to ask for changes and to reject.")
    over_capacity = serializers.BooleanField(
        required=False, help_text="Confirms that more is granted than the cluster has left."
    )


class CapacityOut(serializers.Serializer[Any]):
    """One resource of a cluster, in whole numbers of its unit; `left` may be below 0."""

    resource = serializers.CharField()
    unit = serializers.SerializerMethodField(help_text="“millicores”, “bytes”; empty for counts.")
    allocatable = serializers.IntegerField(help_text="What nodes that take pods have.")
    over_commit = serializers.FloatField(help_text="How much of it may be granted; 1 is all of it.")
    grantable = serializers.IntegerField()
    granted = serializers.IntegerField()
    left = serializers.IntegerField()
    used = serializers.IntegerField()

    def get_unit(self, capacity: Any) -> str:
        return resources.base_unit(capacity.resource)


class ClusterOut(serializers.Serializer[Any]):
    """A cluster as it was last seen."""

    alias = serializers.CharField()
    title = serializers.CharField()
    version = serializers.SerializerMethodField(help_text="Null before it was seen.", allow_null=True)
    nodes = serializers.SerializerMethodField(help_text="Nodes that take pods; null while unknown.", allow_null=True)
    silent_since = serializers.SerializerMethodField(help_text="Null while it answers.", allow_null=True)
    namespaces = serializers.IntegerField()
    capacity = serializers.SerializerMethodField()
    strays = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField(allow_blank=True)),
        help_text="Objects that are marked as Berth's and that no row knows: kind, namespace, name. Never deleted.",
    )

    def get_version(self, cluster: Any) -> str | None:
        return cluster.state.info.get("version") if cluster.state else None

    def get_nodes(self, cluster: Any) -> int | None:
        return cluster.state.info.get("nodes") if cluster.state else None

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_silent_since(self, cluster: Any) -> Any:
        state = cluster.state
        return serializers.DateTimeField().to_representation(state.since) if state and not state.answers else None

    @extend_schema_field(CapacityOut(many=True))
    def get_capacity(self, cluster: Any) -> Any:
        return CapacityOut([line.capacity for line in cluster.lines], many=True).data
