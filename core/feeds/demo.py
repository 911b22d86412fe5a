"""The demo's real prices: 13 years of daily prices of five stocks, from the optional package `bokeh_sampledata`.

A day's open, high, low and close become four quotes within New York's session (14:30 to 21:00 UTC; the hour that summer
time moves it is left out), so the feed's time runs through the years as fast as quotes are sent. The prices are the
recorded ones, rounded to the cent; the spread laid around them is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any, Final, cast

import numpy as np

from core.feeds.bars import BarPath, quotes_of_bars, spread_around
from core.feeds.recorded import RecordedPrices
from core.feeds.ticks import PriceScale, Ticks

STOCKS: Final = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
TICK: Final = Decimal("0.01")
TITLE: Final = "Real daily prices of 2005–2013, four quotes a day"
TOGETHER_SINCE: Final = "2005-03-01"
"""From this day on AAPL, GOOG, IBM and MSFT have the same days, so that they stay side by side; none is split any more."""

_MINUTE_MS: Final = 60_000
_OPENING_MS: Final = (14 * 60 + 30) * _MINUTE_MS
_LENGTH_MS: Final = 520 * _MINUTE_MS  # a third more than the session's 390 minutes: the fourth quote is at its end


class DemoPricesMissingError(RuntimeError):
    """The package with the demo's prices is not installed; the message says how to get it."""


def demo_prices(symbol: str, *, spread: int = 2, loop: bool = True, since: str = TOGETHER_SINCE) -> RecordedPrices:
    """One stock's quotes from the day `since` on (ISO date, empty: all), `spread` cents apart.

    Raises DemoPricesMissingError, or KeyError for any other symbol.
    """
    if symbol not in STOCKS:
        raise KeyError(f"the demo's prices are of {', '.join(STOCKS)}, not of {symbol}")
    days = _days(symbol)
    first = next((place for place, day in enumerate(days["date"]) if day >= since), len(days["date"]))
    kept = {name: days[name][first:] for name in ("date", "open", "high", "low", "close")}
    return RecordedPrices(quotes_of_days(kept, spread=spread), loop)


def quotes_of_days(days: Mapping[str, Sequence[Any]], *, spread: int) -> Ticks:
    """Quotes of daily bars: columns `date` (ISO dates), `open`, `high`, `low` and `close`, in days' order."""
    scale = PriceScale(TICK, rounding=True)
    midnights = [int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1000 for day in days["date"]]
    ts_ms = np.array(midnights, dtype=np.int64) + _OPENING_MS
    columns = [[scale.ticks(price) for price in days[name]] for name in ("open", "high", "low", "close")]
    bid, ask = spread_around(np.array(columns, dtype=np.int64).T, spread)
    return quotes_of_bars(ts_ms, bid, ask, BarPath.OHLC, length_ms=_LENGTH_MS)


def available() -> bool:
    """Whether the package is installed."""
    try:
        import_module("bokeh_sampledata")
    except ImportError:
        return False
    return True


def _days(symbol: str) -> Mapping[str, Sequence[Any]]:
    try:
        stocks = import_module("bokeh_sampledata.stocks")
    except ImportError as error:
        raise DemoPricesMissingError(
            "the demo's real prices come from bokeh-sampledata: install the optional dependencies called demo"
        ) from error
    return cast(Mapping[str, Sequence[Any]], getattr(stocks, symbol))
