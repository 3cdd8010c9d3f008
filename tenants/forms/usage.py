"""What is wanted of a report on use."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from tenants.forms.fields import RuleField, obeyed
from tenants.rules import periods

PERIODS = (("day", "per day"), ("month", "per month"))


class UsageForm(forms.Form):
    """By GET; without anything the last thirty days, per day."""

    begin = RuleField(periods.day, label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    end = RuleField(periods.day, label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    period = forms.ChoiceField(label="A line", choices=PERIODS, required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        first, last = obeyed(lambda days: periods.span(*days, timezone.now()), (data.get("begin"), data.get("end")))
        return {"begin": first, "end": last, "period": data.get("period") or "day"}
