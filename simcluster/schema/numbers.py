"""Field numbers from Kubernetes' generated.proto files, for types.json."""

import re
from pathlib import Path
from typing import Any

_MESSAGE = re.compile(r"^message (\w+) \{(.*?)^\}", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"^  (?:optional|repeated|required)? *(map<[^>]*>|[.\w]+) (\w+) = (\d+);", re.MULTILINE)
_PACKAGE = re.compile(r"^package ([\w.]+);", re.MULTILINE)


class Protos:
    """All messages below some folders, by their short name (core.v1.Pod)."""

    def __init__(self, roots: list[Path]):
        self.messages: dict[str, list[tuple[str, str, str]]] = {}
        for root in roots:
            for path in root.rglob("generated.proto"):
                text = path.read_text()
                package = _PACKAGE.search(text)
                for name, body in _MESSAGE.findall(text):
                    full = f"{package[1] if package else ''}.{name}"
                    self.messages[_short(full)] = [
                        (kind, field, number) for kind, field, number in _FIELD.findall(body)
                    ]

    def numbers(self, type_: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Number → field name; a message that JSON writes inline becomes a mapping of its own."""
        package = type_.rpartition(".")[0]
        found: dict[str, Any] = {}
        for kind, name, number in self.messages.get(type_, ()):
            inner = _short(kind.lstrip(".")) if "." in kind else f"{package}.{kind}"
            if name in fields:
                found[number] = name
            elif inner in self.messages:
                found[number] = self.numbers(inner, fields)
        return found


def _short(full: str) -> str:
    for prefix in ("k8s.io.api.", "k8s.io.apimachinery.pkg.apis."):
        full = full.removeprefix(prefix)
    return full
