"""Parts of pages that htmx fetches by `?part=`: a view names those that its template has, and a template asks for."""

from __future__ import annotations

import ast
import fnmatch
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = {
    str(path.relative_to(ROOT / "templates")): path.read_text() for path in (ROOT / "templates").rglob("*.html")
}
ASKED = re.compile(r"""[?;&]part=([a-z-]+)|"part": ?"([a-z-]+)\"""")


def named() -> Iterator[tuple[str, list[str], list[str]]]:
    """(view, parts, patterns of templates) of each view that answers parts."""
    for path in sorted((ROOT / "tenants" / "views").glob("*.py")):
        for function in ast.parse(path.read_text()).body:
            if isinstance(function, ast.FunctionDef) and function.name != "wanted_part":
                parts = [part for call in _calls(function) for part in _parts(path.stem, call)]
                patterns = [_pattern(node) for node in ast.walk(function) if isinstance(node, ast.JoinedStr)]
                if parts:
                    yield f"{path.stem}.{function.name}", parts, [found for found in patterns if found]


def test_each_part_is_in_its_template() -> None:
    lacking = [
        f"{view}: {part}"
        for view, parts, patterns in named()
        for part in parts
        if patterns and not any(f"partialdef {part} " in TEMPLATES[name] for name in matching(patterns))
    ]
    assert lacking == []


def test_each_part_is_asked_for() -> None:
    asked = {one or other for text in TEMPLATES.values() for one, other in ASKED.findall(text)}
    assert {(view, part) for view, parts, _ in named() for part in parts if part not in asked} == set()


def matching(patterns: list[str]) -> set[str]:
    found = {name for pattern in patterns for name in fnmatch.filter(TEMPLATES, pattern)}
    assert found, f"no template is called {patterns}"
    return found


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "wanted_part":
            yield node


def _parts(module: str, call: ast.Call) -> list[str]:
    """What stands in the call, or in the constant of the module that it names."""
    found: list[str] = []
    for argument in call.args[1:]:
        if isinstance(argument, ast.Starred) and isinstance(argument.value, ast.Name):
            found += getattr(importlib.import_module(f"tenants.views.{module}"), argument.value.id)
        elif isinstance(argument, ast.Constant):
            found.append(str(argument.value))
    return found


def _pattern(text: ast.JoinedStr) -> str:
    """`tenants/apps/*.html` of f"tenants/apps/{tab}.html{part}"; "" where it names no template."""
    joined = "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in text.values)
    name, template, _ = joined.partition(".html")
    return name + template if template else ""
