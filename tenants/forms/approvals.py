"""An approver's decision: what is granted, for how long, and what is said with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from tenants import rules, site_day
from tenants.forms.fields import DomainForm, RuleField
from tenants.models import QuotaRequest
from tenants.rules import resources, wanted
from tenants.rules.granting import DECISIONS, Move

WORDS = {
    Move.APPROVE: "Approve",
    Move.APPROVE_PART: "Approve in part",
    Move.ASK_CHANGES: "Ask for changes",
    Move.REJECT: "Reject",
}


class DecisionForm(DomainForm):
    """`asked` is the request; each of its resources has a field `granted-<n>` in the unit of its column."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    decision = forms.ChoiceField(
        choices=[(move, WORDS[move]) for move in DECISIONS],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what you decide."},
    )
    timed = forms.BooleanField(required=False, label="Only for a time")
    until = RuleField(
        wanted.day, required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    text = RuleField(rules.message, required=False, blank="", label="Message", widget=forms.Textarea(attrs={"rows": 3}))
    over_capacity = forms.BooleanField(required=False, label="Grant more than the cluster has left")

    def __init__(self, *args: Any, asked: QuotaRequest, **kwargs: Any) -> None:
        self.asked = asked
        self.wants = list(asked.wants.all())
        kwargs["initial"] = self._first() | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.aliases = {want.resource: f"granted-{n}" for n, want in enumerate(self.wants)}
        for n, want in enumerate(self.wants):
            label = resources.heading(want.resource)
            widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
            self.fields[f"granted-{n}"] = forms.CharField(required=False, label=label, widget=widget)
        self.fields["until"].widget.attrs["min"] = site_day.today().isoformat()

    def _first(self) -> dict[str, Any]:
        until = self.asked.until
        amounts = {f"granted-{n}": resources.number(want.resource, want.wanted) for n, want in enumerate(self.wants)}
        return {
            **amounts,
            "revision": self.asked.revision,
            "decision": Move.APPROVE,
            "timed": until is not None,
            "until": until.isoformat() if until else "",
        }

    @property
    def amounts(self) -> list[tuple[Any, str]]:
        """(field, unit) of each resource."""
        return [(self[f"granted-{n}"], resources.unit(want.resource)[0]) for n, want in enumerate(self.wants)]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("decision") == Move.APPROVE_PART:
            data["granted"] = {
                want.resource: self._amount(n, str(data.get(f"granted-{n}") or "")) for n, want in enumerate(self.wants)
            }
        if data.get("decision") not in (Move.APPROVE, Move.APPROVE_PART) or not data.get("timed"):
            data["until"] = None
        elif data.get("until") is None and "until" not in self.errors:
            self.add_error("until", "Choose the last day.")
        if (
            data.get("decision") in (Move.ASK_CHANGES, Move.REJECT)
            and not data.get("text")
            and "text" not in self.errors
        ):
            self.add_error("text", "Say why: it is what the team reads.")
        return data

    def given(self) -> tuple[dict[str, int], date | None] | None:
        """(limits, last day) that an approval as typed would give; None for what cannot be read or is no approval."""
        data = self.cleaned_data
        if data.get("decision") not in (Move.APPROVE, Move.APPROVE_PART):
            return None
        asked = {want.resource: want.wanted for want in self.wants}
        granted: Mapping[str, int | None] = data.get("granted", asked)
        if any(amount is None for amount in granted.values()):
            return None
        return {**asked, **{key: amount or 0 for key, amount in granted.items()}}, data.get("until") or self.asked.until

    def _amount(self, n: int, text: str) -> int | None:
        """In the unit of its column unless another stands with it; nothing written gives nothing of it."""
        resource, has = self.wants[n].resource, self.asked.namespace.limits.get(self.wants[n].resource, 0)
        if not text.strip():
            return has
        for exact in (self.wants[n].wanted, has):  # what the column shows is rounded
            if text.strip() == resources.number(resource, exact):
                return exact
        unit = resources.unit(resource)[0]
        try:
            bare = text.strip().replace(".", "", 1).isdigit()
            return resources.amount(resource, f"{text.strip()} {unit}" if bare and unit == "GiB" else text)
        except rules.Broken as broken:
            self.add_error(f"granted-{n}", broken.message)
            return None
