"""What is wanted of the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.utils import timezone

from tenants.forms.fields import RuleField, obeyed
from tenants.rules import filters

Choices = Iterable[tuple[str, str]]
NAME = "A name has at most 150 characters."
FIRST = ("q", "who", "from", "to")
REST = ("action", "outcome", "role", "door")


class MomentField(forms.CharField):
    """A day (or a moment) in the viewer's time zone; of an `end` the day itself still counts."""

    def __init__(self, *, end: bool = False, **kwargs: Any) -> None:
        self.end = end
        super().__init__(max_length=filters.LONGEST, **kwargs)
        self.widget.input_type = "date"

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        rule = partial(filters.moment, zone=timezone.get_current_timezone(), end=self.end)
        return obeyed(rule, text) if text else None


class AuditFilterForm(forms.Form):
    """The filters of a log, by GET. `wanted` is for `selectors.audit.Wanted`."""

    q = RuleField(filters.words, label="Words", required=False, max_length=80, blank="")
    who = forms.CharField(label="Who", required=False, max_length=150, error_messages={"max_length": NAME})
    role = forms.ChoiceField(label="As", required=False)
    action = forms.ChoiceField(label="What", required=False)
    outcome = forms.ChoiceField(label="Outcome", required=False)
    door = forms.ChoiceField(label="Through", required=False)
    target = RuleField(filters.target, required=False, max_length=64, blank="", widget=forms.HiddenInput())

    def __init__(self, data: Any, **choices: Choices) -> None:
        super().__init__(data)
        for name, offered in choices.items():
            self.fields[name].choices = [("", "Any"), *offered]  # type: ignore[attr-defined]
            self.fields[name].error_messages["invalid_choice"] = (
                "There is nothing like this here: choose from the list."
            )
        self.fields["from"] = MomentField(label="From", required=False)
        self.fields["to"] = MomentField(label="Until", required=False, end=True)
        self.fields["who"].widget.attrs |= {"spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}

    @property
    def wanted(self) -> dict[str, Any]:
        """What was asked for, with what can be understood of it."""
        return by_names(self.cleaned_data if self.is_valid() else {})

    @property
    def first(self) -> list[forms.BoundField]:
        """What most people look by."""
        return [self[name] for name in FIRST]

    @property
    def rest(self) -> list[forms.BoundField]:
        return [self[name] for name in REST]

    @property
    def narrowed(self) -> bool:
        """Whether any of `rest` is asked for, and must be seen."""
        return any(self.data.get(name) for name in REST)

    @property
    def used(self) -> bool:
        """Whether anything is asked for at all."""
        return any(self.data.get(name) for name in self.fields)


def by_names(data: Mapping[str, Any]) -> dict[str, Any]:
    """A form's or a call's names → those of `Wanted`."""
    names = {"q": "words", "from": "since", "to": "until"}
    return {names.get(name, name): value for name, value in data.items() if value}
