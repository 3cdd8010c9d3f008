"""Forms of a secret. Values are taken and never given back; what is wrong is said at the key that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms

from tenants import rules
from tenants.forms.fields import DomainForm, RowsField, RuleField, obeyed

LACKING = {
    "registry": "Give the registry's host, such as registry.example.",
    "user": "Give the user name.",
    "password": "Give the password, or a token of the registry.",
}
"""The fields of a login, and what is said where one is empty."""


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A row as it comes back: the key that was typed and what is wrong with it, never its value."""

    key: str = ""
    error: str = ""


class ValuesForm(DomainForm):
    """Keys and values. `rows` is what the page shows of them; a value is not kept for another try by the server."""

    aliases = {"keys": "values"}

    values = RowsField("key", "value", label="Keys and values")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._wrong: dict[int, str] = {}

    @property
    def rows(self) -> list[KeyRow]:
        """As many as were sent, in their order: a page that still has the values finds each at its place."""
        if not self.is_bound:
            return [KeyRow()]
        wrong = self._wrong if "values" in self.errors else {}
        return [KeyRow(key, wrong.get(at, "")) for at, (key, _) in enumerate(self._typed())] or [KeyRow()]

    @property
    def key_is_wrong(self) -> bool:
        """Whether the rows themselves say what is wrong with the values."""
        return bool(self.errors.get("values") and self._wrong)

    @property
    def error_count(self) -> int:
        return super().error_count + max(0, len(self._wrong) - 1)

    @property
    def first_error(self) -> str:
        first = super().first_error
        return f"id_values_key_{min(self._wrong)}" if first == "id_values" and self._wrong else first

    def clean_values(self) -> dict[str, str]:
        values: dict[str, str] = {}
        for at, (typed, value) in enumerate(self._typed()):
            if not typed.strip() and not value.strip():
                continue
            try:
                key = rules.secret_key(typed)
            except rules.Broken as broken:
                self._wrong[at] = broken.message
                continue
            if key in values:
                self._wrong[at] = f"“{key}” stands here twice: keep one of them."
            values[key] = value
        if self._wrong:
            raise forms.ValidationError(list(self._wrong.values()))
        return obeyed(rules.secret_values, values)

    def _typed(self) -> list[tuple[str, str]]:
        return self["values"].value()


class LoginFields(DomainForm):
    """Registry, user and password, of which the one value of a registry's login is made."""

    registry = RuleField(
        rules.registry_host,
        label="Registry",
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "placeholder": "registry.example", "autocomplete": "off"}),
    )
    user = RuleField(rules.registry_user, label="User name", required=False)
    password = forms.CharField(
        label="Password or token",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "hx-preserve": True}),
    )

    def login(self, data: dict[str, Any]) -> dict[str, str]:
        """The secret's values; {} when something lacks or is wrong, which is then said at its field."""
        for name, words in LACKING.items():
            if not data.get(name) and name not in self.errors:
                self.add_error(name, words)
        if any(name in self.errors for name in LACKING):
            return {}
        return rules.login_values(data["registry"], data["user"], data["password"])


class SecretForm(ValuesForm, LoginFields):
    """A new secret: keys and values, or a login."""

    name = RuleField(rules.secret_name, label="Name", error_messages={"required": "Give it a name: database, say."})
    type = forms.ChoiceField(
        label="Kind",
        choices=((rules.OPAQUE, "Keys and values"), (rules.REGISTRY_LOGIN, "Login to a registry")),
        widget=forms.RadioSelect,
        initial=rules.OPAQUE,
    )
    field_order = ["name", "type", "values", "registry", "user", "password"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        is_login = data.get("type") == rules.REGISTRY_LOGIN
        for name in ("values",) if is_login else LACKING:
            self.errors.pop(name, None)
        if is_login:
            self._wrong.clear()
            self.aliases = {"values": "password"}
            data["values"] = self.login(data)
        elif not data.get("values") and "values" not in self.errors:
            self.add_error("values", "Give at least one key and its value.")
        return {name: value for name, value in data.items() if name not in LACKING}


class SecretChangeForm(ValuesForm):
    """New values for some keys, and keys to remove; what is not named stays as it is."""

    remove = forms.MultipleChoiceField(label="Remove", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, keys: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["remove"].choices = [(key, key) for key in keys]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("values") and not data.get("remove") and not self.errors:
            self.add_error("values", "Type a new value, or choose a key to remove.")
        return data


class LoginChangeForm(LoginFields):
    """Another login in place of the one that is there."""

    aliases = {"values": "password"}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        return {"values": self.login(data), "remove": []}
