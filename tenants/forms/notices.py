"""What one wants to be told of: a row for each kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms

from tenants.forms.fields import DomainForm
from tenants.models.notice import ByMail
from tenants.notices import Kind


class NoticesForm(DomainForm):
    """Fields `portal-<kind>` and `mail-<kind>` for each kind that one may turn down."""

    mails_paused = forms.BooleanField(label="Pause all mails but those that guard my account", required=False)

    def __init__(self, *args: Any, kinds: Mapping[str, Kind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = kinds
        for name, kind in kinds.items():
            if not kind.secures:
                self.fields[f"portal-{name}"] = forms.BooleanField(label=f"{kind.label}: in the portal", required=False)
                self.fields[f"mail-{name}"] = forms.ChoiceField(label=f"{kind.label}: by mail", choices=ByMail.choices)

    def groups(self) -> Iterator[tuple[str, list[tuple[Kind, Any, Any]]]]:
        """(heading, its rows: kind, field of the portal, field of mails; None where nothing can be chosen)."""
        for heading in dict.fromkeys(kind.group for kind in self.kinds.values()):
            yield heading, [(kind, *self._pair(name)) for name, kind in self.kinds.items() if kind.group == heading]

    def _pair(self, name: str) -> Sequence[Any]:
        return [self[f"{part}-{name}"] if f"{part}-{name}" in self.fields else None for part in ("portal", "mail")]
