"""Resource quantities as k8s.io/apimachinery/pkg/api/resource reads and writes them."""

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil

_SYNTAX = re.compile(r" *(?=\S)([+-]?\d*\.?\d*)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)? *")
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -3, "u": -2, "m": -1, "": 0, "k": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}
_BINARY_NAMES = {power: name for name, power in _BINARY.items()}
_DECIMAL_NAMES = {power: name for name, power in _DECIMAL.items()}

_MOST = Fraction(2**63 - 1)
SYNTAX_ERROR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


@lru_cache(maxsize=4096)
def parse(text: str | int | float) -> Fraction:
    """The amount. Raises ValueError with the API server's own words."""
    return _split(text)[0]


@lru_cache(maxsize=4096)
def canonical(text: str | int | float) -> str:
    """The one spelling the API server answers with: `0.5` → `500m`, `1024Mi` → `1Gi`. Raises ValueError.

    Rounded away from zero to a thousandth, as lists of resources are.
    """
    amount, style = _split(text)
    thousandths = ceil(abs(amount) * 1000)
    return write(Fraction(thousandths if amount >= 0 else -thousandths, 1000), style)


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
    digits = match[1] if match[1].strip("+-.") else "0"  # a suffix or a sign alone
    number, suffix = Fraction(digits), match[2] or ""
    if suffix in _BINARY:
        return min(number * 1024 ** _BINARY[suffix], _MOST), "binary"
    if suffix in _DECIMAL:
        return number * Fraction(1000) ** _DECIMAL[suffix], "decimal"
    return number * Fraction(10) ** int(suffix[1:]), "exponent"
