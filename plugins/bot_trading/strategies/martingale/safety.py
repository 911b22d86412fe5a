"""Safety orders: orders of growing size rest below the first price, and everything leaves at one target above the average.

The steps count from the first price and add up. The target is on the average cost, commission included, rounded up to
the tick for a long (down for a short), and rests there; so it fills at its own price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from plugins.bot_trading.strategies.cycles.ladder import sides_trigger
from plugins.bot_trading.strategies.cycles.rules import Exit, Opening, beyond, opposite
from plugins.bot_trading.strategies.cycles.state import CycleState, exposure
from plugins.bot_trading.strategies.numbers import ZERO, ceil_to, exact, floor_to, to_tick
from plugins.bot_trading.strategies.protocol import Market, Order, Quote, Side, Triggers

__all__ = ["SafetyOrders", "amounts_of", "steps_of"]


@exact
def amounts_of(first: Decimal, safety: Decimal, multiplier: Decimal, count: int) -> tuple[Decimal, ...]:
    """Money of the first order and of each safety order; the first of these is the bare amount."""
    return (first, *(safety * multiplier**index for index in range(count)))


@exact
def steps_of(step: Decimal, multiplier: Decimal, count: int) -> tuple[Decimal, ...]:
    """Distances from the first price as fractions of it: 0 for the first order, then the steps added up. ``step`` in percent."""
    found = [ZERO]
    for index in range(count):
        found.append(found[-1] + step * multiplier**index / 100)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class SafetyOrders:
    """Rules of safety orders. ``amounts`` and ``steps`` begin with the first order; fractions, not percent."""

    market: Market
    side: Side
    amounts: Sequence[Decimal]
    steps: Sequence[Decimal]
    profit: Decimal
    stop: Decimal | None

    @property
    def levels(self) -> int:
        return len(self.amounts)

    @exact
    def price(self, first: Decimal, level: int) -> Decimal:
        """Price of an order where the first one filled at ``first``; the first order is level 1."""
        step = self.steps[level - 1]
        return to_tick(first * (1 - step if self.side == "buy" else 1 + step), self.market.tick)

    @exact
    def volume(self, level: int, price: Decimal) -> Decimal:
        """Lots of an order: its amount pays for them with their commission."""
        return floor_to(self.amounts[level - 1] / self.market.lot_cost(price), self.market.lot_step)

    @exact
    def target(self, average: Decimal) -> Decimal:
        """Take-profit price on an average cost."""
        if self.side == "buy":
            return ceil_to(average * (1 + self.profit), self.market.tick)
        return -ceil_to(-average * (1 - self.profit), self.market.tick)

    @exact
    def stop_price(self, first: Decimal) -> Decimal | None:
        """Stop-loss price, counted from the first price."""
        if self.stop is None:
            return None
        return to_tick(first * (1 - self.stop if self.side == "buy" else 1 + self.stop), self.market.tick)

    def first(self, quote: Quote) -> Opening:
        price = quote.ask if self.side == "buy" else quote.bid
        return Opening(1, self.side, self.volume(1, price), price)

    def leaves(self, state: CycleState, quote: Quote) -> Exit | None:
        price = quote.bid if self.side == "buy" else quote.ask
        target, stop = self.target(self.average(state)), self.stop_price(state.first)
        if stop is not None and beyond(opposite(self.side), price, stop):
            return Exit("stop_loss")
        return Exit("take_profit", target) if beyond(self.side, price, target) else None

    def opens(self, state: CycleState, quote: Quote) -> list[Opening]:
        """Every resting order that the quote touches, each at its own price."""
        found = []
        for level in range(state.level + 1, self.levels + 1):
            price = self.price(state.first, level)
            reached = quote.ask <= price if self.side == "buy" else quote.bid >= price
            if not reached:
                break
            found.append(Opening(level, self.side, self.volume(level, price), price, "limit"))
        return found

    def follows(self, state: CycleState, quote: Quote) -> Opening | None:
        return None

    @exact
    def distance(self, state: CycleState, quote: Quote) -> Decimal:
        first = state.first if state.level else quote.ask
        return first * self.steps[1] if self.levels > 1 else first * self.profit

    def triggers(self, state: CycleState) -> Triggers:
        target, stop = self.target(self.average(state)), self.stop_price(state.first)
        found = sides_trigger(self.side, target, stop)
        if state.level >= self.levels or not state.opens_now:
            return found
        following = self.price(state.first, state.level + 1)
        if self.side == "buy":
            return Triggers(ask_le=following, bid_ge=found.bid_ge, bid_le=found.bid_le)
        return Triggers(bid_ge=following, ask_le=found.ask_le, ask_ge=found.ask_ge)

    def orders(self, state: CycleState) -> tuple[Order, ...]:
        if not state.rungs:
            return ()
        held = sum((rung.volume for rung in state.rungs), ZERO)
        out, stop = opposite(self.side), self.stop_price(state.first)
        found = [Order(out, self.target(self.average(state)), held, "take_profit", str(state.level))]
        if stop is not None:
            found.append(Order(out, stop, held, "stop_loss", str(state.level)))
        for level in range(state.level + 1, self.levels + 1):
            price = self.price(state.first, level)
            shown = "blocked_insufficient_funds" if state.blocked else "resting"
            if state.may_open:
                found.append(Order(self.side, price, self.volume(level, price), shown, str(level)))
        return tuple(found)

    @exact
    def average(self, state: CycleState) -> Decimal:
        """Average cost of what is held, commission included."""
        longs, shorts, cost = exposure(state)
        return abs(cost) / ((longs + shorts) * self.market.contract)
