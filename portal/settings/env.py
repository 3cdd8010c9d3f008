"""Reads settings from the environment and fails loudly: a missing or malformed value stops the start.

`NAME_FILE` may stand for `NAME`: the value is then the content of that file (secrets mounted as files).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_MISSING = object()


def text(name: str, default: str | object = _MISSING) -> str:
    """The variable's text. Raises ImproperlyConfigured where it is unset and has no default."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error
    value = os.environ.get(name)
    if value is not None and value != "":
        return value
    if default is _MISSING:
        raise ImproperlyConfigured(f"Set {name} (or {name}_FILE) in the environment: see docs/operations.md.")
    return str(default)


def flag(name: str, default: bool) -> bool:
    """true/false, yes/no, on/off, 1/0."""
    value = text(name, "true" if default else "false").lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; write true or false.")


def number(name: str, default: int, *, least: int = 0) -> int:
    """A whole number, at least `least`."""
    value = text(name, str(default))
    try:
        result = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a whole number.") from error
    if result < least:
        raise ImproperlyConfigured(f"{name} is {result}; it must be at least {least}.")
    return result


def items(name: str, default: str | object = _MISSING, *, each: Callable[[str], str] = str.strip) -> list[str]:
    """A comma-separated list without empty items."""
    return [each(item) for item in text(name, default).split(",") if item.strip()]
