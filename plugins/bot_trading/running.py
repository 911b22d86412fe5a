"""A bot as the platform keeps it: a strategy's state with its settings, its market and the positions it opened.

Both ways in which a bot moves go through here: the reactor (a quote) and the commands (a person or a job).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from core.sdk.reactors import ReactorOrder, Triggers
from core.sdk.trading import OrderResult
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.strategies.guards import answer
from plugins.bot_trading.strategies.numbers import ZERO, plain
from plugins.bot_trading.strategies.protocol import (
    WAITS,
    Command,
    Figures,
    Intent,
    LogEntry,
    Market,
    Quote,
    Reduction,
    Result,
    Setup,
    Step,
    Strategy,
)

__all__ = ["Running", "dump_market", "load_market"]

_FLAGS = ("hedging",)
_WORDS = ("currency", "account_currency")
_WHOLE = ("staleness_ms",)


def dump_market(market: Market) -> dict[str, Any]:
    """The market as JSON-able data."""
    values = {field.name: getattr(market, field.name) for field in fields(market)}
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}


def load_market(data: Mapping[str, Any]) -> Market:
    """The inverse of :func:`dump_market`."""
    kept = (*_FLAGS, *_WORDS, *_WHOLE)
    values: dict[str, Any] = {
        name: value if name in kept or value is None else Decimal(value) for name, value in data.items()
    }
    return Market(**values)


@dataclass(frozen=True, slots=True)
class Running:
    """One bot in memory. ``positions``: key of an opening order → the position it made, while the bot holds it."""

    strategy: Strategy[BaseModel, Any]
    setup: Setup[BaseModel]
    state: Any
    positions: Mapping[str, UUID]

    @classmethod
    def load(cls, strategies: Strategies, data: Mapping[str, Any]) -> Running:
        """From a subject's state. Raises ``KeyError`` where its strategy is not installed."""
        strategy = strategies[data["strategy"]]
        settings = strategy.settings_model.model_validate(data["settings"])
        setup = Setup(settings, load_market(data["market"]))
        positions = {key: UUID(value) for key, value in data["positions"].items()}
        return cls(strategy, setup, strategy.load(data["state"]), positions)

    def dump(self) -> dict[str, Any]:
        """As a subject's state."""
        return {
            "strategy": self.strategy.key,
            "settings": self.setup.settings.model_dump(mode="json"),
            "market": dump_market(self.setup.market),
            "positions": {key: str(value) for key, value in self.positions.items()},
            "state": self.strategy.dump(self.state),
        }

    # --- events ------------------------------------------------------------------------------------------------

    def on_quote(self, quote: Quote) -> Step[Any]:
        """The answer to a quote; a stale one, and one that leaps, is let pass."""
        return answer(self.strategy, self.setup, self.state, quote)

    def on_command(self, command: Command, quote: Quote) -> Step[Any]:
        return self.strategy.on_command(self.setup, self.state, command, quote)

    def on_reduced(self, reduction: Reduction, quote: Quote) -> Step[Any]:
        return self.strategy.on_reduced(self.setup, self.state, reduction, quote)

    def took(self, step: Step[Any]) -> Running:
        """The bot after a step."""
        return self._holding(replace(self, state=step.state))

    def settled(
        self, step: Step[Any], results: Sequence[OrderResult], quote: Quote, command: Command | None = None
    ) -> tuple[Running, Step[Any]]:
        """The bot once its orders' results are known, and the step that really happened."""
        booked = [self._result(intent, result) for intent, result in zip(step.intents, results, strict=True)]
        if any(not self._expected(result) for result in booked):
            step = self.strategy.on_results(self.setup, self.state, booked, quote, command)
        for intent, result in zip(step.intents, results, strict=True):
            step = self._clamped(step, intent, result, quote)
        positions = dict(self.positions)
        for intent, result in zip(step.intents, results, strict=True):
            if intent.closes is None and result.fills:
                positions[intent.key] = result.fills[-1].position_id
        return self._holding(replace(self, state=step.state, positions=positions)), step

    def _holding(self, bot: Running) -> Running:
        held = bot.strategy.held(bot.setup, bot.state)
        if held.keys() >= bot.positions.keys():
            return bot
        return replace(bot, positions={key: value for key, value in bot.positions.items() if key in held})

    def _result(self, intent: Intent, result: OrderResult) -> Result:
        if not result.fills:
            return Result(intent, intent.price, ZERO, error=_error(result))
        if result.filled != intent.volume:
            return Result(intent, intent.price, ZERO, error="position_closed")
        price = result.average_price if result.average_price is not None else intent.price
        if self.setup.market.account_currency != self.setup.market.currency:
            return Result(intent, price, self.setup.market.fee(intent.volume, price))
        return Result(intent, price, sum((fill.commission for fill in result.fills), ZERO))

    def _clamped(self, step: Step[Any], intent: Intent, result: OrderResult, quote: Quote) -> Step[Any]:
        """Book what was left of a position that somebody else had closed in part just before our own close of it."""
        if not result.fills or result.filled == intent.volume or intent.closes is None:
            return step
        price = result.average_price if result.average_price is not None else intent.price
        reduction = Reduction(intent.closes, result.filled, price, self.setup.market.fee(result.filled, price))
        after = self.strategy.on_reduced(self.setup, step.state, reduction, quote)
        return Step(after.state, step.intents, (*step.log, *after.log))

    def _expected(self, result: Result) -> bool:
        intent = result.intent
        return (
            result.error is None
            and result.price == intent.price
            and result.fee == self.setup.market.fee(intent.volume, intent.price)
        )

    # --- views -------------------------------------------------------------------------------------------------

    @property
    def triggers(self) -> Triggers:
        """The nearest prices that matter, as the account sees them."""
        found = self.strategy.triggers(self.setup, self.state)
        return Triggers(
            ask_le=found.ask_le, ask_ge=found.ask_ge, bid_ge=found.bid_ge, bid_le=found.bid_le, after_ms=found.after_ms
        )

    @property
    def reserved(self) -> Decimal:
        return self.strategy.reserved(self.setup, self.state)

    @property
    def ended(self) -> bool:
        return self.strategy.phase(self.state).stage == "ended"

    def figures(self, quote: Quote) -> Figures:
        return self.strategy.figures(self.setup, self.state, quote)

    def status(self) -> str:
        """The status that the strategy's own stage means, for a bot that nobody holds."""
        stage = self.strategy.phase(self.state).stage
        return {"waiting": "waiting_trigger", "active": "running", "closing": "stopping", "ended": "stopped"}[stage]

    def record(self, quote: Quote, log: Iterable[LogEntry], **more: str) -> dict[str, Any]:
        """The facts of an event for the bot's row and its decision log."""
        figures, phase = self.figures(quote), self.strategy.phase(self.state)
        return {
            "stage": phase.stage,
            "reason": phase.reason,
            "blocked": phase.blocked,
            "seq": quote.seq,
            "ts_ms": quote.ts_ms,
            "cash": plain(figures.cash),
            "base": plain(figures.base),
            "invested": plain(figures.invested),
            "cycle_profit": plain(figures.cycle_profit),
            "inventory_realised": plain(figures.inventory_realised),
            "fees": plain(figures.fees),
            "short": plain(figures.short),
            "floating": plain(figures.floating),
            "total": plain(figures.total),
            "fills": figures.fills,
            "cycles": figures.cycles,
            "wins": figures.wins,
            "log": [
                {"code": entry.code, "facts": self.strategy.words.facts(entry.code, entry.facts), "alert": entry.alert}
                for entry in log
            ],
            **more,
        }


def _error(result: OrderResult) -> str:
    """Why an order has not filled: a refusal's code, or that it waits (for the market, or for a venue's answer)."""
    return WAITS if result.accepted else result.reason or result.status


def reactor_orders(intents: Iterable[Intent]) -> tuple[ReactorOrder, ...]:
    """Intents as the orders that a reactor wants carried out."""
    return tuple(
        ReactorOrder(
            key=intent.key,
            side=intent.side,
            volume=intent.volume,
            kind=intent.kind,
            price=intent.price if intent.kind == "limit" else None,
            close_key=intent.closes,
        )
        for intent in intents
    )
