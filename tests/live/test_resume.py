"""Resume tokens: nothing that was shown comes again, nothing that was not shown is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tenants.live.logs.resume import WINDOW, Token, checksum, unseen
from tenants.live.logs.ring import Entry


def token(entries: list[Entry]) -> Token:
    return Token("s", [(str(e.ns), checksum(e)) for e in entries[-WINDOW:]])


def test_lines_after_the_token_are_unseen() -> None:
    lines = [Entry(n, f"line {n}") for n in range(10)]
    assert list(unseen(lines, token(lines[:4]))) == lines[4:]


def test_equal_lines_at_one_instant_are_told_apart_by_number() -> None:
    twice = [Entry(5, "same"), Entry(5, "same"), Entry(5, "same")]
    assert list(unseen(twice, token(twice[:2]))) == twice[2:]


def test_a_line_that_was_written_late_with_an_earlier_instant_is_not_lost() -> None:
    seen = [Entry(10, "stdout"), Entry(12, "stdout")]
    late = Entry(11, "stderr")
    assert list(unseen([seen[0], late, seen[1]], token(seen))) == [late]


def test_an_empty_token_has_seen_nothing() -> None:
    lines = [Entry(1, "a")]
    assert list(unseen(lines, Token("s", []))) == lines


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from("ab")), max_size=80), st.integers(0, 80))
def test_every_line_is_shown_exactly_once(raw: list[tuple[int, str]], at: int) -> None:
    lines = [Entry(ns, text) for ns, text in sorted(raw)]
    shown = lines[:at]
    assert shown + list(unseen(lines, token(shown))) == lines or len(shown) > WINDOW
