"""A ladder: levels of growing size, each with a take-profit and a stop-loss counted from its own entry.

Take-profit of the last level: everything is closed. Stop-loss of a level below the last: everything stays, and the next
level opens, in the same direction or turned. Stop-loss of the last: everything is closed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from plugins.bot_trading.strategies.cycles.rules import Exit, Opening, ahead, beyond, opposite
from plugins.bot_trading.strategies.cycles.state import CycleState
from plugins.bot_trading.strategies.numbers import ZERO, exact, floor_to
from plugins.bot_trading.strategies.protocol import Market, Order, Quote, Side, Triggers

__all__ = ["Ladder", "grown", "sides_trigger"]


@exact
def grown(market: Market, lot: Decimal, multiplier: Decimal, levels: int) -> tuple[Decimal, ...]:
    """Lots of each level, lot·m^(k−1), on the lot step."""
    return tuple(floor_to(lot * multiplier**index, market.lot_step) for index in range(levels))


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rules of a ladder.

    :ivar volumes: lots of each level.
    :ivar profit: price distance of the take-profit from a level's entry.
    :ivar stop: price distance of the stop-loss, and so of the next level.
    :ivar turns: each level has the other direction than the one before it.
    """

    side: Side
    volumes: Sequence[Decimal]
    profit: Decimal
    stop: Decimal
    turns: bool = False

    @property
    def levels(self) -> int:
        return len(self.volumes)

    def side_of(self, level: int) -> Side:
        """Direction of a level, the first being 1."""
        return opposite(self.side) if self.turns and level % 2 == 0 else self.side

    def first(self, quote: Quote) -> Opening:
        return self._opening(1, quote)

    def leaves(self, state: CycleState, quote: Quote) -> Exit | None:
        side = self.side_of(state.level)
        price = quote.bid if side == "buy" else quote.ask
        if beyond(side, price, self._target(state)):
            return Exit("take_profit")
        if beyond(opposite(side), price, self._final(state)):
            return Exit("stop_loss")
        return None

    def opens(self, state: CycleState, quote: Quote) -> list[Opening]:
        if state.level >= self.levels:
            return []
        side = self.side_of(state.level)
        reached = beyond(opposite(side), quote.bid if side == "buy" else quote.ask, self._next(state))
        # One level at most for each quote, however far it gapped.
        return [self._opening(state.level + 1, quote)] if reached else []

    def follows(self, state: CycleState, quote: Quote) -> Opening | None:
        return None

    def distance(self, state: CycleState, quote: Quote) -> Decimal:
        return self.stop

    def triggers(self, state: CycleState) -> Triggers:
        return sides_trigger(self.side_of(state.level), self._target(state), self._watched(state))

    def orders(self, state: CycleState) -> tuple[Order, ...]:
        if not state.rungs:
            return ()
        side, level = self.side_of(state.level), str(state.level)
        held = sum((rung.volume for rung in state.rungs), ZERO)
        found = [Order(opposite(side), self._target(state), held, "take_profit", level)]
        price, volume = self._next(state), ZERO
        for number in range(state.level + 1, self.levels + 1):
            volume = self.volumes[number - 1]
            if state.opens_now:
                found.append(Order(self.side_of(number), price, volume, "resting", str(number)))
            elif state.blocked and number == state.level + 1:
                found.append(Order(self.side_of(number), price, volume, "blocked_insufficient_funds", str(number)))
            price = ahead(self.side_of(number), price, -self.stop)
        if state.level == self.levels or not state.opens_now:
            found.append(Order(opposite(side), self._final(state), held, "stop_loss", level))
        return tuple(found)

    def _opening(self, level: int, quote: Quote) -> Opening:
        side = self.side_of(level)
        return Opening(level, side, self.volumes[level - 1], quote.ask if side == "buy" else quote.bid)

    @exact
    def _target(self, state: CycleState) -> Decimal:
        return ahead(self.side_of(state.level), state.anchor, self.profit)

    @exact
    def _next(self, state: CycleState) -> Decimal:
        return ahead(self.side_of(state.level), state.anchor, -self.stop)

    @exact
    def _final(self, state: CycleState) -> Decimal:
        """Where everything is closed at a loss.

        At the last level its own stop. Below it the ladder's end, where it would lie were each level opened at its own
        price: it protects a ladder that may open nothing. Levels that turn have no such end; each has its own stop then.
        """
        side = self.side_of(state.level)
        left = self.levels - state.level
        if left and state.opens_now:
            # The next level comes first. A quote that gaps over the whole ladder still opens one level only.
            return ZERO if side == "buy" else Decimal("Infinity")
        steps = 1 if self.turns else left + 1
        return ahead(side, state.anchor, -self.stop * steps)

    def _watched(self, state: CycleState) -> Decimal:
        return self._next(state) if state.level < self.levels and state.opens_now else self._final(state)


def sides_trigger(side: Side, target: Decimal, stop: Decimal | None) -> Triggers:
    """Triggers of positions of one side: its target in favour, its stop against it."""
    if side == "buy":
        return Triggers(bid_ge=target, bid_le=stop)
    return Triggers(ask_le=target, ask_ge=stop)
