"""The audit log as the API tells it."""

from __future__ import annotations

from datetime import UTC
from functools import partial
from typing import Any

from rest_framework import serializers

from tenants.api.fields import NumberField, RuleField, Strict
from tenants.api.serializers.shapes import rows_of_page
from tenants.models import AuditEntry
from tenants.rules import filters
from tenants.selectors import audit

DAY = "A day, or a moment in ISO 8601; without a zone in UTC."


class FilterQuery(Strict):
    """What is wanted of the log."""

    q = RuleField(filters.words, required=False, help_text="Words of three letters or more, anywhere in a line.")
    who = serializers.CharField(required=False, max_length=150, help_text="A user name, or a machine: observer.")
    role = serializers.ChoiceField(list(audit.ROLES), required=False, help_text="What they were when it happened.")
    action = serializers.CharField(required=False, max_length=40, help_text="app.release, members.manage, …")
    outcome = serializers.ChoiceField(list(audit.OUTCOMES), required=False)
    door = serializers.ChoiceField(list(audit.DOORS), required=False)
    target = RuleField(filters.target, required=False, help_text="One thing: app:12.")
    from_ = RuleField(partial(filters.moment, zone=UTC), required=False, help_text=DAY)
    to = RuleField(
        partial(filters.moment, zone=UTC, end=True), required=False, help_text=f"{DAY} The day itself still counts."
    )

    def get_fields(self) -> dict[str, Any]:
        """`from` is a name that Python needs for itself."""
        return {name.removesuffix("_"): field for name, field in super().get_fields().items()}


class AuditQuery(FilterQuery):
    """The filters, and which page."""

    before = serializers.CharField(required=False, max_length=40, help_text="As `next` has it.")
    after = serializers.CharField(required=False, max_length=40, help_text="As `previous` has it.")
    page_size = NumberField(rows_of_page, required=False, help_text="At most 200; 50 unless told otherwise.")


class AuditOut(serializers.ModelSerializer[AuditEntry]):
    actor = serializers.CharField(source="actor_name")
    role = serializers.CharField(help_text="What the actor was then, in the team or on the site.")
    team = serializers.CharField(source="team_slug")
    changes = serializers.ListField(
        child=serializers.DictField(), help_text="[{field, old, new}]; no values of secrets."
    )

    class Meta:
        model = AuditEntry
        fields = ["id", "at", "actor", "role", "door", "action", "outcome", "team", "target_noun", "target_id",
                  "target", "changes", "detail", "address", "request_id"]  # fmt: skip


class AuditPage(serializers.Serializer[Any]):
    """Newest first. Entries are not counted: there may be millions."""

    next = serializers.CharField(allow_null=True, help_text="Older entries.")
    previous = serializers.CharField(allow_null=True, help_text="Newer entries.")
    results = AuditOut(many=True)


class PlaceOut(serializers.Serializer[Any]):
    """An entry's place in the chain."""

    state = serializers.ChoiceField(
        ["verified", "waiting", "broken"],
        help_text="verified: as it was written. waiting: gets its place in a moment. broken: changed past Berth.",
    )
    position = serializers.IntegerField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    digest = serializers.CharField(allow_null=True)


class AuditEntryOut(AuditOut):
    chain = PlaceOut()

    class Meta(AuditOut.Meta):
        fields = [*AuditOut.Meta.fields, "chain"]
