"""What tests of Martingale and Reverse Martingale share: the market of EUR/USD, and bots that are shown quotes."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from plugins.bot_trading.strategies.cycles.state import CycleState, exposure
from plugins.bot_trading.strategies.guards import answer
from plugins.bot_trading.strategies.martingale.settings import MartingaleSettings
from plugins.bot_trading.strategies.martingale.strategy import Martingale
from plugins.bot_trading.strategies.numbers import ZERO
from plugins.bot_trading.strategies.protocol import (
    Command,
    Figures,
    LogEntry,
    Market,
    Quote,
    Setup,
    Step,
    Strategy,
    Triggers,
)
from plugins.bot_trading.strategies.reverse_martingale.settings import ReverseMartingaleSettings
from plugins.bot_trading.strategies.reverse_martingale.strategy import ReverseMartingale
from plugins.bot_trading.strategies.run import run

D = Decimal
MARTINGALE = Martingale()
REVERSE = ReverseMartingale()
EURUSD = Market(
    tick=D("0.00001"),
    lot_step=D("0.01"),
    contract=D(100_000),
    min_lot=D("0.01"),
    pip=D("0.0001"),
    currency="USD",
    account_currency="USD",
    leverage=D(100),
)
COIN = Market(tick=D("0.01"), lot_step=D("0.0001"), currency="USD", account_currency="USD")
UNGUARDED: dict[str, Any] = {"max_spread_pips": D(10_000), "cooldown_s": 0}
"""As good as no guard: the golden runs are without."""


def ladder(market: Market = EURUSD, **changes: Any) -> Setup[MartingaleSettings]:
    """The ladder 50/20 with five levels from 0.01 lot."""
    return Setup(MartingaleSettings(**changes), market)


def safety(market: Market = COIN, **changes: Any) -> Setup[MartingaleSettings]:
    """Safety orders 100 / 100 / 1 % ×2 / ×2 / 4 orders / take-profit 1 %, which are the defaults."""
    return Setup(MartingaleSettings(profile="safety_orders", **changes), market)


def reverse(market: Market = EURUSD, **changes: Any) -> Setup[ReverseMartingaleSettings]:
    """The streak 50/20 with five levels from 0.01 lot."""
    return Setup(ReverseMartingaleSettings(**changes), market)


def at(bid: str | Decimal, ask: str | Decimal | None = None, ts_ms: int = 0) -> Quote:
    """A quote; without an ask both sides are equal."""
    return Quote(D(bid), D(bid if ask is None else ask), ts_ms)


class Bot:
    """A bot that is shown quotes one second apart, by way of its stored form as in the lane."""

    def __init__(self, strategy: Strategy[Any, CycleState], setup: Setup[Any], *prices: str) -> None:
        self.strategy, self.setup = strategy, setup
        self.quote = at(prices[0])
        self.state: CycleState = strategy.start(setup, self.quote).state
        self.step: Step[CycleState] = Step(self.state)
        self.log: list[LogEntry] = []
        for price in prices:
            self.show(price)

    def show(self, bid: str, ask: str | None = None, after_s: float = 1) -> Step[CycleState]:
        before = self.quote
        self.quote = replace(at(bid, ask, before.ts_ms + int(after_s * 1000)), before=(before.bid, before.ask))
        return self._take(answer(self.strategy, self.setup, self.state, self.quote))

    def command(self, command: Command) -> Step[CycleState]:
        return self._take(self.strategy.on_command(self.setup, self.state, command, self.quote))

    def _take(self, step: Step[CycleState]) -> Step[CycleState]:
        self.step, self.state = step, self.strategy.load(self.strategy.dump(step.state))
        assert self.state == step.state
        self.log.extend(step.log)
        return step

    @property
    def figures(self) -> Figures:
        return self.strategy.figures(self.setup, self.state, self.quote)

    @property
    def triggers(self) -> Triggers:
        return self.strategy.triggers(self.setup, self.state)

    @property
    def codes(self) -> list[str]:
        return [entry.code for entry in self.log]

    def filled(self) -> list[tuple[str, Decimal, Decimal]]:
        """(side, volume, price) of the last step's orders."""
        return [(intent.side, intent.volume, intent.price) for intent in self.step.intents]

    def levels(self) -> list[tuple[str, Decimal, Decimal]]:
        """(side, volume, price) of what is open."""
        return [(rung.side, rung.volume, rung.price) for rung in self.state.rungs]


def ticks(path: Path) -> Iterator[Quote]:
    """The quotes of a tick file."""
    with path.open() as file:
        for row in csv.DictReader(file):
            yield Quote(D(row["bid"]), D(row["ask"]), int(row["ts_ms"]))


@dataclass
class Told:
    """What a whole run told, in the words of the golden runs."""

    figures: Figures
    state: CycleState
    cycles: list[tuple[str, int, Decimal]] = field(default_factory=list)
    """(how it ended, at which level, profit) of each cycle."""
    max_lots: Decimal = ZERO
    worst_float: Decimal = ZERO
    lost_at: list[int] = field(default_factory=list)
    """Times of final stops."""

    @property
    def by_end(self) -> dict[str, int]:
        return dict(Counter(f"{end}@L{level}" for end, level, _ in self.cycles))


def tell(
    strategy: Strategy[Any, CycleState], setup: Setup[Any], quotes: Iterator[Quote], stop: str = "final_sl"
) -> Told:
    """Run over quotes. ``stop``: the golden runs' word for the end by a stop-loss."""
    lots = worst = ZERO
    seen: CycleState | None = None
    longs = shorts = cost = ZERO

    def look(quote: Quote, state: CycleState) -> None:
        nonlocal lots, worst, seen, longs, shorts, cost
        if state is not seen:
            seen = state
            longs, shorts, cost = exposure(state)
            lots = max(lots, longs + shorts)
        worst = min(worst, (longs * quote.bid - shorts * quote.ask) * setup.market.contract - cost)

    result = run(strategy, setup, quotes, look=look)
    made = Told(result.figures, result.state, max_lots=lots, worst_float=worst)
    for entry in result.log:
        if entry.code in ("cycle_won", "cycle_lost"):
            end = "tp" if entry.facts["why"] == "take_profit" else stop
            made.cycles.append((end, int(entry.facts["level"]), D(entry.facts["profit"])))
    states = [state for _, _, state in result.events]
    made.lost_at = [
        quote.ts_ms
        for (quote, _, state), before in zip(result.events[1:], states, strict=False)
        if state.cycles - state.wins > before.cycles - before.wins
    ]
    return made
