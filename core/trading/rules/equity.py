"""Equity of an account over the feed's raw quotes: balance + floating P&L, in the account's currency."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, NamedTuple, TypeVar

from core.trading.rules.conversion import SAME, Hop, Rate, rate_along
from core.trading.rules.money import ONE, add
from core.trading.rules.pnl import profit
from core.trading.rules.quotes import Prices
from core.trading.rules.steps import from_ticks

K = TypeVar("K", bound=Hashable)


class RawQuote(NamedTuple):
    """The feed's quote, in ticks."""

    bid: int
    ask: int


@dataclass(frozen=True, slots=True)
class Exposure(Generic[K]):
    """An open position as the equity sees it.

    `units` = volume × contract; `offset` the account's mark-up in ticks of `instrument`; `hops` lead from the symbol's
    quote currency to the account's, over raw quotes without mark-up.
    """

    instrument: K
    side: str
    units: Decimal
    open_price: Decimal
    offset: int
    hops: tuple[Hop[K], ...] = ()


@dataclass(frozen=True, slots=True)
class Market(Generic[K]):
    """Raw quotes and the tick of each instrument."""

    quotes: Mapping[K, RawQuote]
    ticks: Mapping[K, Decimal]

    def raw_prices(self, key: K) -> Prices:
        """The feed's own prices, without mark-up. Raises `KeyError` without a quote."""
        quote, tick = self.quotes[key], self.ticks[key]
        return Prices(from_ticks(quote.bid, tick), from_ticks(quote.ask, tick))

    def rate(self, hops: tuple[Hop[K], ...]) -> Rate:
        """The conversion rate along `hops`. Raises `KeyError` without a quote."""
        if not hops:
            return SAME
        return rate_along(hops, {hop.key: self.raw_prices(hop.key) for hop in hops})

    def closing_price(self, exposure: Exposure[K]) -> Decimal:
        """The customer's price that measures a position. Raises `KeyError` without a quote."""
        quote = self.quotes[exposure.instrument]
        raw = quote.bid - exposure.offset if exposure.side == "buy" else quote.ask + exposure.offset
        return from_ticks(raw, self.ticks[exposure.instrument])

    def unconverted(self, exposure: Exposure[K]) -> Decimal:
        """The P&L of a position in its quote currency, unrounded."""
        return profit(exposure.side, exposure.units, ONE, exposure.open_price, self.closing_price(exposure))

    def floating(self, exposure: Exposure[K]) -> Decimal:
        """The P&L of a position in the account's currency, rounded to 12 decimals."""
        return self.rate(exposure.hops).convert(self.unconverted(exposure))

    def equity(self, balance: Decimal, exposures: Iterable[Exposure[K]]) -> Decimal:
        """balance + floating P&L."""
        total = balance
        for exposure in exposures:
            total = add(total, self.floating(exposure))
        return total
