"""Whether a wish would fit into a quota: what is asked, and the figures that a refusal carries, too."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants import rules
from tenants.api.fields import AmountField, RuleField, Strict
from tenants.api.serializers.figures import FigureOut
from tenants.api.serializers.releases import SpecIn


class PreflightSpecIn(SpecIn):
    """The release whose room is asked for: with `app` what changes in its current one, `replicas` alone to scale it."""


class VolumeWish(Strict):
    size = AmountField(rules.storage, help_text="“10 GiB”, “500Mi”, or bytes.")
    storage_class = RuleField(rules.storage_class, required=False, help_text="Empty: the cluster's default.")


class PreflightIn(Strict):
    """One wish: a release (of `app`, or of a new one), a rollback of `app`, a volume, or new values of a secret."""

    app = serializers.CharField(required=False, help_text="For a release or a rollback: the app's name.")
    release = PreflightSpecIn(required=False)
    rollback = serializers.IntegerField(min_value=1, required=False, help_text="The number of a release of `app`.")
    volume = VolumeWish(required=False)
    secret = RuleField(rules.secret_name, required=False, help_text="The secret whose values are to be set.")


class PreflightOut(serializers.Serializer[Any]):
    """`fields`: what does not fit, and what would. `notes`: what is allowed and may surprise."""

    fits = serializers.BooleanField()
    fields_ = serializers.DictField(child=serializers.CharField(), source="fields")
    notes = serializers.ListField(child=serializers.CharField())
    figures = FigureOut(many=True, help_text="All that the quota bounds.")

    def get_fields(self) -> dict[str, Any]:
        found = super().get_fields()
        found["fields"] = found.pop("fields_")
        found["fields"].source = None
        return found
