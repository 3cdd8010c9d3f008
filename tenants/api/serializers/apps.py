"""Apps and their rollouts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants.api.fields import TopicOut
from tenants.api.serializers.releases import SpecOut, spec_out
from tenants.api.serializers.shapes import ConditionOut
from tenants.models import App
from tenants.releases import load
from tenants.selectors import apps


class AppOut(serializers.ModelSerializer[App]):
    topic = TopicOut("app")
    namespace = serializers.CharField(source="namespace.name")
    team = serializers.CharField(source="namespace.team.slug")
    state = serializers.CharField(source="health", help_text="running, rolling, stuck, degraded, crashing, waiting, …")
    ready = serializers.SerializerMethodField(help_text="Pods that are ready now.")
    wanted = serializers.SerializerMethodField(help_text="Pods that are wanted.")
    release = serializers.SerializerMethodField(help_text="Number of the wanted release.")
    serving = serializers.SerializerMethodField(help_text="Number of the last release that worked.")
    address = serializers.SerializerMethodField(help_text="In the cluster; empty where nobody reaches it.")
    deleting = serializers.BooleanField()
    conditions = ConditionOut(many=True)
    spec = serializers.SerializerMethodField(help_text="Of the wanted release.")

    class Meta:
        model = App
        fields = ["id", "topic", "name", "namespace", "team", "state", "ready", "wanted", "release", "serving",
                  "address", "deleting", "generation", "observed_generation", "conditions", "spec", "observed_at",
                  "created_at"]  # fmt: skip

    def get_ready(self, app: App) -> int:
        return int(app.observed.get("ready", 0))

    def get_wanted(self, app: App) -> int:
        return int(app.release.spec.get("replicas", 0)) if app.release else 0

    def get_release(self, app: App) -> int | None:
        return app.release.number if app.release else None

    def get_serving(self, app: App) -> int | None:
        return app.serving.number if app.serving else None

    def get_address(self, app: App) -> str:
        return apps.address(app, load(app.release.spec) if app.release else None)

    @extend_schema_field(SpecOut(allow_null=True))
    def get_spec(self, app: App) -> Mapping[str, Any] | None:
        return spec_out(app.release) if app.release else None


class RolloutOut(serializers.Serializer[Any]):
    """An app as the cluster holds it: counts are pods, `lanes` the pods by release, `diagnosis` why it is stuck."""

    observed_at = serializers.DateTimeField(allow_null=True, help_text="When it was seen so.")
    silent_since = serializers.DateTimeField(allow_null=True, help_text="Since when the cluster does not answer.")
    rollout = serializers.DictField(allow_null=True, help_text="null until the cluster said anything of it.")
