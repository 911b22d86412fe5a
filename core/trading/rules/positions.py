"""What a fill does to positions: hedging opens and closes named ones, netting adds, reduces or flips."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from core.trading.rules.money import ZERO, add, divide, multiply, round_amount, subtract
from core.trading.rules.pnl import profit

Effect = Literal["open", "add", "reduce", "close"]


@dataclass(frozen=True, slots=True)
class Holding:
    """An open position: lots of one side at an average open price."""

    side: str
    volume: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Leg:
    """One effect of a fill on one position.

    `volume` is what this leg trades, `realised` its P&L (unrounded, quote currency; zero when it opens or adds), `after`
    what is held when it is done (none: the position is closed).
    """

    effect: Effect
    volume: Decimal
    realised: Decimal
    after: Holding | None


def opened(side: str, volume: Decimal, price: Decimal) -> Leg:
    """A position of its own, as every opening order makes on a hedging account."""
    return Leg("open", volume, ZERO, Holding(side, volume, price))


def reduced(held: Holding, volume: Decimal, price: Decimal, contract_size: Decimal) -> Leg:
    """`volume` of a position closed at `price`. The open price of the rest stays. Raises `ValueError` beyond what is held."""
    if not ZERO < volume <= held.volume:
        raise ValueError("a close trades more than nothing and no more than what is held")
    realised = profit(held.side, volume, contract_size, held.price, price)
    left = subtract(held.volume, volume)
    if not left:
        return Leg("close", volume, realised, None)
    return Leg("reduce", volume, realised, replace(held, volume=left))


def added(held: Holding, volume: Decimal, price: Decimal) -> Leg:
    """`volume` more of the same side: the average of both, by volume, with 12 decimals."""
    total = add(held.volume, volume)
    cost = add(multiply(held.volume, held.price), multiply(volume, price))
    return Leg("add", volume, ZERO, Holding(held.side, total, round_amount(divide(cost, total))))


def netted(held: Holding | None, side: str, volume: Decimal, price: Decimal, contract_size: Decimal) -> tuple[Leg, ...]:
    """The legs of a fill on a netting account: one, or two when it flips (the close first, then the open)."""
    if held is None:
        return (opened(side, volume, price),)
    if held.side == side:
        return (added(held, volume, price),)
    if volume <= held.volume:
        return (reduced(held, volume, price, contract_size),)
    closing = reduced(held, held.volume, price, contract_size)
    return (closing, opened(side, subtract(volume, held.volume), price))
