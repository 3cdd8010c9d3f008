"""One line of the table, how it is judged, and how the table is printed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEAD = ("what", "ours", "peer", "ratio", "target", "met")


@dataclass(frozen=True, slots=True)
class Row:
    """`met` is None for what could not be measured here; `what` says why."""

    what: str
    ours: str = ""
    peer: str = ""
    ratio: str = ""
    target: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        verdict = {True: "yes", False: "**no**", None: "not measured"}[self.met]
        return (self.what, self.ours, self.peer, self.ratio, self.target, verdict)


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that `share` of the values do not exceed (nearest rank). Raises ValueError for none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def ms(seconds: float) -> str:
    """
    >>> ms(0.0561)
    '56 ms'
    """
    return f"{seconds * 1000:.0f} ms" if abs(seconds) >= 0.00995 else f"{seconds * 1000:.1f} ms"


def table(rows: Sequence[Row]) -> str:
    """A Markdown table with its columns in line."""
    lines = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    texts = [f"| {' | '.join(cells)} |" for cells in padded]
    texts.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(texts)
