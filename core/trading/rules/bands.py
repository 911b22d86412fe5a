"""The account's slack split into a price band for each instrument that can move its equity.

Floating P&L never falls when a bid rises and never rises when an ask rises, whatever the sides, sizes and conversions
(a gain converts at the worse side, a loss likewise). So among all quotes with every bid ≥ its lower edge and every ask ≤
its upper edge, the equity is least at the edges themselves; when it is not below the requirement there, it is below
nowhere inside. The edges are found from the first-order sensitivities and then checked by computing the equity there
with the very functions that decide, rounding included: a band is never too wide.

`falling` guards "not yet below the requirement" (margin call, stop-out, a loss limit), `rising` the mirror image "still
below it" (the end of a margin call).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from core.trading.rules.conversion import SAME, Hop, rate_along
from core.trading.rules.money import ZERO, add, divide, multiply, subtract
from core.trading.rules.pnl import profit
from core.trading.rules.quotes import Prices
from core.trading.rules.steps import from_ticks

K = TypeVar("K", bound=Hashable)

AT_ONCE = 2**62
"""A threshold that the next quote crosses, whatever it is: int64, beyond any price in ticks."""

# Each round lands within a fraction of the one before; what has not converged by then is cut to nothing.
_ROUNDS = 8
_SAFETY = Decimal("0.999")
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class RawQuote:
    """The feed's quote in ticks."""

    bid: int
    ask: int


@dataclass(frozen=True, slots=True)
class Exposure(Generic[K]):
    """An open position as the equity sees it.

    `units` = volume × contract; `offset` the account's mark-up in ticks of `instrument`; `hops` lead from the symbol's
    quote currency to the account's over raw quotes.
    """

    instrument: K
    side: str
    units: Decimal
    open_price: Decimal
    offset: int
    hops: tuple[Hop[K], ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """Raw thresholds of one instrument; none: that side cannot matter."""

    ask_le: int | None = None
    ask_ge: int | None = None
    bid_le: int | None = None
    bid_ge: int | None = None


def floating(
    exposure: Exposure[K], quotes: Mapping[K, RawQuote], ticks: Mapping[K, Decimal]
) -> Decimal:
    """The P&L of one position in the account's currency, rounded. Raises `KeyError` without its quote."""
    quote, tick = quotes[exposure.instrument], ticks[exposure.instrument]
    long = exposure.side == "buy"
    price = from_ticks(quote.bid - exposure.offset if long else quote.ask + exposure.offset, tick)
    rate = SAME
    if exposure.hops:
        rate = rate_along(
            exposure.hops,
            {
                hop.key: Prices(from_ticks(quotes[hop.key].bid, ticks[hop.key]), from_ticks(quotes[hop.key].ask, ticks[hop.key]))
                for hop in exposure.hops
            },
        )
    return rate.convert(profit(exposure.side, exposure.units, _ONE, exposure.open_price, price))


def equity_at(
    balance: Decimal, exposures: Sequence[Exposure[K]], quotes: Mapping[K, RawQuote], ticks: Mapping[K, Decimal]
) -> Decimal:
    """balance + floating P&L at `quotes`, in the account's currency."""
    total = balance
    for exposure in exposures:
        total = add(total, floating(exposure, quotes, ticks))
    return total


def falling(
    balance: Decimal,
    exposures: Sequence[Exposure[K]],
    quotes: Mapping[K, RawQuote],
    ticks: Mapping[K, Decimal],
    required: Decimal,
) -> dict[K, Band]:
    """Bands within which the equity stays ≥ `required`; `AT_ONCE` everywhere when it is below already."""
    room = subtract(equity_at(balance, exposures, quotes, ticks), required)
    weights = _sensitivities(exposures, quotes, ticks)
    if room < ZERO:
        return {key: Band(bid_le=AT_ONCE) for key, _ in weights}
    moves = _moves(balance, exposures, quotes, ticks, required, room, weights, sign=-1)
    bands: dict[K, Band] = {}
    for (key, on_bid), move in moves.items():
        band, quote = bands.get(key, Band()), quotes[key]
        bands[key] = (
            Band(ask_ge=band.ask_ge, bid_le=quote.bid - move - 1)
            if on_bid
            else Band(ask_ge=quote.ask + move + 1, bid_le=band.bid_le)
        )
    return bands


def rising(
    balance: Decimal,
    exposures: Sequence[Exposure[K]],
    quotes: Mapping[K, RawQuote],
    ticks: Mapping[K, Decimal],
    required: Decimal,
) -> dict[K, Band]:
    """Bands within which the equity stays < `required`; `AT_ONCE` everywhere when it has got there already."""
    room = subtract(required, equity_at(balance, exposures, quotes, ticks))
    weights = _sensitivities(exposures, quotes, ticks)
    if room <= ZERO:
        return {key: Band(bid_le=AT_ONCE) for key, _ in weights}
    moves = _moves(balance, exposures, quotes, ticks, required, room, weights, sign=1)
    bands: dict[K, Band] = {}
    for (key, on_bid), move in moves.items():
        band, quote = bands.get(key, Band()), quotes[key]
        bands[key] = (
            Band(ask_le=band.ask_le, bid_ge=quote.bid + move + 1)
            if on_bid
            else Band(ask_le=quote.ask - move - 1, bid_ge=band.bid_ge)
        )
    return bands


def joined(first: Mapping[K, Band], second: Mapping[K, Band]) -> dict[K, Band]:
    """One set of bands that is left as soon as one of two is; they guard opposite directions."""
    result = dict(first)
    for key, band in second.items():
        other = result.get(key)
        if other is None:
            result[key] = band
            continue
        result[key] = Band(
            _outer(other.ask_le, band.ask_le, max),
            _outer(other.ask_ge, band.ask_ge, min),
            _outer(other.bid_le, band.bid_le, max),
            _outer(other.bid_ge, band.bid_ge, min),
        )
    return result


def _outer(one: int | None, two: int | None, pick: "type[max]") -> int | None:  # type: ignore[valid-type]
    if one is None or two is None:
        return two if one is None else one
    return pick(one, two)  # type: ignore[no-any-return]
