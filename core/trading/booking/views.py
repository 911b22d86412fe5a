"""What booking knows of the world while it decides: definitions and quotes, read once for a batch."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from core.trading.rules.conversion import Hop, NoConversionError, Pair, Rate, Routes
from core.trading.rules.equity import Exposure, Market, RawQuote
from core.trading.rules.hours import Hours, untradable
from core.trading.rules.margin import leverage_of
from core.trading.rules.money import multiply
from core.trading.rules.quotes import Prices, customer_prices, markup_offset
from core.trading.rules.risk import Levels


@dataclass(frozen=True, slots=True)
class CurrentQuote:
    """An instrument's quote; prices in its ticks, times in epoch milliseconds of the feed."""

    instrument_id: UUID
    seq: int
    ts_ms: int
    bid: int
    ask: int
    feed_ts_ms: int
    """The feed's clock, by which the quote's age is told."""


@dataclass(frozen=True, slots=True)
class SymbolView:
    """A tenant's symbol with its instrument's tick."""

    id: UUID
    instrument_id: UUID
    code: str
    asset_class: str
    base: str
    quote: str
    contract_size: Decimal
    tick: Decimal
    pip: Decimal
    lot_step: Decimal
    min_lot: Decimal
    max_lot: Decimal
    min_notional: Decimal
    hours: Hours
    staleness_ms: int
    swap_long: Decimal
    swap_short: Decimal
    venue: str
    status: str


@dataclass(frozen=True, slots=True)
class TypeView:
    """An account type's conditions; `levels` as ratios."""

    id: UUID
    currency: str
    mode: str
    leverage: Decimal
    may_short: bool
    commission_kind: str
    commission: Decimal
    markup: Decimal
    levels: Levels
    negative_balance_protection: bool
    swap_free: bool


@dataclass(frozen=True, slots=True)
class Enabled:
    """A symbol as an account type has it; none: the type's own. Switched off it opens nothing, and what is open keeps its terms."""

    leverage: Decimal | None
    markup: Decimal | None
    on: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """A symbol for accounts of one type, now: conditions, the customer's prices and the rate to the account's currency."""

    symbol: SymbolView
    leverage: Decimal
    offset: int
    """Mark-up of each side in ticks."""
    quote: CurrentQuote | None
    prices: Prices | None
    closed: str | None
    """Why nothing trades now: `market_closed` or `quote_stale`."""
    rate: Rate | None
    """Quote currency → account currency; none when no quoted symbol leads there."""
    enabled: bool
    number: int
    """The instrument's, in `World.market`."""
    hops: tuple[Hop[int], ...] | None
    """The way from the quote currency to the account's; none when no quoted symbol leads there."""

    def exposure(self, side: str, volume: Decimal, price: Decimal) -> Exposure[int]:
        """An open position as the equity sees it. Raises `NoConversionError`."""
        if self.hops is None:
            raise NoConversionError(f"no quoted symbol leads from {self.symbol.quote} to the account's currency")
        return Exposure(self.number, side, multiply(volume, self.symbol.contract_size), price, self.offset, self.hops)


class World:
    """Definitions and quotes of one tenant at one moment, with what follows from them worked out once."""

    def __init__(
        self,
        symbols: dict[UUID, SymbolView],
        quotes: dict[UUID, CurrentQuote],
        types: dict[UUID, TypeView],
        enabled: dict[tuple[UUID, UUID], Enabled],
    ) -> None:
        self.symbols, self.quotes, self.types, self.enabled = symbols, quotes, types, enabled
        self._terms: dict[UUID, dict[UUID, Terms]] = {}
        by_code = sorted(symbols.values(), key=lambda symbol: symbol.code)
        # The rules look instruments up many times for each account, so they know them by small numbers.
        self.instruments = list(dict.fromkeys(symbol.instrument_id for symbol in by_code))
        self.number = {instrument_id: number for number, instrument_id in enumerate(self.instruments)}
        self.market = Market(
            {self.number[key]: RawQuote(quote.bid, quote.ask) for key, quote in quotes.items() if key in self.number},
            {self.number[symbol.instrument_id]: symbol.tick for symbol in by_code},
        )
        self.routes = Routes(
            Pair(self.number[symbol.instrument_id], symbol.base, symbol.quote)
            for symbol in by_code
            if symbol.instrument_id in quotes
        )

    def rate(self, source: str, target: str) -> Rate | None:
        """The rate between two currencies, or none."""
        try:
            return self.market.rate(self.routes.find(source, target))
        except NoConversionError:
            return None

    def terms(self, type_id: UUID, symbol_id: UUID) -> Terms:
        """A symbol for an account type. Raises `KeyError` for one that does not exist."""
        of_type = self.terms_of(type_id)
        known = of_type.get(symbol_id)
        if known is None:
            known = of_type[symbol_id] = self._make(type_id, symbol_id)
        return known

    def terms_of(self, type_id: UUID) -> dict[UUID, Terms]:
        """The terms worked out so far for an account type; `terms` adds to it."""
        return self._terms.setdefault(type_id, {})

    def _make(self, type_id: UUID, symbol_id: UUID) -> Terms:
        symbol, of_type = self.symbols[symbol_id], self.types[type_id]
        here = self.enabled.get((type_id, symbol_id))
        pips = of_type.markup if here is None or here.markup is None else here.markup
        offset = markup_offset(multiply(pips, symbol.pip), symbol.tick)
        quote = self.quotes.get(symbol.instrument_id)
        hops: tuple[Hop[int], ...] | None
        try:
            hops = self.routes.find(symbol.quote, of_type.currency)
        except NoConversionError:
            hops = None
        return Terms(
            symbol=symbol,
            leverage=leverage_of(of_type.leverage, here.leverage if here else None),
            offset=offset,
            quote=quote,
            prices=None if quote is None else customer_prices(quote.bid, quote.ask, offset, symbol.tick),
            closed="quote_stale"
            if quote is None
            else untradable(symbol.hours, symbol.staleness_ms, quote.ts_ms, quote.feed_ts_ms),
            rate=None if hops is None else self.market.rate(hops),
            enabled=here is not None and here.on,
            number=self.number[symbol.instrument_id],
            hops=hops,
        )

    def exposure(self, type_id: UUID, symbol_id: UUID, side: str, volume: Decimal, price: Decimal) -> Exposure[int]:
        """An open position as the equity sees it. Raises `NoConversionError`."""
        return self.terms(type_id, symbol_id).exposure(side, volume, price)
