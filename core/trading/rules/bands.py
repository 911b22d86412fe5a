"""The account's slack split into a price band for each instrument that can move its equity.

Floating P&L never falls when a bid rises and never rises when an ask rises, whatever the sides, sizes and conversions
(a gain converts at the worse side, a loss likewise). So among all quotes with every bid ≥ its lower edge and every ask ≤
its upper edge, the equity is least at the edges themselves; when it is not below the requirement there, it is below
nowhere inside. The edges are guessed from the first-order sensitivities, each side getting the same relative move, and
then checked by computing the equity there with the very functions that decide, rounding included: a band is never too
wide. With one position in the account's own currency the guess is exact, so the first tick outside is the first that
matters.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from core.trading.rules.equity import Exposure, Market, RawQuote
from core.trading.rules.money import ZERO, add, divide, multiply, subtract, total

K = TypeVar("K", bound=Hashable)

AT_ONCE = 2**62
"""A `bid_le` that the next quote crosses, whatever it is: an int64 beyond any price in ticks."""

# Each round lands within a fraction of the one before; what has not converged by then is cut to nothing.
_ROUNDS = 12
_MARGIN = Decimal("0.999")
# No price moves by more ticks than this; thresholds stay far inside an int64.
_FAR = 2**60


@dataclass(frozen=True, slots=True)
class Band:
    """Raw thresholds of one instrument; none: that side cannot matter."""

    ask_le: int | None = None
    ask_ge: int | None = None
    bid_le: int | None = None
    bid_ge: int | None = None


def falling(balance: Decimal, exposures: Sequence[Exposure[K]], market: Market[K], required: Decimal) -> dict[K, Band]:
    """Bands within which the equity stays ≥ `required` (margin call, stop-out, a loss limit).

    `AT_ONCE` everywhere when it is below already. Raises `KeyError` without a quote that is needed.
    """
    room = subtract(market.equity(balance, exposures), required)
    if room < ZERO:
        return dict.fromkeys(_instruments(exposures), Band(bid_le=AT_ONCE))
    if len(exposures) == 1 and not exposures[0].hops:
        alone = _alone(balance, exposures[0], market, required, room)
        if alone is not None:
            return alone
    moves = _moves(balance, exposures, market, required, room, down=True)
    bands: dict[K, Band] = {}
    for key in _instruments(exposures):
        quote, on_bid, on_ask = market.quotes[key], moves.get((key, True)), moves.get((key, False))
        bands[key] = Band(
            bid_le=None if on_bid is None else quote.bid - on_bid - 1,
            ask_ge=None if on_ask is None else quote.ask + on_ask + 1,
        )
    return bands


def rising(balance: Decimal, exposures: Sequence[Exposure[K]], market: Market[K], required: Decimal) -> dict[K, Band]:
    """Bands within which the equity stays < `required` (the end of a margin call).

    `AT_ONCE` everywhere when it has got there already. Raises `KeyError` without a quote that is needed.
    """
    room = subtract(required, market.equity(balance, exposures))
    if room <= ZERO:
        return dict.fromkeys(_instruments(exposures), Band(bid_le=AT_ONCE))
    moves = _moves(balance, exposures, market, required, room, down=False)
    bands: dict[K, Band] = {}
    for key in _instruments(exposures):
        quote, on_bid, on_ask = market.quotes[key], moves.get((key, True)), moves.get((key, False))
        bands[key] = Band(
            bid_ge=None if on_bid is None else quote.bid + on_bid + 1,
            ask_le=None if on_ask is None else quote.ask - on_ask - 1,
        )
    return bands


def joined(first: Mapping[K, Band], second: Mapping[K, Band]) -> dict[K, Band]:
    """One set of bands that is left as soon as one of the two is."""
    result = dict(first)
    for key, band in second.items():
        other = result.get(key, Band())
        result[key] = Band(
            ask_le=_highest(other.ask_le, band.ask_le),
            ask_ge=_lowest(other.ask_ge, band.ask_ge),
            bid_le=_highest(other.bid_le, band.bid_le),
            bid_ge=_lowest(other.bid_ge, band.bid_ge),
        )
    return result


def crossed(band: Band, quote: RawQuote) -> bool:
    """Whether a quote leaves the band."""
    return (
        (band.ask_le is not None and quote.ask <= band.ask_le)
        or (band.ask_ge is not None and quote.ask >= band.ask_ge)
        or (band.bid_le is not None and quote.bid <= band.bid_le)
        or (band.bid_ge is not None and quote.bid >= band.bid_ge)
    )


def _alone(
    balance: Decimal, exposure: Exposure[K], market: Market[K], required: Decimal, room: Decimal
) -> dict[K, Band] | None:
    """The band of the commonest account, one position in its own currency, without the search; none when it needs one."""
    key = exposure.instrument
    quote, per_tick = market.quotes[key], multiply(exposure.units, market.ticks[key])
    long = exposure.side == "buy"
    move = min(int(divide(room, per_tick)), quote.bid - 1 if long else _FAR)
    edge = RawQuote(quote.bid - move, quote.ask) if long else RawQuote(quote.bid, quote.ask + move)
    if Market({key: edge}, market.ticks).equity(balance, (exposure,)) < required:
        return None
    return {key: Band(bid_le=edge.bid - 1) if long else Band(ask_ge=edge.ask + 1)}


def _highest(one: int | None, two: int | None) -> int | None:
    return max((value for value in (one, two) if value is not None), default=None)


def _lowest(one: int | None, two: int | None) -> int | None:
    return min((value for value in (one, two) if value is not None), default=None)


def _instruments(exposures: Sequence[Exposure[K]]) -> list[K]:
    found: dict[K, None] = {}
    for exposure in exposures:
        found[exposure.instrument] = None
        for hop in exposure.hops:
            found[hop.key] = None
    return list(found)


def _sensitivities(exposures: Sequence[Exposure[K]], market: Market[K]) -> dict[tuple[K, bool], Decimal]:
    """What one tick of each (instrument, is the bid) moves the equity by, about; zero where it may matter later."""
    result: dict[tuple[K, bool], Decimal] = {}
    for exposure in exposures:
        side = (exposure.instrument, exposure.side == "buy")
        per_tick = multiply(exposure.units, market.ticks[exposure.instrument])
        if exposure.hops:
            rate = market.rate(exposure.hops)
            per_tick = divide(multiply(per_tick, rate.loss_num), rate.loss_den)
            converted = market.floating(exposure).copy_abs()
            for hop in exposure.hops:
                quote = market.quotes[hop.key]
                # A gain may turn into a loss inside the band, so both sides of the rate count.
                for on_bid, ticks in ((True, quote.bid), (False, quote.ask)):
                    before = result.get((hop.key, on_bid), ZERO)
                    result[hop.key, on_bid] = add(before, divide(converted, Decimal(ticks)))
        result[side] = add(result.get(side, ZERO), per_tick)
    return result


def _moves(
    balance: Decimal,
    exposures: Sequence[Exposure[K]],
    market: Market[K],
    required: Decimal,
    room: Decimal,
    *,
    down: bool,
) -> dict[tuple[K, bool], int]:
    """Ticks by which each side may move so that the requirement still holds (`down`), or still does not, at the edges."""
    per_tick = _sensitivities(exposures, market)
    prices = {side: market.quotes[side[0]][0 if side[1] else 1] for side in per_tick}
    # Σ sensitivity × price: what the same relative move of every side costs.
    weight = total(multiply(value, Decimal(prices[side])) for side, value in per_tick.items())
    if weight <= ZERO:
        return dict.fromkeys(per_tick, 0)
    budget = room
    for _ in range(_ROUNDS):
        # A price stays above nothing, so no edge is looked for at or below zero.
        moves = {
            side: min(int(divide(multiply(budget, Decimal(price)), weight)), price - 1 if side[1] is down else _FAR)
            for side, price in prices.items()
        }
        equity = Market(_moved(market, moves, down=down), market.ticks).equity(balance, exposures)
        if (equity >= required) if down else (equity < required):
            return moves
        cost = subtract(add(required, room) if down else subtract(required, room), equity).copy_abs()
        budget = multiply(divide(multiply(budget, room), cost), _MARGIN)
    return dict.fromkeys(per_tick, 0)


def _moved(market: Market[K], moves: Mapping[tuple[K, bool], int], *, down: bool) -> dict[K, RawQuote]:
    sign = -1 if down else 1
    return {
        key: RawQuote(
            market.quotes[key].bid + sign * moves.get((key, True), 0),
            market.quotes[key].ask - sign * moves.get((key, False), 0),
        )
        for key in {side[0] for side in moves}
    }
