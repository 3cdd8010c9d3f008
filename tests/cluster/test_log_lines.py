"""Chunks to lines, and the sieve that a re-read passes: pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.logs import LINE_BYTES, Line, Resumer, Splitter

STAMP = b"2026-11-23T14:03:58.204512345Z"
NS = 1_795_442_638_204_512_345


def lines_of(data: bytes) -> list[Line]:
    return Splitter().feed(data)


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-11-23T14:03:58.204512345Z", NS),
        ("2026-11-23T14:03:58.2Z", 1_795_442_638_200_000_000),
        ("2026-11-23T14:03:58Z", 1_795_442_638_000_000_000),
        ("2026-11-23T15:03:58.204512345+01:00", NS),
    ],
)
def test_instants_keep_their_nanoseconds(stamp: str, expected: int) -> None:
    assert lines_of(stamp.encode() + b" x\n") == [Line(expected, "x")]


@pytest.mark.parametrize("odd", ["yesterday it rained", "2026-13-41T14:03:58Z no such day"])
def test_a_line_without_an_instant_keeps_its_text_and_takes_the_instant_before(odd: str) -> None:
    assert lines_of(STAMP + b" x\n" + odd.encode() + b"\n")[1] == Line(NS, odd)


def test_the_return_of_a_windows_line_end_is_no_text() -> None:
    assert lines_of(STAMP + b" x\r\n") == [Line(NS, "x")]


def test_a_line_longer_than_the_bound_is_cut_and_says_by_how_much() -> None:
    assert lines_of(STAMP + b" " + b"x" * (LINE_BYTES + 7) + b"\n") == [Line(NS, "x" * LINE_BYTES, 7)]


def test_a_mebibyte_without_an_end_is_held_only_up_to_the_bound() -> None:
    splitter = Splitter()
    assert list(splitter.feed(STAMP + b" ")) == []
    for _ in range(16):
        assert list(splitter.feed(b"y" * (1 << 16))) == []
    assert len(splitter._open) <= LINE_BYTES + 64
    (line,) = splitter.feed(b"\n")
    assert len(line.text) + line.cut == 1 << 20


def test_invalid_utf8_does_no_harm() -> None:
    (line,) = lines_of(STAMP + b" caf\xe9 \xff\xfe\n")
    assert line.text == "caf\ufffd \ufffd\ufffd"


def test_an_unfinished_line_waits_for_the_re_read() -> None:
    splitter = Splitter()
    assert list(splitter.feed(STAMP + b" half")) == []


@given(
    st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=20), max_size=20),
    st.data(),
)
def test_lines_do_not_depend_on_how_they_are_chunked(texts: list[str], data: st.DataObject) -> None:
    raw = b"".join(STAMP + b" " + text.encode() + b"\n" for text in texts)
    splitter, got, at = Splitter(), [], 0
    while at < len(raw):
        size = data.draw(st.integers(1, 40))
        got += [line.text for line in splitter.feed(raw[at : at + size])]
        at += size
    assert got == texts


@given(
    st.lists(st.tuples(st.integers(0, 8_000), st.sampled_from("ab")), max_size=120),
    st.lists(st.integers(0, 120), max_size=4),
)
def test_cuts_lose_and_double_nothing(raw: list[tuple[int, str]], cuts: list[int]) -> None:
    """A log with up to 8 s of lines, some alike; each re-read begins at the whole second that the API server knows."""
    log = [Line(NS + ms * 1_000_000, text) for ms, text in sorted(raw)]
    sieve, got, written = Resumer(), [], 0
    for end in [*sorted(min(cut, len(log)) for cut in cuts), len(log)]:
        since = sieve.since_ns()
        if since is None:
            again = log[:end]
        else:
            sieve.reopened()
            floor = since // 1_000_000_000 * 1_000_000_000
            again = [line for line in log[:end] if line.ns >= floor]
        got += list(sieve.fresh(again))
        written = end
    assert got == log[:written]
