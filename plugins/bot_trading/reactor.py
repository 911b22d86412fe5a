"""Bots in the lanes: what follows when a quote crosses a bot's triggers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from core.sdk.data import TenantSession
from core.sdk.reactors import Reaction, ReactorQuote, Subject
from core.sdk.trading import OrderResult
from plugins.bot_trading.recording import write_records
from plugins.bot_trading.registry import Strategies
from plugins.bot_trading.running import Running, reactor_orders
from plugins.bot_trading.services.releasing import release_positions
from plugins.bot_trading.strategies.protocol import LogEntry, Quote, Step

__all__ = ["BotReactor"]


class BotReactor:
    """The reactor ``bots``: its subjects are bots, whatever their strategy."""

    name = "bots"

    def __init__(self, strategies: Strategies) -> None:
        self._strategies = strategies

    def react(self, subjects: Sequence[Subject]) -> Sequence[Reaction]:
        """Ask each bot's strategy."""
        return [self._react(subject) for subject in subjects]

    def settle(self, subject: Subject, reaction: Reaction, results: Sequence[OrderResult]) -> Reaction:
        """Ask again where an order was refused or booked otherwise than expected."""
        bot, quote, log = self._load(subject)
        step = bot.on_quote(quote)
        bot, step = bot.settled(step, results, quote)
        return self._answer(subject, bot, quote, step, log)

    def record(self, session: TenantSession, reactions: Sequence[Reaction]) -> None:
        """Bots' rows and their decision logs, in two statements; what ended bots still hold is the customers' own."""
        write_records(session, [(reaction.subject_id, entry) for reaction in reactions for entry in reaction.records])
        ended = [Running.load(self._strategies, reaction.state) for reaction in reactions if not reaction.active]
        release_positions(session, ended)

    def _react(self, subject: Subject) -> Reaction:
        bot, quote, log = self._load(subject)
        step = bot.on_quote(quote)
        return replace(self._answer(subject, bot.took(step), quote, step, log), orders=reactor_orders(step.intents))

    def _load(self, subject: Subject) -> tuple[Running, Quote, list[LogEntry]]:
        bot, quote = Running.load(self._strategies, subject.state), _quote(subject.quote)
        if not subject.reduce_only or not bot.strategy.phase(bot.state).opening:
            return bot, quote, []
        # The module went off without its bots having been told: they open nothing from here on.
        return bot.took(bot.on_command("pause", quote)), quote, [LogEntry("halted", {"reason": "module"})]

    def _answer(self, subject: Subject, bot: Running, quote: Quote, step: Step[Any], log: list[LogEntry]) -> Reaction:
        entries = [*log, *step.log]
        more = {"halt": "module"} if log else {}
        records = (bot.record(quote, entries, **more),) if entries or step.intents else ()
        return Reaction(
            subject_id=subject.id,
            state=bot.dump(),
            triggers=bot.triggers,
            reservation=bot.reserved,
            records=records,
            active=not bot.ended,
        )


def _quote(quote: ReactorQuote) -> Quote:
    return Quote(bid=quote.bid, ask=quote.ask, ts_ms=quote.ts_ms, seq=quote.seq, before=quote.before)
