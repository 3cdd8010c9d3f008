"""The ring: encoded once, bounded, and every line is either delivered or said to be skipped."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from tenants.live.logs.ring import FRAME, Entry, Ring


def fill(ring: Ring, count: int, *, start: int = 0, text: str = "line") -> None:
    for number in range(start, start + count):
        ring.append(Entry(number, f"{text} {number}"))


def read_all(ring: Ring, cursor: int) -> tuple[list[str], int, int]:
    """(texts delivered, lines skipped, the last cursor)."""
    texts: list[str] = []
    skipped = 0
    while (chunk := ring.read(cursor)) is not None:
        texts += [line[1] for line in json.loads(chunk.frame)["lines"]]
        skipped += chunk.skipped
        cursor = chunk.cursor
    return texts, skipped, cursor


def test_open_lines_are_not_read_before_they_are_sealed() -> None:
    ring = Ring("s")
    fill(ring, 3)
    assert ring.read(0) is None
    ring.seal()
    assert read_all(ring, 0)[0] == ["line 0", "line 1", "line 2"]


def test_all_viewers_get_the_same_string() -> None:
    ring = Ring("s")
    fill(ring, 3)
    ring.seal()
    first, second = ring.read(0), ring.read(0)
    assert first is not None
    assert second is not None
    assert first.frame is second.frame


def test_a_cursor_inside_a_block_gets_the_rest_of_it() -> None:
    ring = Ring("s")
    fill(ring, 5)
    ring.seal()
    assert read_all(ring, 3)[0] == ["line 3", "line 4"]


def test_a_lapped_cursor_is_told_what_it_missed() -> None:
    ring = Ring("s", lines=10)
    for round_ in range(10):
        fill(ring, 5, start=round_ * 5)
        ring.seal()
    chunk = ring.read(0)
    assert chunk is not None
    assert (chunk.skipped, chunk.skipped_to) == (40, 39)


def test_no_frame_is_larger_than_its_bound() -> None:
    ring = Ring("s", size=10 * FRAME)
    fill(ring, 2000, text="x" * 100)
    ring.seal()
    cursor, sizes = 0, []
    while (chunk := ring.read(cursor)) is not None:
        sizes.append(len(chunk.frame))
        cursor = chunk.cursor
    assert len(sizes) > 1
    assert max(sizes) <= FRAME * 1.1


def test_memory_is_bounded_by_bytes_too() -> None:
    ring = Ring("s", size=10_000)
    for number in range(100):
        ring.append(Entry(number, "y" * 1000))
        ring.seal()
    assert sum(len(entry.text) for entry in ring.entries()) <= 11_000


@given(
    st.lists(st.tuples(st.sampled_from(["append", "seal", "read"]), st.integers(1, 30)), max_size=60),
    st.integers(1, 40),
)
def test_delivered_and_skipped_make_up_what_was_produced(steps: list[tuple[str, int]], bound: int) -> None:
    ring = Ring("s", lines=bound)
    cursor = delivered = skipped = 0
    for step, count in steps:
        if step == "append":
            fill(ring, count, start=ring.produced)
        elif step == "seal":
            ring.seal()
        else:
            texts, missed, cursor = read_all(ring, cursor)
            delivered, skipped = delivered + len(texts), skipped + missed
    ring.seal()
    texts, missed, cursor = read_all(ring, cursor)
    assert delivered + len(texts) + skipped + missed == ring.produced == cursor
