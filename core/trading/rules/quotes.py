"""Quotes: what a customer sees of the feed's prices, and what a customer's price means in the feed's.

An account type's mark-up m adds half to each side, rounded to the tick away from the customer. With whole ticks on the
feed's side the rounded half is one whole number of ticks, the *offset* k = ⌈m ÷ 2 ÷ tick⌉:

    bid = raw bid − k        ask = raw ask + k

so a condition on the customer's price is the same condition on the raw one, shifted by k, with nothing lost.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from core.trading.rules.money import ZERO, add, multiply
from core.trading.rules.steps import ceil_units, floor_units, from_ticks

Side = Literal["buy", "sell"]
Condition = Literal["ask_le", "ask_ge", "bid_le", "bid_ge"]

_HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Prices:
    """The two sides of a quote, in the quote currency. A customer buys at the ask and sells at the bid."""

    bid: Decimal
    ask: Decimal

    @property
    def middle(self) -> Decimal:
        """Halfway between the sides: for comparisons between accounts only."""
        return multiply(add(self.bid, self.ask), _HALF)

    def executable(self, side: str) -> Decimal:
        """The price at which an order of `side` executes."""
        return self.ask if side == "buy" else self.bid

    def closing(self, side: str) -> Decimal:
        """The price at which a position of `side` is measured and closed."""
        return self.bid if side == "buy" else self.ask


def markup_offset(markup: Decimal, tick: Decimal) -> int:
    """Ticks that a mark-up of `markup` (a price difference, ≥ 0) adds to each side."""
    if markup < ZERO:
        raise ValueError("a mark-up is never negative")
    return ceil_units(multiply(markup, _HALF), tick)


def customer_prices(raw_bid: int, raw_ask: int, offset: int, tick: Decimal) -> Prices:
    """The quote of raw ticks `raw_bid`/`raw_ask` as an account with `offset` sees it."""
    return Prices(from_ticks(raw_bid - offset, tick), from_ticks(raw_ask + offset, tick))


def raw_threshold(condition: Condition, price: Decimal, offset: int, tick: Decimal) -> int:
    """The raw ticks at which `condition` becomes true for the customer's price, exactly.

    `ask_le`: customer's ask ≤ price ⇔ raw ask ≤ result, and so on. `price` need not sit on the tick.
    """
    match condition:
        case "ask_le":
            return floor_units(price, tick) - offset
        case "ask_ge":
            return ceil_units(price, tick) - offset
        case "bid_le":
            return floor_units(price, tick) + offset
        case "bid_ge":
            return ceil_units(price, tick) + offset


def opposite(side: str) -> Side:
    """The other side."""
    return "sell" if side == "buy" else "buy"
