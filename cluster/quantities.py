"""Kubernetes quantities: integers to canonical text (as kubectl prints them) and text back to exact numbers.

Pure. The rules are those of apimachinery's `resource.Quantity`: a canonical quantity has no fraction, the
largest suffix that allows it, and keeps its family of suffixes (binary `Ki` or decimal `k`).
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

_BINARY = ("Ei", "Pi", "Ti", "Gi", "Mi", "Ki")
_DECIMAL = ("E", "P", "T", "G", "M", "k")
_SUFFIXES: dict[str, Fraction] = {
    "": Fraction(1),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    **{suffix: Fraction(1024 ** (6 - index)) for index, suffix in enumerate(_BINARY)},
    **{suffix: Fraction(1000 ** (6 - index)) for index, suffix in enumerate(_DECIMAL)},
}
_FINEST = 10**9
_MOST = 2**63 - 1
_FORM = re.compile(r" *(?=\S)([+-]?)(\d*\.?\d*)(?:([eE][+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i)?) *", re.ASCII)


def cpu(millicores: int) -> str:
    """CPU as Kubernetes writes it.

    >>> cpu(250), cpu(2000)
    ('250m', '2')
    """
    if millicores % 1000:
        return f"{millicores}m"
    return count(millicores // 1000)


def size(amount: int) -> str:
    """Memory or storage, in bytes: binary suffixes where they fit without a rest, else decimal ones.

    >>> size(512 * 1024**2), size(1536 * 1024**2), size(1_500_000_000)
    ('512Mi', '1536Mi', '1500M')
    """
    if 0 < amount <= _MOST and amount % 1024 == 0:
        return _with_suffix(amount, _BINARY, 1024)
    return count(amount)


def count(number: int) -> str:
    """A count with decimal suffixes.

    >>> count(12), count(3000)
    ('12', '3k')
    """
    return _with_suffix(number, _DECIMAL, 1000)


def parse(text: str | int) -> Fraction:
    """The value of a quantity: cores, bytes or a count. Raises ValueError when it is none.

    As the API server takes it: rounded away from zero to a billionth, with a binary suffix at most 2**63 - 1, spaces
    around it left out, and a suffix or a sign alone is 0.

    >>> parse("250m"), parse("1Gi"), parse("1e3"), parse("0.1n") == parse("1n"), parse("8Ei") == 2**63 - 1
    (Fraction(1, 4), Fraction(1073741824, 1), Fraction(1000, 1), True, True)
    """
    found = _FORM.fullmatch(str(text))
    if not found:
        raise ValueError(f"not a quantity: {str(text)[:40]!r}")
    sign, digits, exponent, suffix = found.groups()
    value = Fraction(digits if digits.strip(".") else 0) * _SUFFIXES[suffix or ""]
    if exponent:
        value *= Fraction(10) ** int(exponent[1:])
    value = Fraction(math.ceil(value * _FINEST), _FINEST)
    if suffix in _BINARY:
        value = min(value, Fraction(_MOST))
    return -value if sign == "-" else value


def parse_cpu(text: str | int) -> int:
    """Millicores of a quantity, rounded up as the scheduler does. Raises ValueError."""
    return -(-parse(text) * 1000 // 1)


def parse_size(text: str | int) -> int:
    """Bytes (or a plain count) of a quantity, rounded up. Raises ValueError."""
    return -(-parse(text) // 1)


def _with_suffix(amount: int, suffixes: tuple[str, ...], base: int) -> str:
    for index, suffix in enumerate(suffixes):
        unit = base ** (len(suffixes) - index)
        if amount and amount % unit == 0:
            return f"{amount // unit}{suffix}"
    return str(amount)
