"""How pages call resources and write their amounts: each in one way."""

from __future__ import annotations

import pytest

from tenants.rules.resources import change, figure, heading, moved

GIB = 1 << 30


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        ("cpu", "CPU"),
        ("memory", "Memory"),
        ("claims", "Volumes"),
        ("storage:fast", "Storage of class fast"),
        ("nvidia.com/gpu", "nvidia.com/gpu"),
    ],
)
def test_heading_is_a_capital_but_for_the_names_of_nodes(resource: str, words: str) -> None:
    assert heading(resource) == words


@pytest.mark.parametrize(
    ("resource", "amount", "words"),
    [
        ("cpu", 4250, "4.25 cores"),
        ("cpu", 1000, "1 core"),
        ("memory", GIB // 2, "0.5 GiB"),
        ("pods", 60, "60"),
        ("nvidia.com/gpu", 2, "2"),
    ],
)
def test_figure_is_in_the_unit_of_its_column(resource: str, amount: int, words: str) -> None:
    assert figure(resource, amount) == words


def test_a_limit_and_the_next_have_one_unit() -> None:
    assert moved("storage", 24 * GIB, GIB // 2) == "24 → 0.5 GiB"


@pytest.mark.parametrize(
    ("old", "new", "words"), [(24, 40, "+67%"), (40, 24, "-40%"), (24, 24, "same"), (0, 16, "new")]
)
def test_change_is_a_share_of_what_was_there(old: int, new: int, words: str) -> None:
    assert change(old, new) == words
