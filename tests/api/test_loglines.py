"""Log lines as text for a terminal."""

from __future__ import annotations

import pytest

from tenants.api.loglines import as_json, as_text

AT = "2026-07-01T09:30:00.123456789Z"


def line(text: str) -> dict[str, str]:
    return {"at": AT, "pod": "checkout-1", "text": text}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb", "a\tb"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07done", "�]0;title�done"),
        ("100%\rfaked", "100%�faked"),
        ("one\ntwo", "one�two"),
        ("\x9b2Jgone", "�2Jgone"),
        ("user \u202etxt.exe", "user �txt.exe"),
    ],
)
def test_what_would_move_a_terminal_is_replaced(text: str, shown: str) -> None:
    assert as_text(line(text)).decode() == f"{AT} checkout-1 {shown}\n"


def test_as_json_the_text_is_as_it_was_written() -> None:
    assert b"\\u001b[31mred" in as_json(line("\x1b[31mred"))
