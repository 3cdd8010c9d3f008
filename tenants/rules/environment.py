"""Environment variables, commands and their sizes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from tenants.rules.broken import Broken

NAME_MAX = 253
VALUE_MAX = 32 << 10
TOTAL_MAX = 256 << 10
COUNT_MAX = 300
WORDS_MAX = 100

_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*", re.ASCII)


def env_name(text: str) -> str:
    """A variable's name as Kubernetes takes it: letters, digits, “_”, “-”, “.”, no digit first."""
    name = text.strip()
    if not name:
        raise Broken("Give the variable a name, such as LOG_LEVEL.")
    if len(name) > NAME_MAX:
        raise Broken(f"At most {NAME_MAX} characters, please; this has {len(name)}.")
    if not _NAME.fullmatch(name) or name in {".", ".."} or name.startswith(".."):
        raise Broken(f"“{name[:40]}” is no name of a variable: letters, digits, “_”, “-” and “.”, no digit first.")
    return name


def env_value(text: str) -> str:
    """A variable's value: at most 32 KiB in UTF-8, without the NUL that ends it in every program."""
    _no_nul(text)
    size = _size(text)
    if size > VALUE_MAX:
        raise Broken(f"At most 32 KiB; this has {size} bytes. Mount a file from a secret instead.")
    return text


def env(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    """All plain variables together, each name once, at most 300 and 256 KiB."""
    clean: dict[str, str] = {}
    for raw_name, raw_value in pairs.items() if isinstance(pairs, Mapping) else pairs:
        name = env_name(raw_name)
        if name in clean:
            raise Broken(f"“{name}” stands here twice: keep one of them.")
        try:
            clean[name] = env_value(raw_value)
        except Broken as broken:
            raise Broken(f"{name}: {broken.message}") from None
    if len(clean) > COUNT_MAX:
        raise Broken(f"At most {COUNT_MAX} variables; these are {len(clean)}.")
    total = sum(len(name) + _size(value) for name, value in clean.items())
    if total > TOTAL_MAX:
        raise Broken(f"At most 256 KiB together; these have {total} bytes.")
    return clean


def words(texts: Sequence[str]) -> tuple[str, ...]:
    """A command or its arguments: at most 100 words, each as `env_value`; the first is not empty."""
    if len(texts) > WORDS_MAX:
        raise Broken(f"At most {WORDS_MAX} words; these are {len(texts)}.")
    if texts and not texts[0]:
        raise Broken("The first word is empty: leave all out, or name the program.")
    return tuple(env_value(text) for text in texts)


def _no_nul(text: str) -> None:
    if "\0" in text:
        raise Broken("There is a NUL character in it: leave it out.")


def _size(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise Broken("This is no valid text: type it again.") from None
