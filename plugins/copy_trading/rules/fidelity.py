"""Copy fidelity: what a copy should have come to at the master's own prices, what it came to, and where the gap is from.

All amounts are in the follower's currency at today's rates; volumes in lots of the follower's symbol. The parts add up::

    real = expected + rounding + latency + slippage + fees            for a copied position
    real = expected + skipped                                         for one that was not copied: skipped is −expected
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from plugins.copy_trading.rules.numbers import ZERO


class Leg(NamedTuple):
    """A fill, or what is still open at the price of now. ``middle`` is that of the quote it was booked on, if it is stored."""

    volume: Decimal
    price: Decimal
    middle: Decimal | None = None


def average(legs: Iterable[Leg]) -> Leg | None:
    """Volume-weighted price and middle; the middle is none where one of the legs has none. None without volume."""
    volume = worth = middles = ZERO
    known = True
    for leg in legs:
        volume += leg.volume
        worth += leg.volume * leg.price
        known = known and leg.middle is not None
        middles += leg.volume * (leg.middle or ZERO)
    if not volume:
        return None
    return Leg(volume, worth / volume, middles / volume if known else None)


class Trade(NamedTuple):
    """A position: how it was opened, and how it was left (or would be now, for what is open)."""

    opened: Leg
    left: Leg


@dataclass(frozen=True, slots=True)
class Gap:
    """Expected against real, and the parts of the difference; gains are positive, costs negative."""

    expected: Decimal = ZERO
    real: Decimal = ZERO
    latency: Decimal = ZERO
    slippage: Decimal = ZERO
    rounding: Decimal = ZERO
    skipped: Decimal = ZERO
    fees: Decimal = ZERO

    def __add__(self, other: "Gap") -> "Gap":
        return Gap(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    @property
    def difference(self) -> Decimal:
        """Real less expected."""
        return self.real - self.expected


def copied(asked: Decimal, side: int, worth: Decimal, master: Trade, own: Trade, real: Decimal, fees: Decimal) -> Gap:
    """The gap of one copied position.

    :param asked: exact lots that the master's orders asked for.
    :param side: of the copy, +1 long and −1 short.
    :param worth: of one lot and one unit of price, in the follower's currency.
    :param real: the copy's P&L net of commission and swap, ``fees`` those two as a sum (negative where they cost).
    """
    move = (master.left.price - master.opened.price) * side * worth
    size = own.opened.volume
    market = (_moved(master.left, own.left) - _moved(master.opened, own.opened)) * side * worth
    return Gap(
        expected=asked * move,
        real=real,
        rounding=(size - asked) * move,
        latency=size * market,
        # What is left of the difference: mark-ups, limits, and rates of exchange that have moved since.
        slippage=real - fees - size * move - size * market,
        fees=fees,
    )


def missed(asked: Decimal, side: int, worth: Decimal, master: Trade) -> Gap:
    """The gap of a position that was not copied."""
    expected = asked * (master.left.price - master.opened.price) * side * worth
    return Gap(expected=expected, skipped=-expected)


def _moved(master: Leg, own: Leg) -> Decimal:
    """How far the market moved between the master's fill and the copy's; 0 where the quotes are stored no more."""
    if master.middle is None or own.middle is None:
        return ZERO
    return own.middle - master.middle
