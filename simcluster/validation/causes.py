"""Causes of a 422 in the words of apimachinery's field errors."""

from typing import Any

import orjson

from simcluster.errors import Cause


def required(field: str, detail: str = "") -> Cause:
    return ("FieldValueRequired", field, f"Required value: {detail}" if detail else "Required value")


def wrong(field: str, value: Any, detail: str) -> Cause:
    """`Invalid value`, the value as JSON."""
    return ("FieldValueInvalid", field, f"Invalid value: {shown(value)}: {detail}")


def unsupported(field: str, value: Any, known: tuple[str, ...]) -> Cause:
    told = ", ".join(f'"{name}"' for name in known)
    return ("FieldValueNotSupported", field, f"Unsupported value: {shown(value)}: supported values: {told}")


def duplicate(field: str, value: Any) -> Cause:
    return ("FieldValueDuplicate", field, f"Duplicate value: {shown(value)}")


def forbidden(field: str, detail: str) -> Cause:
    return ("FieldValueForbidden", field, f"Forbidden: {detail}")


def not_found(field: str, value: Any) -> Cause:
    return ("FieldValueNotFound", field, f"Not found: {shown(value)}")


def shown(value: Any) -> str:
    return orjson.dumps(value).decode()


def not_negative(holder: dict[str, Any], name: str, at: str) -> list[Cause]:
    value = holder.get(name)
    return (
        [wrong(f"{at}.{name}", value, "must be greater than or equal to 0")] if value is not None and value < 0 else []
    )
