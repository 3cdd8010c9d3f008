"""Form fields that ask `tenants.rules`, fields of several rows, and how a service's errors land at their fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.datastructures import MultiValueDict

from tenants.errors import DomainError, QuotaExceeded
from tenants.rules import Broken

T = TypeVar("T")
R = TypeVar("R")


def obeyed(rule: Callable[[T], R], value: T) -> R:
    """What the rule makes of the value; raises ValidationError with its words where it is broken."""
    try:
        return rule(value)
    except Broken as broken:
        raise forms.ValidationError(broken.message, code="rule") from broken


class RuleField(forms.CharField):
    """One line of text that a rule cleans: `RuleField(rules.app_name, label="Name")`."""

    def __init__(self, rule: Callable[[str], Any], **kwargs: Any) -> None:
        self.rule = rule
        self.blank = kwargs.pop("blank", None)
        kwargs.setdefault("widget", forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}))
        kwargs.setdefault("error_messages", {"required": "This is needed."})
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text and not self.required:
            return self.blank
        return obeyed(self.rule, text)


class RowsWidget(forms.Widget):
    """Several rows of inputs with the same names: reads them as a list of tuples, as they were typed."""

    def __init__(self, *columns: str) -> None:
        super().__init__()
        self.columns = columns

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, ...]]:
        if not isinstance(data, MultiValueDict):
            return list(data.get(name, []))
        lists = [data.getlist(f"{name}_{column}") for column in self.columns]
        length = max(map(len, lists), default=0)
        padded = [values + [""] * (length - len(values)) for values in lists]
        return list(zip(*padded, strict=True))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return all(f"{name}_{column}" not in data for column in self.columns)


class RowsField(forms.Field):
    """Rows of texts; a row that is empty altogether is left out. `first` says which columns make it empty."""

    def __init__(self, *columns: str, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(widget=RowsWidget(*columns), **kwargs)

    def clean(self, value: Any) -> list[tuple[str, ...]]:
        return _filled(super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return _filled(initial) != _filled(data)


class DomainForm(forms.Form):
    """A form whose errors may come from a service; `aliases` maps a service's field to this form's."""

    aliases: Mapping[str, str] = {}
    _short: frozenset[str] = frozenset()

    def take(self, error: DomainError) -> None:
        """Puts the errors of a service at their fields; what has no field stands above the form."""
        if isinstance(error, QuotaExceeded):
            self._short = frozenset(error.fields)
        if not error.fields:
            self.add_error(None, error.message)
        for name, message in error.fields.items():
            field = self.aliases.get(name, name)
            self.add_error(field if field in self.fields else None, message)

    @property
    def misread(self) -> dict[str, list[str]]:
        """What is wrong with what was typed, by field; what a quota was short of is not."""
        return {name: [str(words) for words in found] for name, found in self.errors.items() if name not in self._short}

    @property
    def first_error(self) -> str:
        """Id of the first input that needs a change; "" when none does."""
        return next((self[name].id_for_label or f"id_{name}" for name in self.fields if name in self.errors), "")

    @property
    def error_count(self) -> int:
        """How many changes are asked for: what the quota is short of is told at each resource, and one may do."""
        wrong = set(self.errors) - {NON_FIELD_ERRORS}
        return len(wrong - self._short) + bool(wrong & self._short)


class ConfirmForm(DomainForm):
    """Deletion asks for the name; whether it is right is the service's word."""

    confirm = forms.CharField(
        label="Name",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
        error_messages={"required": "Type the name to delete it."},
    )


def _filled(rows: Sequence[Sequence[str]] | None) -> list[tuple[str, ...]]:
    return [tuple(row) for row in rows or () if any(text.strip() for text in row)]


def pairs(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, str]]:
    """Rows of two columns, the first without spaces around it."""
    return [(row[0].strip(), row[1]) for row in rows]
