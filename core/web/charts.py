"""Charts: what the page hands to the chart module, as data and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

__all__ = ["Candle", "Chart", "Line", "Marker", "Series", "levels_of", "series_of"]

Point = tuple[int, Decimal | float | int]
"""Epoch milliseconds and a value."""
Candle = tuple[int, Decimal | float, Decimal | float, Decimal | float, Decimal | float]
"""Epoch milliseconds, open, high, low, close."""


@dataclass(frozen=True)
class Series:
    """A line, an area, a histogram (points) or candles. ``tone`` is ``primary``, ``muted``, ``up`` or ``down``."""

    points: Sequence[Sequence[Any]]
    kind: str = "area"
    name: str = ""
    tone: str = "primary"


@dataclass(frozen=True)
class Line:
    """A horizontal line at a price, such as an order of a bot. With a ``label`` it is named on the price axis."""

    price: Decimal | float
    tone: str = "muted"
    label: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class Marker:
    """Something that happened at a moment of the first series, such as a fill: an arrow up below it, or down above it."""

    ts_ms: int
    up: bool
    text: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart to be drawn by ``ui.chart``. ``digits`` are the decimals of the value axis, ``source`` an address of more data

    (JSON as in :meth:`payload`), ``live`` the symbol whose quotes move the last candle, which is ``step_s`` seconds long.
    """

    id: str
    series: Sequence[Series]
    label: str
    digits: int = 2
    height: int = 260
    unit: str = ""
    source: str = ""
    live: str = ""
    baseline: Decimal | float | None = None
    step_s: int = 60
    levels: Sequence[Line] = ()
    """All of them stay in sight. An element with ``data-chart-levels`` (the chart's id) and ``data-levels`` (as
    :func:`levels_of` writes them) that a fragment brings replaces them."""
    markers: Sequence[Marker] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw yet, nor an address to get it from."""
        return not self.source and not any(item.points for item in self.series)

    def payload(self) -> str:
        """JSON for the chart module; times in whole seconds, increasing, one point for each."""
        data = {
            "digits": self.digits,
            "unit": self.unit,
            "live": self.live,
            "baseline": None if self.baseline is None else float(self.baseline),
            "step": self.step_s,
            "levels": _levels(self.levels),
            "markers": [[mark.ts_ms // 1000, mark.up, mark.text] for mark in sorted(self.markers, key=_moment)],
            "series": [series_of(item) for item in self.series],
        }
        # Kept out of reach of the HTML parser: the text goes into a script element of type application/json.
        return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def levels_of(lines: Sequence[Line]) -> str:
    """Lines as JSON for ``data-levels``."""
    return json.dumps(_levels(lines), separators=(",", ":"))


def _levels(lines: Sequence[Line]) -> list[list[Any]]:
    return [[float(line.price), line.tone, str(line.label), line.dashed] for line in lines]


def _moment(mark: Marker) -> int:
    return mark.ts_ms


def series_of(item: Series) -> dict[str, Any]:
    """A series as the chart module reads it. Of several points within one second the last stands."""
    by_second = {int(point[0]) // 1000: [float(value) for value in point[1:]] for point in _ordered(item.points)}
    return {
        "kind": item.kind,
        "name": item.name,
        "tone": item.tone,
        "points": [[second, *values] for second, values in by_second.items()],
    }


def _ordered(points: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
    return sorted(points, key=lambda point: int(point[0]))
