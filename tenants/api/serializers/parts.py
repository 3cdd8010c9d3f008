"""Volumes and secrets. Values of secrets come in and never go out."""

from __future__ import annotations

from typing import Any

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


class LoginIn(Strict):
    registry = RuleField(rules.registry_host, help_text="The host as images begin with it: “registry.example:5000”.")
    user = RuleField(rules.registry_user)
    password = TextField(help_text="Or a token of the registry. It never comes back.")


class SecretWish(Strict):
    """Keys and values, or the login of which the one value of a registry's login is made."""

    values = serializers.DictField(child=TextField(), required=False, help_text="Key → value. Values never come back.")
    login = LoginIn(required=False, help_text="Instead of values, for the login to a registry.")

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        login = sent.pop("login", None)
        if login is None:
            return sent
        if "values" in sent:
            raise serializers.ValidationError({"login": "Give values or a login, not both."})
        values = rules.login_values(login["registry"], login["user"], login["password"])
        return {**sent, "values": values, "type": sent.get("type", rules.REGISTRY_LOGIN)}


class SecretIn(SecretWish):
    name = RuleField(rules.secret_name)
    type = serializers.ChoiceField([rules.OPAQUE, rules.REGISTRY_LOGIN], required=False)

    def validate(self, sent: dict[str, Any]) -> dict[str, Any]:
        wish = super().validate(sent)
        if "values" not in wish:
            raise serializers.ValidationError({"values": "Give values, or a login."})
        return wish


class SecretEdit(SecretWish):
    """Keys that are not named keep their value; a login takes the place of the one that is there."""

    remove = serializers.ListField(child=serializers.CharField(), required=False)
