"""The drawing of use over time: amounts and moments → coordinates and labels of one SVG. Pure.

What is drawn lies in a box 576 wide and 236 high, so that the page scales it; labels stand at the lines' ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import floor, log10
from typing import Any

from django.utils import timezone

from cluster.amounts import decimal

LEFT, RIGHT, TOP, BOTTOM = 34.0, 486.0, 16.0, 206.0
COLUMNS = 226
"""Spans that the line is made of: two units wide each."""
GAP = 2.5
"""Columns without a sample that break the line."""
LABEL = 13.5
"""Least distance of two labels at the right."""
LETTER = 6.2
"""About the width of a letter of 12 px."""


@dataclass(frozen=True, slots=True)
class Extra:
    """One more line across: `kind` is "wanted" (what is asked for) or "part" (what would be granted)."""

    kind: str
    amount: int
    words: str  # "requested", "your part"


@dataclass(frozen=True, slots=True)
class Series:
    """`points` are (at, seconds, most used, most reserved), oldest first, the last one now; `grants` (at, old, new)."""

    key: str
    name: str
    unit: str
    scale: int
    place: str
    begin: datetime
    end: datetime
    points: tuple[tuple[datetime, int, int, int], ...]
    limit: int
    grants: tuple[tuple[datetime, int, int], ...]
    releases: tuple[tuple[datetime, str], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """Words at a place; `kind` is the look (a class of the style sheet)."""

    x: float
    y: float
    words: str
    kind: str = ""
    anchor: str = "start"

    def rounded(self) -> Text:
        return replace(self, x=round(self.x, 1), y=round(self.y, 1))


@dataclass(frozen=True, slots=True)
class Chart:
    """All coordinates, and `days`, the figures behind it. `empty`: there are no samples yet."""

    key: str
    name: str
    unit: str
    words: str
    empty: bool
    title: str
    about: str
    grid: tuple[Text, ...]
    ticks: tuple[Text, ...]
    area: str
    used: str
    reserved: str
    granted: str
    lines: tuple[tuple[str, float], ...]
    labels: tuple[Text, ...]
    peak: Text | None
    peak_at: tuple[float, float]
    releases: tuple[Text, ...]
    changes: tuple[Text, ...]
    marks: tuple[tuple[datetime, str], ...]
    days: Sequence[Any]


def draw(series: Series, extras: Sequence[Extra] = (), days: Sequence[Any] = ()) -> Chart:
    """The chart of a series."""
    top = max(
        [series.limit, *(extra.amount for extra in extras), *(point[3] for point in series.points)]
        + [amount for grant in series.grants for amount in grant[1:]]
    )
    frame = _Frame(series, max(top, 1))
    columns = frame.columns()
    used = frame.runs(columns, 1)
    peak = max(series.points, key=lambda point: point[3])
    return Chart(
        key=series.key,
        name=series.name,
        unit=series.unit,
        words=_span(series),
        empty=len(series.points) < 2,
        title=f"{series.name} of {series.place}, {_day(series.begin)} to {_day(series.end)}",
        about=_about(series, extras, peak),
        grid=frame.grid(),
        ticks=frame.ticks(),
        area=" ".join(f"M{_path(run)}V{BOTTOM:g}H{run[0][0]:.1f}Z" for run in used),
        used=" ".join(f"M{_path(run)}" for run in used),
        reserved=" ".join(f"M{_steps(run)}" for run in frame.runs(columns, 2)),
        granted=frame.granted(),
        lines=tuple((extra.kind, frame.y(extra.amount)) for extra in extras),
        labels=_apart(frame.labels(extras)),
        peak=frame.peak(peak, extras) if peak[3] else None,
        peak_at=(frame.x(peak[0]), frame.y(peak[3])),
        releases=frame.releases(),
        changes=frame.changes(),
        marks=tuple(sorted(_marks(series), reverse=True)),
        days=days,
    )


class _Frame:
    """Where moments and amounts lie."""

    def __init__(self, series: Series, top: int) -> None:
        self._series = series
        self._top = top
        self._whole = max((series.end - series.begin).total_seconds(), 1)

    def _say(self, amount: int) -> str:
        return decimal(amount / self._series.scale)

    def x(self, at: datetime) -> float:
        share = (at - self._series.begin).total_seconds() / self._whole
        return round(LEFT + (RIGHT - LEFT) * min(max(share, 0), 1), 1)

    def y(self, amount: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * amount / self._top, 1)

    def columns(self) -> list[tuple[float, int, int]]:
        """(x, most used, most reserved) of each span that has samples; what stands now is the last."""
        width = self._whole / COLUMNS
        found: dict[int, tuple[float, int, int]] = {}
        for at, seconds, used, reserved in self._series.points[:-1]:
            middle = at + timedelta(seconds=seconds / 2)
            column = min(int((middle - self._series.begin).total_seconds() / width), COLUMNS - 1)
            before = found.get(column, (0.0, 0, 0))
            x = LEFT + (RIGHT - LEFT) * (max(column, 0) + 0.5) / COLUMNS
            found[column] = (x, max(before[1], used), max(before[2], reserved))
        _, _, used, reserved = self._series.points[-1]
        return [*(found[column] for column in sorted(found)), (RIGHT, used, reserved)]

    def runs(self, columns: list[tuple[float, int, int]], value: int) -> list[list[tuple[float, float]]]:
        """Lines without a gap: where nobody looked, nothing is drawn. A coarse sample reaches as far as its span."""
        coarse = max((seconds for _, seconds, _, _ in self._series.points), default=0)
        widest = max(GAP * (RIGHT - LEFT) / COLUMNS, 1.5 * (RIGHT - LEFT) * coarse / self._whole)
        runs = [[columns[0]]]
        for before, after in pairwise(columns):
            if after[0] - before[0] > widest:
                runs.append([])
            runs[-1].append(after)
        return [[(column[0], self.y(column[value])) for column in run] for run in runs]

    def granted(self) -> str:
        """The limit as the ledger has it; before the first grant of all there was none."""
        series = self._series
        first = series.grants[0][1] if series.grants else series.limit
        path = f"M{LEFT:g} {self.y(first):.1f}" if first else ""
        for at, _, new in series.grants:
            x, y = self.x(at), self.y(new)
            path += f"H{x:.1f}V{y:.1f}" if path else f"M{x:.1f} {y:.1f}"
        return f"{path}H{RIGHT:g}" if path else ""

    def grid(self) -> tuple[Text, ...]:
        step = _step(self._top / self._series.scale)
        amounts = [step * n for n in range(int(self._top / self._series.scale / step + 1e-9) + 1)]
        return tuple(
            Text(LEFT - 8, self.y(amount * self._series.scale), decimal(amount), "grid" if amount else "axis")
            for amount in amounts
        )

    def ticks(self) -> tuple[Text, ...]:
        series, middle = self._series, self._series.begin + timedelta(seconds=self._whole / 2)
        short = self._whole < 3 * 86400
        say = _moment if short else _day
        return (
            Text(LEFT, 224, say(series.begin), anchor="start"),
            Text(round((LEFT + RIGHT) / 2), 224, say(middle), anchor="middle"),
            Text(RIGHT, 224, "now" if short else _day(series.end), anchor="end"),
        )

    def labels(self, extras: Sequence[Extra]) -> list[Text]:
        series = self._series
        _, _, used, reserved = series.points[-1]
        said = [(extra.amount, extra.words, {"wanted": "t-accent", "part": "t-ok"}[extra.kind]) for extra in extras]
        said += [(series.limit, "granted", "t-text"), (reserved, "reserved", ""), (used, "used", "")]
        return [
            Text(RIGHT + 8, round(self.y(amount) + 4, 1), f"{decimal(amount / series.scale)} {words}", kind)
            for amount, words, kind in said
        ]

    def peak(self, point: tuple[datetime, int, int, int], extras: Sequence[Extra]) -> Text:
        """Above its mark; where a line would cross the words, above that line, else below the mark."""
        x, y, words = self.x(point[0]), self.y(point[3]), f"peak {self._say(point[3])}, {_moment(point[0])}"
        series, half = self._series, len(words) * LETTER / 2
        amounts = [series.limit, *(extra.amount for extra in extras), *(grant[2] for grant in series.grants)]
        across = [self.y(amount) for amount in amounts]
        ways = [y - 10, *(line - 6 for line in sorted(across, reverse=True) if line < y), y + 20]
        free = (way for way in ways if way >= 10 and not any(way - 12 < line < way + 3 for line in across))
        return Text(min(max(x, LEFT + half), RIGHT - half), next(free, y + 20), words, anchor="middle").rounded()

    def releases(self) -> tuple[Text, ...]:
        """All have their stroke; those have words that find room, from the newest on."""
        found, free = [], RIGHT
        for at, words in reversed(self._series.releases):
            x, short = self.x(at), words if len(words) <= 18 else f"{words[:17]}…"
            room = x + 5 + len(short) * LETTER <= free
            found.append(Text(x, 196, short if room else ""))
            free = x - 6 if room else min(free, x - 6)
        return tuple(reversed(found))

    def changes(self) -> tuple[Text, ...]:
        """Changes of the quota, where they meet the line of what is granted."""
        return tuple(
            Text(self.x(at), self.y(new), f"{decimal(old / self._series.scale)} → {decimal(new / self._series.scale)}")
            for at, old, new in self._series.grants
            if old
        )


def _apart(labels: list[Text]) -> tuple[Text, ...]:
    """Labels that would cover each other are moved apart, in the order of their lines."""
    placed: list[Text] = []
    for label in sorted(labels, key=lambda label: label.y):
        y = round(max(label.y, placed[-1].y + LABEL), 1) if placed else label.y
        placed.append(Text(label.x, y, label.words, label.kind))
    over = max(0.0, placed[-1].y - BOTTOM - 4)
    lowest = BOTTOM + 4 + LABEL
    for at in range(len(placed) - 1, -1, -1) if over else ():
        label = placed[at]
        lowest = round(min(label.y, lowest - LABEL), 1)
        placed[at] = Text(label.x, lowest, label.words, label.kind)
    return tuple(placed)


def _marks(series: Series) -> list[tuple[datetime, str]]:
    grants = [
        (at, f"Quota {decimal(old / series.scale)} → {decimal(new / series.scale)} {series.unit}".rstrip())
        for at, old, new in series.grants
    ]
    return [*grants, *((at, f"Release {words}") for at, words in series.releases)]


def _about(series: Series, extras: Sequence[Extra], peak: tuple[datetime, int, int, int]) -> str:
    """What the chart shows, in sentences."""

    def say(amount: int) -> str:
        return f"{decimal(amount / series.scale)} {series.unit}".rstrip()

    used, reserved = [point[2] for point in series.points], [point[3] for point in series.points]
    sentences = [
        f"Used between {say(min(used))} and {say(max(used))}, reserved between {say(min(reserved))} and "
        f"{say(max(reserved))}.",
        f"The peak of {say(peak[3])} was on {_moment(peak[0])}." if peak[3] else "",
        f"Granted is {say(series.limit)}.",
        *(f"{say(extra.amount)} {extra.words}." for extra in extras),
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _step(top: float) -> float:
    """The distance of the grid's lines: at most five of them, at 1, 2 or 5 times a power of ten."""
    size = 10.0 ** floor(log10(top))
    return next(step for step in (size / 5, size / 2, size, size * 2, size * 5) if top / step <= 5)


def _path(run: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f} {y:.1f}" for x, y in run)


def _steps(run: list[tuple[float, float]]) -> str:
    path = f"{run[0][0]:.1f} {run[0][1]:.1f}"
    for x, y in run[1:]:
        path += f"H{x:.1f}V{y:.1f}"
    return path


def _span(series: Series) -> str:
    days = round((series.end - series.begin).total_seconds() / 86400)
    return {14: "last two weeks", 1: "last day"}.get(days, f"last {days} days")


def _day(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local.day} {local:%b}"


def _moment(at: datetime) -> str:
    return f"{_day(at)} {timezone.localtime(at):%H:%M}"
