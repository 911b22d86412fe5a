"""A run over recorded prices as a launch preview shows it: curve, drawdown, fills and decisions, by the code that runs live.

Between two steps a bot's result is a straight line of bid and ask: what it has realised, less what the held lots took, plus
what they are worth. So the curve and the drawdown count every quote and cost next to nothing.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from plugins.bot_trading.strategies.numbers import ZERO, exact, plain
from plugins.bot_trading.strategies.protocol import Figures, Quote, Setup, Step, Strategy
from plugins.bot_trading.strategies.run import run

__all__ = ["POINTS", "Fill", "Happening", "Rehearsal", "dump", "rehearse"]

S = TypeVar("S", bound=BaseModel)
T = TypeVar("T")

POINTS = 400
"""Points of a curve, about."""
KEPT = 200
"""Fills and decisions that are kept, the newest."""
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Fill:
    """An order that filled. ``opens``: it began a position, else it closed one."""

    ts_ms: int
    side: str
    volume: Decimal
    price: Decimal
    kind: str
    opens: bool
    label: str


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of the decision log, with the feed's time."""

    ts_ms: int
    code: str
    facts: dict[str, str]


@dataclass(slots=True)
class Rehearsal:
    """What a run came to. Money in the quote currency, shares in percent.

    :ivar curve: (time, total P&L, realised by whole cycles, bid), about :data:`POINTS` of them, the last quote included.
    :ivar drawdown: how far the equity fell below its peak at worst, in percent of the peak.
    :ivar worst: the lowest total P&L of any quote.
    :ivar fills: the newest, oldest first; ``figures.fills`` says how many there were.
    :ivar decisions: the newest, oldest first; ``codes`` counts all of them by code.
    """

    figures: Figures
    stage: str = ""
    reason: str = ""
    quotes: int = 0
    from_ms: int = 0
    to_ms: int = 0
    curve: list[tuple[int, Decimal, Decimal, Decimal]] = field(default_factory=list)
    drawdown: Decimal = ZERO
    worst: Decimal = ZERO
    best: Decimal = ZERO
    fills: list[Fill] = field(default_factory=list)
    decisions: list[Happening] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)


def rehearse(strategy: Strategy[S, T], setup: Setup[S], quotes: Iterable[Quote], count: int) -> Rehearsal:
    """Run a strategy over quotes, the first of which launches it.

    :param count: how many quotes there are, for the spacing of the curve.
    :raises StopIteration: where there is no quote at all.
    """
    watched: _Watched[S, T] = _Watched(strategy, setup, max(1, count // POINTS))
    done = run(strategy, setup, quotes, look=watched.look, took=watched.took)
    phase = strategy.phase(done.state)
    return watched.result(done.figures, phase.stage, phase.reason)


class _Watched(Generic[S, T]):
    """What is seen of a run while it goes on."""

    def __init__(self, strategy: Strategy[S, T], setup: Setup[S], every: int) -> None:
        self._strategy, self._setup, self._every = strategy, setup, every
        self._contract = setup.market.contract
        self._settled = self._profit = self._long = self._short = ZERO
        self._investment = ZERO
        self._seen, self._from, self._last = 0, 0, (0, ZERO, ZERO, ZERO)
        self._peak = self._worst = self._drawdown = ZERO
        self._curve: list[tuple[int, Decimal, Decimal, Decimal]] = []
        self._fills: list[Fill] = []
        self._log: list[Happening] = []
        self._codes: Counter[str] = Counter()

    def took(self, quote: Quote, step: Step[T]) -> None:
        """A crossing: from here on the line is another one."""
        figures = self._strategy.figures(self._setup, step.state, quote)
        self._investment, self._profit = figures.investment, figures.cycle_profit
        self._settled = figures.realised - figures.invested
        self._long, self._short = figures.base * self._contract, figures.short * self._contract
        for intent in step.intents:
            opens = intent.closes is None
            self._fills.append(
                Fill(quote.ts_ms, intent.side, intent.volume, intent.price, intent.kind, opens, intent.label)
            )
        for entry in step.log:
            self._codes[entry.code] += 1
            facts = self._strategy.words.facts(entry.code, entry.facts)
            self._log.append(Happening(quote.ts_ms, entry.code, facts))
        _shorten(self._fills)
        _shorten(self._log)

    @exact
    def look(self, quote: Quote, _state: T) -> None:
        """A quote, whether or not it changed anything."""
        total = self._settled + self._long * quote.bid - self._short * quote.ask
        if total > self._peak:
            self._peak = total
        elif total < self._peak:
            self._worst = min(self._worst, total)
            top = self._investment + self._peak
            if top > ZERO:
                self._drawdown = max(self._drawdown, (self._peak - total) / top)
        self._last = (quote.ts_ms, total, self._profit, quote.bid)
        if self._seen % self._every == 0:
            self._curve.append(self._last)
        if not self._seen:
            self._from = quote.ts_ms
        self._seen += 1

    def result(self, figures: Figures, stage: str, reason: str) -> Rehearsal:
        """Everything, once the run is over."""
        if self._curve[-1] != self._last:
            self._curve.append(self._last)
        return Rehearsal(
            figures,
            stage,
            reason,
            self._seen,
            self._from,
            self._last[0],
            self._curve,
            self._drawdown * _HUNDRED,
            self._worst,
            self._peak,
            self._fills[-KEPT:],
            self._log[-KEPT:],
            dict(self._codes),
        )


def _shorten(kept: list[Any]) -> None:
    if len(kept) > 2 * KEPT:
        del kept[:-KEPT]


def dump(found: Rehearsal) -> dict[str, Any]:
    """A rehearsal as JSON-able data; decimals as text."""
    figures = found.figures
    names = ("investment", "cash", "base", "short", "cycle_profit", "inventory_realised", "floating", "fees")
    return {
        **{name: plain(getattr(figures, name)) for name in (*names, "realised", "total", "equity")},
        "fills": figures.fills,
        "cycles": figures.cycles,
        "wins": figures.wins,
        "stage": found.stage,
        "reason": found.reason,
        "quotes": found.quotes,
        "from_ms": found.from_ms,
        "to_ms": found.to_ms,
        "drawdown": plain(round(found.drawdown, 4)),
        "worst": plain(found.worst),
        "best": plain(found.best),
        "curve": [[at, *(plain(value) for value in values)] for at, *values in found.curve],
        "last_fills": [
            {
                "ts_ms": fill.ts_ms,
                "side": fill.side,
                "volume": plain(fill.volume),
                "price": plain(fill.price),
                "kind": fill.kind,
                "opens": fill.opens,
                "label": fill.label,
            }
            for fill in found.fills
        ],
        "decisions": [{"ts_ms": one.ts_ms, "code": one.code, "facts": one.facts} for one in found.decisions],
        "codes": found.codes,
    }
