"""Forms of quota: asking for more, giving some back, comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from tenants import rules
from tenants.forms.fields import DomainForm, RuleField
from tenants.rules import resources, wanted
from tenants.rules.resources import title, unit


class LimitsForm(DomainForm):
    """A field for each resource, by its name; a number alone counts in the unit beside it, empty means the same."""

    def __init__(self, *args: Any, offered: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = tuple(offered)
        own = dict(self.fields)
        self.fields.clear()
        for resource in self.offered:
            self.fields[resource] = RuleField(
                partial(typed, resource),
                label=f"New limit for {title(resource)}",
                required=False,
                max_length=40,
                widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "spellcheck": "false"}),
            )
        self.fields.update(own)

    @property
    def wants(self) -> dict[str, int]:
        """The limits that could be read, by resource."""
        known = getattr(self, "cleaned_data", {})
        return {name: known[name] for name in self.offered if known.get(name) is not None}

    def amounts(self) -> list[BoundField]:
        return [self[name] for name in self.offered]


class RequestForm(LimitsForm):
    reason = RuleField(
        wanted.reason,
        label="Why",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why: it is what whoever decides reads."},
    )
    until = RuleField(wanted.day, label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    @property
    def last_day(self) -> date | None:
        return getattr(self, "cleaned_data", {}).get("until")

    @property
    def reason_typed(self) -> str:
        """As it stands in the field: a draft keeps it before it is right."""
        return str(self["reason"].value() or "")

    @property
    def unread(self) -> dict[str, str]:
        """What was typed and nobody could read, by field; an empty reason is none, a draft may be without."""
        texts = {name: str(self[name].value() or "").strip() for name in self.errors if name in self.fields}
        return {name: text[:4000] for name, text in texts.items() if text}


class LowerForm(LimitsForm):
    confirm = forms.BooleanField(label="Lower it all the same", required=False)


class CommentForm(DomainForm):
    text = RuleField(
        rules.message,
        label="Message",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write a few words."},
    )


def typed(resource: str, text: str) -> int:
    """A limit as it is typed beside its unit: `40` of memory are 40 GiB. Raises Broken."""
    word, _ = unit(resource)
    plain = text.strip()
    bare = plain.replace(".", "", 1).isdigit()
    return resources.amount(resource, f"{plain} {word}" if bare and word else plain)


def as_typed(resource: str, amount: int) -> str:
    """The text that `typed` reads back: the bare number where that is exact."""
    bare = resources.number(resource, amount)
    exact = typed(resource, bare) == amount
    return bare if exact else f"{amount}m" if resource == "cpu" else resources.exact(resource, amount)


def initial(
    wants: Mapping[str, int], *, reason: str = "", until: date | None = None, unread: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What the form of a request begins with."""
    amounts = {resource: as_typed(resource, amount) for resource, amount in wants.items()}
    return {**amounts, "reason": reason, "until": until.isoformat() if until else "", **(unread or {})}
