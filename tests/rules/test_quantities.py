"""Amounts as people type them, and as they are said to people."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import amounts
from tenants import rules
from tenants.rules import Broken
from tenants.selectors import quota

GIB, MIB = 1 << 30, 1 << 20


@pytest.mark.parametrize(
    ("typed", "millicores"),
    [("0.25", 250), ("250m", 250), ("1", 1000), (".5", 500), ("2 cores", 2000), ("1 core", 1000), (2, 2000),
     (0.5, 500), ("0.0001", 1), ("1.5 CPU", 1500)],
)  # fmt: skip
def test_cpu_as_people_type_it(typed: str | float, millicores: int) -> None:
    assert rules.cpu(typed) == millicores


@pytest.mark.parametrize("typed", ["", "0", "0m", "-1", "1e3", "many", "257", "1 GiB", "nan", "inf", True])
def test_cpu_that_is_none(typed: str) -> None:
    with pytest.raises(Broken):
        rules.cpu(typed)


@pytest.mark.parametrize(
    ("typed", "size"),
    [("512 MiB", 512 * MIB), ("1.5Gi", 3 * GIB // 2), ("2 GiB", 2 * GIB), ("2GB", 2 * 10**9), ("8192 Ki", 8 * MIB),
     ("64M", 64 * 10**6), ("1gib", GIB), (64 * MIB, 64 * MIB), ("0.5 GiB", 512 * MIB), ("67108864 bytes", 64 * MIB)],
)  # fmt: skip
def test_memory_as_people_type_it(typed: str | int, size: int) -> None:
    assert rules.memory(typed) == size


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("512", "512 MiB or 512 GiB?"),
        ("512m", "write 512 MiB"),
        ("1,5 GiB", "1.5 GiB"),
        ("12 parsec", "unknown"),
        ("1 MiB", "From 4 MiB"),
        ("", "number and a unit"),
        ("-1 GiB", "number and a unit"),
        ("1e999 GiB", "number and a unit"),
    ],
)
def test_memory_error_says_what_to_do(typed: str, says: str) -> None:
    with pytest.raises(Broken, match=re.escape(says)):
        rules.memory(typed)


@given(st.integers(1, 256_000))
def test_cpu_is_read_back_as_it_is_said(millicores: int) -> None:
    assert rules.cpu(rules.say_cpu(millicores)) == millicores


@given(
    st.integers(4 * MIB, 4 << 40)
    | st.integers(1, 4096).map(lambda n: n * GIB)
    | st.integers(4, 9999).map(lambda n: n * MIB)
)
def test_memory_is_read_back_as_it_is_said(size: int) -> None:
    assert rules.memory(rules.say_bytes(size)) == size


@pytest.mark.parametrize(
    ("resource", "amount", "said"),
    [("cpu", 250, "0.25"), ("cpu", 1250, "1.25"), ("memory", 17 * GIB // 4, "4.25"), ("cpu", 2500, "2.5"),
     ("cpu", 20_000, "20"), ("storage", 0, "0"), ("pods", 10, "10")],
)  # fmt: skip
def test_a_quota_shows_two_decimals_and_no_zeros_after_them(resource: str, amount: int, said: str) -> None:
    assert quota.number(resource, amount) == said


def test_a_rounded_number_below_nothing_is_nothing() -> None:
    assert amounts.decimal(-0.001) == "0"
