"""Resource quantities as k8s.io/apimachinery/pkg/api/resource reads and writes them."""

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil

_SYNTAX = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?")
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_BINARY_NAMES = {power: name for name, power in _BINARY.items()}
_DECIMAL_NAMES = {power: name for name, power in _DECIMAL.items()}

SYNTAX_ERROR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


@lru_cache(maxsize=4096)
def parse(text: str | int | float) -> Fraction:
    """The amount. Raises ValueError with the API server's own words."""
    return _split(text)[0]


@lru_cache(maxsize=4096)
def canonical(text: str | int | float) -> str:
    """The one spelling the API server answers with: `0.5` → `500m`, `1024Mi` → `1Gi`. Raises ValueError."""
    amount, style = _split(text)
    return write(amount, style)


def write(amount: Fraction, style: str) -> str:
    """`style` is binary, decimal or exponent."""
    amount = Fraction(ceil(amount * 10**9), 10**9) if amount >= 0 else -Fraction(ceil(-amount * 10**9), 10**9)
    if amount == 0:
        return "0"
    if style == "binary" and abs(amount) >= 1024 and amount.denominator == 1:
        power = 0
        while power < 6 and amount % 1024 == 0:
            amount, power = amount / 1024, power + 1
        return f"{amount.numerator}{_BINARY_NAMES.get(power, '')}"
    power = 0
    while amount.denominator != 1:
        amount, power = amount * 1000, power - 1
    while power < 6 and amount % 1000 == 0:
        amount, power = amount / 1000, power + 1
    if style == "exponent":
        return f"{amount.numerator}e{power * 3}" if power else str(amount.numerator)
    return f"{amount.numerator}{_DECIMAL_NAMES[power]}"


@lru_cache(maxsize=4096)
def style(text: str | int | float) -> str:
    """How a quantity was spelled: sums keep the first one's style."""
    return _split(text)[1]


def _split(text: str | int | float) -> tuple[Fraction, str]:
    match = _SYNTAX.fullmatch(str(text))
    if match is None:
        raise ValueError(SYNTAX_ERROR)
    number, suffix = Fraction(match[1]), match[2] or ""
    if suffix in _BINARY:
        return number * 1024 ** _BINARY[suffix], "binary"
    if suffix in _DECIMAL:
        return number * Fraction(1000) ** _DECIMAL[suffix], "decimal"
    return number * Fraction(10) ** int(suffix[1:]), "exponent"
