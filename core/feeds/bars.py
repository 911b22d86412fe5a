"""How bars become quotes.

A bar tells four prices and not when they were traded, so the path is an agreement:

* ``close``: one quote for each bar, its close, at the bar's own time.
* ``ohlc``: four quotes, a quarter of the bar's length apart: open, then the extreme that lies away from the close,
  then the other, then the close. A rising bar goes open, low, high, close; a falling one open, high, low, close.

A trade bar's price is bid and ask alike, unless a spread is asked for, which is then laid around it. A quote bar's sides
each go their own way; whether it rises or falls is read from its bid.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np

from core.feeds.ticks import Int64Array, Ticks

OPEN: Final = 0
HIGH: Final = 1
LOW: Final = 2
CLOSE: Final = 3


class BarPath(StrEnum):
    """Which prices of a bar become quotes."""

    CLOSE = "close"
    OHLC = "ohlc"


def bar_length_ms(ts_ms: Int64Array) -> int:
    """The bars' length: the smallest step between two times of the run; 4 where there is none (one bar alone)."""
    steps = np.diff(ts_ms)
    steps = steps[steps > 0]
    return int(steps.min()) if len(steps) else 4


def quotes_of_bars(
    ts_ms: Int64Array, bid: Int64Array, ask: Int64Array, path: BarPath, *, length_ms: int | None = None
) -> Ticks:
    """The quotes of bars.

    `ts_ms`: the bars' times, shape (n,). `bid`, `ask`: open, high, low and close in price ticks, shape (n, 4); pass the
    same array twice for trade bars. `length_ms`: the bars' length, read from `ts_ms` when None.
    """
    if path is BarPath.CLOSE:
        return Ticks(ts_ms, bid[:, CLOSE].copy(), ask[:, CLOSE].copy())
    quarter = (bar_length_ms(ts_ms) if length_ms is None else length_ms) // 4
    times = ts_ms[:, None] + quarter * np.arange(4, dtype=np.int64)
    rises = bid[:, CLOSE] >= bid[:, OPEN]
    order = np.where(rises[:, None], [OPEN, LOW, HIGH, CLOSE], [OPEN, HIGH, LOW, CLOSE])
    return Ticks(
        times.reshape(-1),
        np.take_along_axis(bid, order, axis=1).reshape(-1),
        np.take_along_axis(ask, order, axis=1).reshape(-1),
    )


def spread_around(price: Int64Array, spread: int) -> tuple[Int64Array, Int64Array]:
    """Bid and ask, `spread` ticks apart, around prices in ticks; of an odd spread the ask takes the larger part."""
    return price - spread // 2, price + (spread - spread // 2)
