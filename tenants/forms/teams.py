"""Forms of teams, namespaces, volumes and tokens."""

from __future__ import annotations

from typing import Any

from django import forms

from tenants import access, rules
from tenants.forms.fields import DomainForm, RuleField, obeyed
from tenants.models import Plan

DAYS = ((7, "7 days"), (30, "30 days"), (90, "90 days"))


class TeamForm(DomainForm):
    """A new team: the short name may be left out, it follows from the name."""

    name = RuleField(
        rules.team_name,
        label="Team name",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"required": "Give the team a name, such as Payments."},
    )
    slug = RuleField(rules.team_slug, label="Short name", required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("name") and not data.get("slug") and "slug" not in self.errors:
            try:
                data["slug"] = obeyed(rules.team_slug, rules.suggest(data["name"]))
            except forms.ValidationError as error:
                self.add_error("slug", error)
        return data


class TeamSettingsForm(DomainForm):
    name = RuleField(rules.team_name, label="Team name")
    description = RuleField(rules.description, label="What it is for", required=False, blank="")
    discoverable = forms.BooleanField(label="People can find this team and ask to join", required=False)
    viewers_read_logs = forms.BooleanField(label="Viewers may read logs", required=False)


class NamespaceForm(DomainForm):
    name = RuleField(rules.namespace_name, label="Name", error_messages={"required": "Give it a name, such as dev."})
    plan = forms.ModelChoiceField(
        label="Plan",
        queryset=Plan.objects.filter(active=True),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a plan."},
    )


class VolumeForm(DomainForm):
    name = RuleField(rules.volume_name, label="Name", error_messages={"required": "Give it a name, such as data."})
    size = RuleField(rules.storage, label="Size", error_messages={"required": "How much, such as 10 GiB?"})
    storage_class = forms.ChoiceField(label="Class", required=False)
    access_mode = forms.ChoiceField(
        label="Who mounts it",
        choices=(
            ("ReadWriteOnce", "One app at a time (ReadWriteOnce)"),
            ("ReadWriteMany", "Several apps, all write (ReadWriteMany)"),
            ("ReadOnlyMany", "Several apps, all read (ReadOnlyMany)"),
        ),
    )

    def __init__(self, *args: Any, classes: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        default = next((c["name"] for c in classes if c.get("default")), "")
        first = f"the cluster's default ({default})" if default else "the cluster's default"
        others = [(c["name"], c["name"]) for c in classes if c["name"] != default]
        self.fields["storage_class"].choices = [("", first), *others]  # type: ignore[attr-defined]


class TokenForm(DomainForm):
    name = RuleField(rules.token_name, label="What is it for", error_messages={"required": "Say what it is for."})
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=[(scope, scope) for scope in access.SCOPES],
        initial=["read"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    days = forms.TypedChoiceField(label="Ends after", choices=DAYS, coerce=int, initial=30)
