"""A release as JSON: the fields of `tenants.releases.ReleaseSpec`, amounts as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tenants import releases, rules
from tenants.api.errors import Malformed
from tenants.api.fields import AmountField, BytesOut, CpuOut, NumberField, RuleField, Strict, TextField
from tenants.models import Release
from tenants.releases import ReleaseSpec

EXPECTED_HELP = "The number of the release that you started from: 409 “overtaken” when it is not the current one."
IMAGE_HELP = "Such as registry.example/shop:1.4.0."


class HealthIn(Strict):
    """How the cluster tells that a pod can take work: every period s; a start may take start_seconds."""

    kind = serializers.ChoiceField(rules.HEALTH_KINDS, required=False)
    path = RuleField(rules.health_path, required=False)
    period = NumberField(rules.health_period, required=False)
    start_seconds = NumberField(rules.health_start, required=False)
    liveness = serializers.BooleanField(required=False, help_text="Also restart a pod that fails the check later.")


class SecretKeyIn(Strict):
    secret = RuleField(rules.secret_name)
    key = RuleField(rules.secret_key)


class SecretFolderIn(Strict):
    """All keys of a secret as files below `path`."""

    secret = RuleField(rules.secret_name)
    path = RuleField(rules.mount_path)


class VolumeAtIn(Strict):
    volume = RuleField(rules.volume_name)
    path = RuleField(rules.mount_path)


class SpecIn(Strict):
    """What is not given keeps its value (in a new app: its default); what is given replaces the whole field."""

    image = RuleField(rules.image, required=False, help_text=IMAGE_HELP)
    port = NumberField(rules.port, required=False, allow_null=True, help_text="null: nobody reaches it.")
    env = serializers.DictField(child=TextField(), required=False, help_text="Variables: name → value.")
    secret_env = serializers.DictField(
        child=SecretKeyIn(), required=False, help_text="Variables whose value is a key of a secret."
    )
    secret_files = SecretFolderIn(many=True, required=False, help_text="Secrets as files, all keys below a path.")
    volumes = VolumeAtIn(many=True, required=False, help_text="Volumes of the namespace, each at a path of its own.")
    cpu = AmountField(rules.cpu, required=False, help_text="Of one pod: “250m”, “0.25”, or a number of cores.")
    memory = AmountField(rules.memory, required=False, help_text="Of one pod: “512 MiB”, “1.5Gi”, or bytes.")
    replicas = NumberField(rules.replicas, required=False, help_text="Pods, 0 to 50; 0 stops the app.")
    health = HealthIn(required=False)
    command = serializers.ListField(child=TextField(), required=False, help_text="Instead of the image's entrypoint.")
    args = serializers.ListField(child=TextField(), required=False, help_text="Instead of the image's arguments.")
    pull_secret = serializers.CharField(
        required=False, allow_blank=True, help_text="A secret that logs in to the registry."
    )


class AppIn(SpecIn):
    """A new app with its first release."""

    name = RuleField(rules.app_name)
    image = RuleField(rules.image, help_text=IMAGE_HELP)


class ReleaseIn(SpecIn):
    """The next release: the current one with these changes. Secrets are taken at their newest versions."""

    expected = serializers.IntegerField(
        required=False,
        min_value=1,
        help_text=EXPECTED_HELP,
    )


class RollbackIn(Strict):
    number = serializers.IntegerField(min_value=1, help_text="A release that worked once.")
    expected = serializers.IntegerField(required=False, min_value=1, help_text=EXPECTED_HELP)


class SpecOut(serializers.Serializer[Any]):
    """As it stands in the ledger; sent back as it is, it is the next release."""

    image = serializers.CharField()
    port = serializers.IntegerField(allow_null=True)
    env = serializers.DictField(child=serializers.CharField())
    secret_env = serializers.DictField(child=serializers.DictField(child=serializers.CharField()))
    secret_files = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    volumes = serializers.ListField(child=serializers.DictField(child=serializers.CharField()))
    cpu = CpuOut()
    memory = BytesOut()
    replicas = serializers.IntegerField()
    health = serializers.DictField()
    command = serializers.ListField(child=serializers.CharField())
    args = serializers.ListField(child=serializers.CharField())
    pull_secret = serializers.CharField()


class FilledOut(serializers.Serializer[Any]):
    """What the portal filled in."""

    secret_versions = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="The values of secrets that it uses: {secret: {key: version}}.",
    )
    one_node = serializers.BooleanField(
        help_text="It mounts a ReadWriteOnce volume: its pods share a node and stop before new ones start."
    )


class ChangeOut(serializers.Serializer[Any]):
    """`field` is a key of the spec, or “env.NAME” for one of its parts; null: it is not there."""

    field = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)

    def to_representation(self, change: Mapping[str, Any]) -> dict[str, Any]:
        said = {"cpu": CpuOut(), "memory": BytesOut()}.get(change["field"])
        if said is None:
            return dict(change)
        return {
            key: said.to_representation(value) if isinstance(value, int) else value for key, value in change.items()
        }


class ReleaseOut(serializers.ModelSerializer[Release]):
    spec = serializers.SerializerMethodField()
    filled = serializers.SerializerMethodField()
    by = serializers.SerializerMethodField()
    reason = serializers.CharField(source="outcome_reason")
    changes = serializers.SerializerMethodField(help_text="Against the one before.")

    class Meta:
        model = Release
        fields = ["number", "outcome", "reason", "worked", "rolled_back_to", "spec", "filled", "changes", "by",
                  "created_at", "finished_at"]  # fmt: skip

    @extend_schema_field(SpecOut())
    def get_spec(self, release: Release) -> Mapping[str, Any]:
        return spec_out(release)

    @extend_schema_field(FilledOut())
    def get_filled(self, release: Release) -> Mapping[str, Any]:
        return FilledOut(releases.load(release.spec)).data

    @extend_schema_field(ChangeOut(many=True))
    def get_changes(self, release: Release) -> Any:
        return ChangeOut(release.changes, many=True).data

    def get_by(self, release: Release) -> str | None:
        return release.created_by.get_username() if release.created_by else None


def spec_out(release: Release) -> Mapping[str, Any]:
    """The release's content with every field, also those that its row is older than."""
    return SpecOut(releases.dump(releases.load(release.spec))).data


def spec_of(given: Mapping[str, Any], base: ReleaseSpec | None = None) -> ReleaseSpec:
    """The release that a call wants: `base` with what was given. Raises Malformed for what is no release."""
    wanted = msgspec.to_builtins(base) if base is not None else {}
    wanted |= {str(field): given[str(field)] for field in SpecIn().fields if field in given}
    for field in releases.FILLED:
        wanted.pop(field, None)
    try:
        return releases.load(wanted)
    except releases.SpecError as error:
        raise Malformed(str(error)) from error
