"""Operations: what was asked of the cluster and how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.api.fields import TopicOut
from tenants.models import Operation
from tenants.models.operation import OperationState


class TargetOut(serializers.Serializer[Any]):
    noun = serializers.CharField(source="target_noun")
    name = serializers.CharField(source="target_name")


class FailureOut(serializers.Serializer[Any]):
    code = serializers.CharField(source="error_code")
    message = serializers.CharField(source="error_message")


class OperationOut(serializers.ModelSerializer[Operation]):
    """Follow `url` until `done`. `waiting` means that the cluster does not answer: it is tried again until it does."""

    url = serializers.SerializerMethodField()
    topic = TopicOut("operation")
    state = serializers.ChoiceField(OperationState.choices)
    done = serializers.SerializerMethodField()
    team = serializers.CharField(source="team_slug")
    target = TargetOut(source="*")
    error = serializers.SerializerMethodField()
    by = serializers.SerializerMethodField()
    progress = serializers.DictField(help_text="Of a deletion: what is left, by kind.")

    class Meta:
        model = Operation
        fields = ["id", "url", "topic", "kind", "state", "done", "team", "target", "generation", "progress", "error",
                  "attempts", "by", "created_at", "started_at", "finished_at"]  # fmt: skip

    def get_url(self, operation: Operation) -> str:
        return f"/api/v1/operations/{operation.pk}"

    def get_done(self, operation: Operation) -> bool:
        return not operation.open

    @extend_schema_field(FailureOut(allow_null=True))
    def get_error(self, operation: Operation) -> Mapping[str, Any] | None:
        if not operation.error_code and not operation.error_message:
            return None
        return FailureOut(operation).data

    def get_by(self, operation: Operation) -> str | None:
        return operation.actor.get_username() if operation.actor else None
