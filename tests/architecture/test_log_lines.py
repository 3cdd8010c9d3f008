"""Log lines of the site have constant events, in one form: whoever searches a log collector finds all of a kind."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
EVENT = re.compile(r"[a-z]+(_[a-z]+)+")


def written() -> Iterator[tuple[str, ast.Call]]:
    """(where, call) of each line that a module's structlog logger writes, but for audit lines."""
    for room in ("portal", "tenants"):
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text()
            for logger in re.findall(r"^(\w+) = structlog\.get_logger\(__name__\)$", text, re.MULTILINE):
                for node in ast.walk(ast.parse(text)):
                    if (
                        isinstance(node, ast.Call)
                        and isinstance(node.func, ast.Attribute)
                        and isinstance(node.func.value, ast.Name)
                        and node.func.value.id == logger
                        and node.func.attr in LEVELS
                    ):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def test_events_are_constants_in_snake_case() -> None:
    lines = list(written())
    assert len(lines) > 40
    wrong = [
        where
        for where, call in lines
        if len(call.args) != 1
        or not isinstance(call.args[0], ast.Constant)
        or not EVENT.fullmatch(str(call.args[0].value))
    ]
    assert wrong == []


def test_each_warning_and_error_is_told_of_to_who_runs_the_site() -> None:
    """But for those of the demo's example, which no site has."""
    told = (ROOT / "docs" / "operations.md").read_text()
    graver = {"warning", "error", "exception", "critical"}
    events = {
        call.args[0].value
        for where, call in written()
        if call.func.attr in graver and not where.startswith("portal/seed.py")  # type: ignore[attr-defined]
    }
    assert sorted(event for event in events if f"`{event}`" not in told) == []


def test_operations_md_names_no_event_that_is_not_written() -> None:
    section = (ROOT / "docs" / "operations.md").read_text().partition("## When something is wrong")[2]
    events = {call.args[0].value for _, call in written()}  # type: ignore[attr-defined]
    seen = {word for row in re.findall(r"^\| (.*?) \|", section, re.MULTILINE) for word in re.findall(r"`(\w+)`", row)}
    assert sorted(word for word in seen if EVENT.fullmatch(word) and word not in events) == []
