"""What serializers are made of: fields that ask `tenants.rules`, and a base that refuses keys it does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from tenants import rules
from tenants.api.errors import Malformed, named
from tenants.rules import Broken

Rule = Callable[[Any], Any]


class Strict(serializers.Serializer[Any]):
    """Input of a call. An unknown key is an error: a misspelt one would be lost without a word."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            if field.error_messages["required"] == serializers.Field.default_error_messages["required"]:
                field.error_messages["required"] = "This is needed."
            choice = getattr(field, "child", field)
            if isinstance(choice, serializers.ChoiceField):
                # What was sent is not repeated: it may be a value, put wrongly.
                choice.error_messages["invalid_choice"] = f"One of {', '.join(map(str, choice.choices))}."
        return fields

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            refuse_unknown(data, self.fields, path=_path(self))
        return super().to_internal_value(data)


def refuse_unknown(data: Mapping[str, Any], known: Mapping[str, Any], *, path: str = "") -> None:
    """Raises Malformed for the first key of `data` that is not known; named where it looks like a name."""
    unknown = sorted(str(key) for key in data if key not in known)
    if not unknown:
        return
    allowed = f"Known here: {', '.join(known)}." if known else "Nothing is taken here."
    name = next(filter(None, map(named, unknown)), "")
    where = ".".join(filter(None, (path, name)))
    subject = f"“{where}”" if name else f"A key in “{path}”" if path else "A key"
    fields = {where: f"Unknown. {allowed}"} if where else {}
    raise Malformed(f"{subject} is not known. {allowed}", code="unknown_key", fields=fields)


class RuleField(serializers.CharField):
    """One line of text that a rule cleans: `RuleField(rules.app_name)`."""

    def __init__(self, rule: Rule, **kwargs: Any) -> None:
        self.rule = rule
        kwargs.setdefault("allow_blank", True)  # the rule has better words for it
        super().__init__(**kwargs)

    def run_validation(self, data: Any = empty) -> Any:
        # An empty text is the rule's matter too.
        return _asked(self.rule, "") if isinstance(data, str) and not data.strip() else super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        return _asked(self.rule, super().to_internal_value(data))


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}]})
class AmountField(serializers.Field[Any, Any, Any, Any]):
    """A number, or an amount with its unit as people write it: `250m`, `0.25`, `512 MiB`."""

    def __init__(self, rule: Rule, **kwargs: Any) -> None:
        self.rule = rule
        super().__init__(write_only=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, (str, int, float)):
            raise serializers.ValidationError("A number, or a number with its unit, please.")
        return _asked(self.rule, data)


@extend_schema_field({"type": "integer"})
class NumberField(AmountField):
    """A whole number that a rule cleans: a port, a count, seconds."""


@extend_schema_field({"type": "string", "example": "250m"})
class CpuOut(serializers.Field[int, Any, str, Any]):
    """Millicores as the API takes them: exact."""

    def to_representation(self, value: int) -> str:
        return f"{value}m"


@extend_schema_field({"type": "string", "example": "512 MiB"})
class BytesOut(serializers.Field[int, Any, str, Any]):
    """Bytes with their unit, as the API takes them: exact."""

    def to_representation(self, value: int) -> str:
        return rules.say_bytes(value)


@extend_schema_field({"type": "string", "example": "app:12"})
class TopicOut(serializers.Field[int, Any, str, Any]):
    """The name by which a socket is asked for what happens to it (docs/api.md, Live)."""

    def __init__(self, noun: str) -> None:
        super().__init__(source="pk", read_only=True, help_text=f"What /ws/live/ calls it: “{noun}:” and its id.")
        self.noun = noun

    def to_representation(self, value: int) -> str:
        return f"{self.noun}:{value}"


class TextField(serializers.CharField):
    """Any text, as it is: nothing is trimmed, it may be empty."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_blank=True, trim_whitespace=False, **kwargs)


def _asked(rule: Rule, data: Any) -> Any:
    try:
        return rule(data)
    except Broken as broken:
        raise serializers.ValidationError(broken.message, code="rule") from broken


def _path(serializer: serializers.Serializer[Any]) -> str:
    """Where a nested serializer stands: “secret_env.DATABASE_URL” is told as “secret_env”."""
    names: list[str] = []
    at: Any = serializer
    while at is not None:
        if getattr(at, "field_name", None):
            names.append(at.field_name)
        at = getattr(at, "parent", None)
    return ".".join(reversed(names))
