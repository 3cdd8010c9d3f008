"""Plans, namespaces, quota and the audit log."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants import clusters, rules
from tenants.api.fields import AmountField, RuleField, Strict
from tenants.api.serializers.releases import PreflightSpecIn
from tenants.api.serializers.shapes import ConditionOut
from tenants.models import AuditEntry, Namespace, Plan
from tenants.rules.quota import RESOURCES

AMOUNTS_HELP = "CPU in millicores, memory and storage in bytes, the rest counts."


class AmountsOut(serializers.Serializer[Any]):
    """CPU in millicores, memory and storage in bytes, the rest counts."""

    def get_fields(self) -> dict[str, Any]:
        return {resource: serializers.IntegerField(required=False) for resource in RESOURCES}


class PlanOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    limits = AmountsOut(source="*", help_text=AMOUNTS_HELP)


class RemainingOut(serializers.Serializer[Any]):
    """Progress of a deletion."""

    kinds = serializers.DictField(child=serializers.IntegerField(), required=False)
    finalizers = serializers.ListField(child=serializers.CharField(), required=False)
    retained = serializers.ListField(child=serializers.CharField(), required=False)


class NamespaceOut(serializers.ModelSerializer[Namespace]):
    team = serializers.CharField(source="team.slug")
    cluster = serializers.SerializerMethodField()
    plan = serializers.CharField(source="plan.name")
    ready = serializers.BooleanField(help_text="The cluster confirmed each part.")
    deleting = serializers.BooleanField()
    conditions = ConditionOut(many=True)
    usage = serializers.DictField(child=serializers.IntegerField(), help_text=f"As last seen. {AMOUNTS_HELP}")
    remaining = serializers.DictField(help_text="Of a deletion: kinds, finalizers, retained.")

    class Meta:
        model = Namespace
        fields = ["name", "team", "cluster", "cluster_name", "plan", "ready", "deleting", "generation",
                  "observed_generation", "conditions", "usage", "remaining", "observed_at", "created_at"]  # fmt: skip

    def get_cluster(self, namespace: Namespace) -> str:
        return clusters.title(namespace.cluster)


class NamespaceIn(Strict):
    name = RuleField(rules.namespace_name, help_text="Short, in the team: dev, prod.")
    plan = serializers.SlugRelatedField(
        slug_field="name",
        queryset=Plan.objects.all(),
        error_messages={"does_not_exist": "There is no such plan: GET /api/v1/plans lists them."},
    )


class QuotaRowOut(serializers.Serializer[Any]):
    """One resource. `others`: what the rest reserves, `this`: the wish, `surge`: what its rollout takes on top."""

    resource = serializers.CharField()
    limit = serializers.IntegerField()
    used = serializers.SerializerMethodField(help_text="In the cluster, as last seen.")
    others = serializers.IntegerField()
    this = serializers.IntegerField()
    surge = serializers.IntegerField()
    remains = serializers.IntegerField()
    short = serializers.IntegerField()

    def get_used(self, row: Any) -> int:
        return int(self.context["usage"].get(row.resource, 0))


class QuotaOut(serializers.Serializer[Any]):
    """CPU in millicores, memory and storage in bytes, the rest counts. `fields`: what does not fit, and what would."""

    fits = serializers.BooleanField()
    fields_ = serializers.DictField(child=serializers.CharField(), source="fields")
    rows = QuotaRowOut(many=True)

    def get_fields(self) -> dict[str, Any]:
        found = super().get_fields()
        found["fields"] = found.pop("fields_")
        found["fields"].source = None
        return found


class PreflightIn(Strict):
    """A release (of `app`, or of a new one) or a volume: whether the quota has room for it."""

    app = serializers.CharField(required=False)
    release = PreflightSpecIn(required=False)
    volume_size = AmountField(rules.storage, required=False)


class AuditOut(serializers.ModelSerializer[AuditEntry]):
    actor = serializers.CharField(source="actor_name")
    team = serializers.CharField(source="team_slug")
    changes = serializers.ListField(
        child=serializers.DictField(), help_text="[{field, old, new}]; no values of secrets."
    )

    class Meta:
        model = AuditEntry
        fields = ["at", "actor", "door", "action", "outcome", "team", "target", "changes", "detail", "address",
                  "request_id"]  # fmt: skip
