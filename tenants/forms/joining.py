"""Forms of invitations and join requests."""

from __future__ import annotations

from typing import Any

from django import forms

from tenants import rules
from tenants.forms.fields import DomainForm, RuleField
from tenants.models import Role


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class InviteForm(DomainForm):
    """One or many people; `roles` are those that the viewer may grant."""

    people = RuleField(
        rules.invitees,
        label="Who",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"}),
        error_messages={"required": "Whom? Give e-mail addresses or user names."},
    )
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.DEVELOPER)
    note = RuleField(rules.note, label="A few words to go with it", required=False, blank="", widget=_area(2))

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


class CodeForm(DomainForm):
    """The code of an invitation, where its link does not carry it."""

    code = forms.CharField(
        label="Code",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
        error_messages={"required": "Paste the code from the mail."},
    )


class AskForm(DomainForm):
    message = RuleField(
        rules.message,
        label="Message",
        widget=_area(4),
        error_messages={"required": "Write a few words: who you are, and what you want to do there."},
    )


class ReplyForm(DomainForm):
    text = RuleField(rules.message, label="Message", widget=_area(3), error_messages={"required": "Write a few words."})
