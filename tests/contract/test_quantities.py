"""Quantities as the API server reads them: each value that it takes is ours, and what it refuses we refuse.

One object carries hundreds of them. A ResourceQuota takes any amount for a resource that it does not know, rounded up
to a thousandth; it answers most of them as they were spelled, and in its canonical form those that it computed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from fractions import Fraction

import pytest

from cluster import quantities

from . import manifests
from .api import Answer, Api, path

SUFFIXES = ("", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
SPELLED = (
    "500m", "1.5Gi", "1e3", "1E3", "0.1", "1E", "12e6", "100n", "+1", ".5", "1.", "0", "0Ki", "0e5", "-0", "00100",
    "1e-3", "1e-9", "0.1n", "0.0000000001", "1e19", "1e100", "8Ei", "16Ei", "0.1Gi", "0.5Ki", "0.001Ki", "1000Ki",
    "1024", "1.5e1", "1234567e1", "9223372036854775807", "9223372036854775808", "+.5Mi", "1.0000000000000000000001",
    "5.E", "3.e2", "2E+3",
    "123456789012345678901234567890", "0.999999999999", "1.999Ki", "7u", "1e+2", "4E-1", "Gi", "e3", "1Gi ", " 1", "k",
    ".", "+", "-", ".Gi", "+.e5",
)  # fmt: skip
NONE = (
    "", " ", "1 Gi", "1gi", "1KI", "1K", "1kI", "--1", "+-1", "1e", "1E+", "0x1", "1.2.3", "NaN", "Inf", "i", "\u00a01",
    "1,5", "1_000", "1m1", "1Mib", "1MB", "1e1.5", "1ee3", "1Ee3", "1mm", "1Gie3", "1e3k", "½", "1i", "m1", "1\n", "..",
)  # fmt: skip
NEGATIVE = ("-1", "-500m", "-1.5Gi", "-1e3", "-.5")


def generated(count: int) -> list[str]:
    """Numbers of all lengths and forms with all suffixes, the same in each run."""
    chance = random.Random(37)
    made = []
    for _ in range(count):
        whole = str(chance.randrange(10 ** chance.randint(0, 15)))
        digits = "".join(chance.choices("0123456789", k=chance.choice((0, 0, 1, 2, 3, 6, 9, 12))))
        number = chance.choice((whole, f"{whole}.{digits}", f"0{whole}")) if digits else whole
        suffix = (
            chance.choice(SUFFIXES) if chance.random() < 0.75 else f"{chance.choice('eE')}{chance.randint(-12, 18)}"
        )
        made.append(chance.choice(("", "", "+")) + number + suffix)
    return made


def asked(api: Api, space: str, amounts: Iterable[str]) -> Answer:
    """A quota with each of the amounts, not kept: `requests.n.example/r7` is the seventh."""
    hard = {f"requests.n.example/r{number}": amount for number, amount in enumerate(amounts)}
    return api.post(path("resourcequotas", space), manifests.quota(space, "amounts", **hard), dryRun="All")


def answered(api: Api, space: str, amounts: list[str]) -> list[str]:
    hard = asked(api, space, amounts).ok()["spec"]["hard"]
    return [hard[f"requests.n.example/r{number}"] for number in range(len(amounts))]


def in_a_list(value: Fraction) -> Fraction:
    """As lists of resources hold it: no finer than a thousandth."""
    return Fraction(math.ceil(value * 1000), 1000)


def test_every_amount_has_the_value_that_the_server_gives_it(api: Api, space: str) -> None:
    amounts = [*SPELLED, *generated(500)]
    wrong = [
        (amount, text)
        for amount, text in zip(amounts, answered(api, space, amounts), strict=True)
        if in_a_list(quantities.parse(amount)) != quantities.parse(text)
    ]
    assert wrong == []


def test_amounts_are_written_as_the_server_writes_what_it_computed(api: Api, space: str) -> None:
    """So many decimals, or any with a binary suffix, make it compute."""
    chance = random.Random(37)
    counts = [chance.randrange(10 ** chance.randint(1, 15)) for _ in range(100)] + [0, 1, 1000, 10**6, 1500, 10**15]
    sizes = [chance.randrange(1, 1 << chance.randint(1, 40)) * 1024 for _ in range(100)] + [
        1024,
        1 << 20,
        3 << 29,
        1 << 40,
    ]
    zeros = "0" * 20
    asked_for = [f"{count}.{zeros}" for count in counts] + [f"{count}.{zeros}m" for count in counts]
    ours = [quantities.count(count) for count in counts] + [quantities.cpu(count) for count in counts]
    asked_for += [f"{size // 1024}.0Ki" for size in sizes]
    ours += [quantities.size(size) for size in sizes]
    assert ours == answered(api, space, asked_for)


@pytest.mark.parametrize("amount", NONE)
def test_what_the_server_calls_no_quantity_is_none_to_us(api: Api, space: str, amount: str) -> None:
    answer = asked(api, space, [amount])
    assert (answer.status, answer.reason) == (400, "BadRequest")
    with pytest.raises(ValueError, match="not a quantity"):
        quantities.parse(amount)


@pytest.mark.parametrize("amount", NEGATIVE)
def test_a_negative_amount_is_a_quantity_and_no_limit(api: Api, space: str, amount: str) -> None:
    answer = asked(api, space, [amount])
    assert answer.status == 422
    assert quantities.parse(amount) < 0


def test_of_two_amounts_the_server_calls_the_same_one_larger(api: Api, space: str) -> None:
    """A container's request may not be over its limit: one pod asks for two hundred pairs."""
    chance = random.Random(7)
    whole = [text for text in [*SPELLED, *generated(300)] if 1 <= quantities.parse(text) < 1 << 60]
    pairs = [(chance.choice(whole), chance.choice(whole)) for _ in range(150)]
    pairs += [("1Ki", "1024"), ("1024", "1Ki"), ("1e3", "1k"), ("1000.001", "1e3"), ("1k", "1Ki"), ("1.5Gi", "1536Mi")]
    containers = [
        {**manifests.container(requests={"memory": one}, limits={"memory": other}), "name": f"c{number}"}
        for number, (one, other) in enumerate(pairs)
    ]
    answer = api.post(path("pods", space), manifests.pod(space, "pairs", containers=containers), dryRun="All")
    refused = {field for field, _ in answer.causes if field.endswith("resources.requests")}
    ours = {
        f"spec.containers[{number}].resources.requests"
        for number, (one, other) in enumerate(pairs)
        if in_a_list(quantities.parse(one)) > in_a_list(quantities.parse(other))
    }
    assert answer.status == 422
    assert len(ours) > 40
    assert refused == ours
