"""Prices of live exchanges through ccxt, an optional dependency that is imported only when such a feed is set.

The exchange is asked for its tickers in turns. What it sends is parsed by ccxt's own code for that exchange and then
made a quote here; an exchange's ticker without bid or ask is no quote and is skipped, one whose prices are off the
instrument's tick goes to the nearest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

from core.feeds.ticks import PriceScale, Ticks


class ExchangeError(RuntimeError):
    """The exchange is unknown, out of reach, or its package is missing; the message says which and what to do."""


class Exchange(Protocol):
    """What is used of a ccxt exchange."""

    def fetch_tickers(self, symbols: Sequence[str]) -> Mapping[str, Mapping[str, Any]]: ...


def open_exchange(name: str) -> Exchange:
    """The exchange by ccxt's name for it, for public prices only. Raises ExchangeError."""
    try:
        ccxt = import_module("ccxt")
    except ImportError as error:
        raise ExchangeError(
            "prices of live exchanges need ccxt: install the optional dependencies called live"
        ) from error
    if name not in ccxt.exchanges:
        raise ExchangeError(f"ccxt knows no exchange called {name}")
    return cast(Exchange, getattr(ccxt, name)({"enableRateLimit": True, "timeout": 5000}))


def quote_of_ticker(ticker: Mapping[str, Any], scale: PriceScale, received_ms: int) -> tuple[int, int, int] | None:
    """(ts_ms, bid, ask) of one of ccxt's unified tickers; None where a side is missing or the sides are crossed.

    `received_ms` stands in for the time where the exchange sends none.
    """
    bid, ask, ts_ms = ticker.get("bid"), ticker.get("ask"), ticker.get("timestamp")
    if not bid or not ask:
        return None
    bid_ticks, ask_ticks = scale.ticks(bid), scale.ticks(ask)
    if ask_ticks < bid_ticks:
        return None
    return (received_ms if ts_ms is None else int(ts_ms), bid_ticks, ask_ticks)


@dataclass(slots=True)
class LiveTickers:
    """Polls one exchange for the tickers of its symbols. `scales`: price scale by the exchange's symbol."""

    exchange: Exchange
    scales: Mapping[str, PriceScale]

    def poll(self, now_ms: int) -> dict[str, Ticks]:
        """One turn: at most one quote for each symbol. Raises ExchangeError while the exchange cannot be reached."""
        try:
            tickers = self.exchange.fetch_tickers(list(self.scales))
        except Exception as error:
            raise ExchangeError(f"the exchange gives no prices: {error}") from error
        return self.quotes(tickers.values(), now_ms)

    def quotes(self, tickers: Iterable[Mapping[str, Any]], now_ms: int) -> dict[str, Ticks]:
        """The quotes in unified tickers, by symbol; other symbols are left out."""
        found: dict[str, Ticks] = {}
        for ticker in tickers:
            scale = self.scales.get(str(ticker.get("symbol")))
            row = quote_of_ticker(ticker, scale, now_ms) if scale is not None else None
            if row is not None:
                found[str(ticker["symbol"])] = Ticks.of([row])
        return found
