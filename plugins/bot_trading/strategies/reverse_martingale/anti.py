"""A streak: one position at a time, doubled after a win on the very quote that closed the winner, begun anew after a loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from plugins.bot_trading.strategies.cycles.ladder import sides_trigger
from plugins.bot_trading.strategies.cycles.rules import Exit, Opening, ahead, beyond, opposite
from plugins.bot_trading.strategies.cycles.state import CycleState
from plugins.bot_trading.strategies.numbers import ZERO, exact
from plugins.bot_trading.strategies.protocol import Order, Quote, Side, Triggers

__all__ = ["Streak"]


@dataclass(frozen=True, slots=True)
class Streak:
    """Rules of a streak. ``volumes``: lots of each level; ``profit`` and ``stop``: price distances from its entry."""

    side: Side
    volumes: Sequence[Decimal]
    profit: Decimal
    stop: Decimal

    @property
    def levels(self) -> int:
        return len(self.volumes)

    def first(self, quote: Quote) -> Opening:
        return self._opening(1, quote)

    def leaves(self, state: CycleState, quote: Quote) -> Exit | None:
        price = quote.bid if self.side == "buy" else quote.ask
        if beyond(self.side, price, self._target(state)):
            return Exit("take_profit", goes_on=state.level < self.levels)
        if beyond(opposite(self.side), price, self._stop(state)):
            return Exit("stop_loss")
        return None

    def opens(self, state: CycleState, quote: Quote) -> list[Opening]:
        """The level after a winner, where it could not be opened together with its close."""
        return [] if state.rungs or state.level >= self.levels else [self._opening(state.level + 1, quote)]

    def follows(self, state: CycleState, quote: Quote) -> Opening | None:
        return self._opening(state.level + 1, quote)

    def distance(self, state: CycleState, quote: Quote) -> Decimal:
        return self.stop

    def triggers(self, state: CycleState) -> Triggers:
        return sides_trigger(self.side, self._target(state), self._stop(state))

    def orders(self, state: CycleState) -> tuple[Order, ...]:
        if not state.rungs:
            return ()
        held = sum((rung.volume for rung in state.rungs), ZERO)
        out = opposite(self.side)
        return (
            Order(out, self._target(state), held, "take_profit", str(state.level)),
            Order(out, self._stop(state), held, "stop_loss", str(state.level)),
        )

    def _opening(self, level: int, quote: Quote) -> Opening:
        return Opening(level, self.side, self.volumes[level - 1], quote.ask if self.side == "buy" else quote.bid)

    @exact
    def _target(self, state: CycleState) -> Decimal:
        return ahead(self.side, state.anchor, self.profit)

    @exact
    def _stop(self, state: CycleState) -> Decimal:
        return ahead(self.side, state.anchor, -self.stop)
