"""Quantities: written as kubectl prints them, read exactly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import quantities


@pytest.mark.parametrize(
    ("millicores", "text"), [(0, "0"), (1, "1m"), (250, "250m"), (1000, "1"), (1500, "1500m"), (2_000_000, "2k")]
)
def test_cpu_is_written_as_kubernetes_writes_it(millicores: int, text: str) -> None:
    assert quantities.cpu(millicores) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0"),
        (1, "1"),
        (1000, "1k"),
        (1024, "1Ki"),
        (1536, "1536"),
        (1024**2 * 512, "512Mi"),
        (1024**3, "1Gi"),
        (1024**3 * 3 // 2, "1536Mi"),
        (1024**6, "1Ei"),
        (1_500_000_000, "1500M"),
    ],
)
def test_sizes_are_written_as_kubernetes_writes_them(amount: int, text: str) -> None:
    assert quantities.size(amount) == text


@given(st.integers(0, 2**63 - 1))
def test_cpu_is_read_back_exactly(millicores: int) -> None:
    assert quantities.parse_cpu(quantities.cpu(millicores)) == millicores


@given(st.integers(0, 2**63 - 1))
def test_sizes_are_read_back_exactly(amount: int) -> None:
    assert quantities.parse_size(quantities.size(amount)) == amount


@given(st.integers(0, 2**63 - 1))
def test_counts_are_read_back_exactly(number: int) -> None:
    assert quantities.parse_size(quantities.count(number)) == number


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5Gi", 3 * 1024**3 // 2),
        ("0.1", Fraction(1, 10)),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("-3", -3),
        ("+2k", 2000),
        ("1e3", 1000),
        ("1E3", 1000),
        ("12e-1", Fraction(6, 5)),
        ("1E", 10**18),
        ("100n", Fraction(1, 10**7)),
        ("7u", Fraction(7, 10**6)),
        (3, 3),
    ],
)
def test_every_spelling_of_a_quantity_is_read(text: str | int, value: Fraction | int) -> None:
    assert quantities.parse(text) == value


@pytest.mark.parametrize("text", ["", "1 Gi", "1gi", "1KI", "1K", "--1", "1e", "0x1", "1.2.3", "١", "1Gi\n", "NaN"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        quantities.parse(text)


def test_reading_rounds_up_as_the_scheduler_does() -> None:
    assert quantities.parse_cpu("0.1m") == 1
    assert quantities.parse_size("1500m") == 2
