"""What makes one strategy of cycles differ from another."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from plugins.bot_trading.strategies.cycles.state import CycleState
from plugins.bot_trading.strategies.protocol import Order, Quote, Side, Triggers

__all__ = ["Exit", "Opening", "Rules", "ahead", "beyond", "opposite"]


@dataclass(frozen=True, slots=True)
class Opening:
    """A level to open; a market order at the quote, or a resting order that was touched at its own price."""

    level: int
    side: Side
    volume: Decimal
    price: Decimal
    kind: Literal["market", "limit"] = "market"


@dataclass(frozen=True, slots=True)
class Exit:
    """Everything is to be closed.

    :ivar reason: ``take_profit`` or ``stop_loss``.
    :ivar price: of a resting order that was touched; none: at the market.
    :ivar goes_on: the cycle is not over: the next level follows (a winner of a streak).
    """

    reason: str
    price: Decimal | None = None
    goes_on: bool = False


class Rules(Protocol):
    """Rules of one bot: made from its settings and its market, without a state of their own."""

    @property
    def levels(self) -> int:
        """How many levels a cycle has, at most."""

    def first(self, quote: Quote) -> Opening:
        """The order that begins a cycle."""

    def leaves(self, state: CycleState, quote: Quote) -> Exit | None:
        """Whether the cycle, or its only position, is closed at this quote."""

    def opens(self, state: CycleState, quote: Quote) -> list[Opening]:
        """The levels to open at this quote, whatever the guards say to them."""

    def follows(self, state: CycleState, quote: Quote) -> Opening | None:
        """The level after one that was won, at the same quote; none where a cycle ends with its take-profit."""

    def distance(self, state: CycleState, quote: Quote) -> Decimal:
        """Price distance to the next level, of which the spread guard takes its share."""

    def triggers(self, state: CycleState) -> Triggers:
        """Prices that matter while something is open."""

    def orders(self, state: CycleState) -> tuple[Order, ...]:
        """What would be done at which price, for charts and tables."""


def opposite(side: Side) -> Side:
    """The other side."""
    return "sell" if side == "buy" else "buy"


def ahead(side: Side, price: Decimal, distance: Decimal) -> Decimal:
    """The price ``distance`` in favour of a position of that side."""
    return price + distance if side == "buy" else price - distance


def beyond(side: Side, price: Decimal, target: Decimal) -> bool:
    """Whether ``price`` has reached ``target`` in favour of a position of that side."""
    return price >= target if side == "buy" else price <= target
