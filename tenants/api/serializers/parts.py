"""Volumes and secrets. Values of secrets come in and never go out."""

from __future__ import annotations

from rest_framework import serializers

from tenants import rules
from tenants.api.fields import AmountField, BytesOut, RuleField, Strict, TextField
from tenants.api.serializers.shapes import ConditionOut
from tenants.models import Secret, Volume


class VolumeOut(serializers.ModelSerializer[Volume]):
    namespace = serializers.CharField(source="namespace.name")
    team = serializers.CharField(source="namespace.team.slug")
    size = BytesOut()
    capacity = BytesOut(allow_null=True, help_text="What the cluster gave; null until then.")
    deleting = serializers.BooleanField()
    conditions = ConditionOut(many=True)

    class Meta:
        model = Volume
        fields = ["name", "namespace", "team", "size", "storage_class", "access_mode", "phase", "capacity", "deleting",
                  "generation", "observed_generation", "conditions", "created_at"]  # fmt: skip


class VolumeIn(Strict):
    name = RuleField(rules.volume_name)
    size = AmountField(rules.storage, help_text="“10 GiB”, “500Mi”, or bytes.")
    storage_class = RuleField(rules.storage_class, required=False, help_text="Empty: the cluster's default.")
    access_mode = serializers.ChoiceField(rules.ACCESS_MODES, required=False)


class SecretOut(serializers.ModelSerializer[Secret]):
    namespace = serializers.CharField(source="namespace.name")
    team = serializers.CharField(source="namespace.team.slug")
    keys = serializers.DictField(child=serializers.IntegerField(), help_text="Key → the version that holds its value.")
    changed_by = serializers.SerializerMethodField()
    deleting = serializers.BooleanField()
    conditions = ConditionOut(many=True)

    class Meta:
        model = Secret
        fields = ["name", "namespace", "team", "type", "keys", "version", "deleting", "generation",
                  "observed_generation", "conditions", "changed_by", "changed_at", "created_at"]  # fmt: skip

    def get_changed_by(self, secret: Secret) -> str | None:
        return secret.changed_by.get_username() if secret.changed_by else None


class SecretIn(Strict):
    name = RuleField(rules.secret_name)
    type = serializers.ChoiceField([rules.OPAQUE, rules.REGISTRY_LOGIN], required=False)
    values = serializers.DictField(child=TextField(), help_text="Key → value. Values never come back.")


class SecretEdit(Strict):
    """Keys that are not named keep their value."""

    values = serializers.DictField(child=TextField(), required=False)
    remove = serializers.ListField(child=serializers.CharField(), required=False)
