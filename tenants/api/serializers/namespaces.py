"""Plans, namespaces and quota."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cluster.specs import STANDARD
from tenants import clusters, rules
from tenants.api.fields import BytesOut, CpuOut, RuleField, Strict, TopicOut
from tenants.api.serializers.shapes import ConditionOut
from tenants.models import Namespace, Plan

SAID: dict[str, type[CpuOut] | type[BytesOut]] = {"cpu": CpuOut, "memory": BytesOut, "storage": BytesOut}


class AmountsOut(serializers.Serializer[Any]):
    """CPU, memory and storage with their units, the rest counts."""

    def get_fields(self) -> dict[str, Any]:
        return {name: SAID.get(name, serializers.IntegerField)(required=False) for name in STANDARD}


class PlanOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    limits = AmountsOut(source="*")


class RemainingOut(serializers.Serializer[Any]):
    """Progress of a deletion."""

    kinds = serializers.DictField(child=serializers.IntegerField(), required=False)
    finalizers = serializers.ListField(child=serializers.CharField(), required=False)
    retained = serializers.ListField(child=serializers.CharField(), required=False)


class PauseOut(serializers.Serializer[Any]):
    """While it is paused, what somebody changes in the cluster is listed and not repaired."""

    since = serializers.DateTimeField(source="paused_at", allow_null=True, help_text="Null: it is not paused.")
    by = serializers.CharField(source="paused_by.username", default=None, allow_null=True)
    reason = serializers.CharField(source="paused_reason")
    drifted = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="“namespace”, “app NAME” or “volume NAME” → what differs in the cluster.",
    )


class PauseIn(Strict):
    reason = RuleField(rules.reason, help_text="Everybody in the team reads it.")


class NamespaceOut(serializers.ModelSerializer[Namespace]):
    topic = TopicOut("namespace")
    team = serializers.CharField(source="team.slug")
    cluster = serializers.SerializerMethodField()
    plan = serializers.CharField(source="plan.name")
    ready = serializers.BooleanField(help_text="The cluster confirmed each part.")
    deleting = serializers.BooleanField()
    conditions = ConditionOut(many=True)
    usage = AmountsOut(help_text="In the cluster, as last seen; empty until then.")
    remaining = RemainingOut(help_text="Of a deletion; empty before one.")
    paused = PauseOut(source="*")

    class Meta:
        model = Namespace
        fields = ["id", "topic", "name", "team", "cluster", "cluster_name", "plan", "ready", "deleting", "generation",
                  "observed_generation", "conditions", "usage", "remaining", "paused", "observed_at",
                  "created_at"]  # fmt: skip

    def get_cluster(self, namespace: Namespace) -> str:
        return clusters.title(namespace.cluster)


class PlanField(serializers.SlugRelatedField[Plan]):
    """A plan by its name; what is no text without NUL is the name of none, and no database is asked for it."""

    def to_internal_value(self, data: Any) -> Plan:
        if not isinstance(data, str) or "\0" in data:
            self.fail("does_not_exist", slug_name=self.slug_field, value="")
        return super().to_internal_value(data)


class NamespaceIn(Strict):
    name = RuleField(rules.namespace_name, help_text="Short, in the team: dev, prod.")
    plan = PlanField(
        slug_field="name",
        queryset=Plan.objects.all(),
        error_messages={"does_not_exist": "There is no such plan: GET /api/v1/plans lists them."},
    )
