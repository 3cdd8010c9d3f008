"""Forms of members and of the site's staff: handing a team over, and why somebody is suspended."""

from __future__ import annotations

from typing import Any

from django import forms

from tenants import rules
from tenants.forms.fields import DomainForm, RuleField
from tenants.models import Role

KEEPS = [(role.value, role.label) for role in (Role.ADMIN, Role.DEVELOPER, Role.VIEWER)]


class TransferForm(DomainForm):
    """To whom, and what the giver is afterwards; `takers` are (user name, name in words)."""

    to = forms.ChoiceField(label="To whom", error_messages={"required": "Choose a member."})
    keeps = forms.ChoiceField(label="What you are afterwards", choices=KEEPS, initial=Role.ADMIN)

    def __init__(self, *args: Any, takers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [("", "Choose a member"), *takers]  # type: ignore[attr-defined]


class ReasonForm(DomainForm):
    reason = RuleField(
        rules.reason,
        label="Reason",
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 300}),
        error_messages={"required": "Give the reason: it is what they are told."},
    )
