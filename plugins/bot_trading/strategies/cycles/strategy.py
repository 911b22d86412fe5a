"""The part of a strategy that all strategies of cycles have in common."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from plugins.bot_trading.strategies.cycles.engine import Engine
from plugins.bot_trading.strategies.cycles.rules import Rules
from plugins.bot_trading.strategies.cycles.settings import CycleSettings
from plugins.bot_trading.strategies.cycles.state import CycleState, dump, exposure, load, margin_used
from plugins.bot_trading.strategies.guards import withheld
from plugins.bot_trading.strategies.numbers import ZERO, exact
from plugins.bot_trading.strategies.protocol import (
    Command,
    Figures,
    Order,
    Phase,
    Preview,
    Quote,
    Reduction,
    Result,
    Setup,
    Step,
    Triggers,
)

__all__ = ["CycleStrategy"]

S = TypeVar("S", bound=BaseModel)


class CycleStrategy(ABC, Generic[S]):
    """See :class:`plugins.bot_trading.strategies.protocol.Strategy`; a strategy adds its rules and its preview."""

    @abstractmethod
    def rules(self, setup: Setup[S]) -> Rules:
        """The rules of one bot."""

    @abstractmethod
    def guards(self, setup: Setup[S]) -> CycleSettings:
        """The settings that all strategies of cycles have."""

    @abstractmethod
    def preview(self, setup: Setup[S], quote: Quote, funds: Decimal | None) -> Preview:
        """Check settings against market, price and free funds."""

    def capital(self, setup: Setup[S], quote: Quote) -> Decimal:
        """What a launch reserves: see the preview."""
        return self.preview(setup, quote, None).needed

    def start(self, setup: Setup[S], quote: Quote) -> Step[CycleState]:
        """A bot that begins its first cycle on the first quote that no guard holds back."""
        return Step(CycleState(capital=self.capital(setup, quote)))

    def on_quote(self, setup: Setup[S], state: CycleState, quote: Quote) -> Step[CycleState]:
        """Answer a quote."""
        return self._engine(setup).quote(state, quote)

    def on_results(
        self,
        setup: Setup[S],
        before: CycleState,
        results: Sequence[Result],
        quote: Quote,
        command: Command | None = None,
    ) -> Step[CycleState]:
        """The answer to the quote or command again, with the results that came back."""
        engine = self._engine(setup)
        if command is None:
            return engine.quote(before, quote, results)
        return engine.command(before, command, quote, results)

    def on_reduced(self, setup: Setup[S], state: CycleState, reduction: Reduction, quote: Quote) -> Step[CycleState]:
        """Somebody else closed a position of the bot, or a part of it: no counter order follows."""
        return self._engine(setup).reduce(state, reduction, quote)

    def on_command(self, setup: Setup[S], state: CycleState, command: Command, quote: Quote) -> Step[CycleState]:
        """Carry out a command."""
        if command == "resume" and state.stage == "active" and withheld(setup.market, quote):
            # Nothing is opened on such a quote; the next one decides.
            return Step(replace(state, opening=True, winding=False, waits=""))
        if command == "retry" and withheld(setup.market, quote):
            return Step(state)
        return self._engine(setup).command(state, command, quote)

    def triggers(self, setup: Setup[S], state: CycleState) -> Triggers:
        """Take-profit and stop or next level of what is open; each quote while a cycle waits to begin."""
        return self._engine(setup).triggers(state)

    def orders(self, setup: Setup[S], state: CycleState) -> tuple[Order, ...]:
        """What would be done at which price."""
        return self.rules(setup).orders(state) if state.stage == "active" else ()

    @exact
    def figures(self, setup: Setup[S], state: CycleState, quote: Quote) -> Figures:
        """The bot's money: what it bought is measured at the bid, what it sold short at the ask."""
        longs, shorts, invested = exposure(state)
        worth = setup.market.notional(longs, quote.bid) - setup.market.notional(shorts, quote.ask)
        return Figures(
            investment=state.capital,
            cash=state.capital + state.realised - invested,
            base=longs,
            invested=invested,
            cycle_profit=state.cycle_profit,
            inventory_realised=state.cycle_realised,
            floating=worth - invested,
            fees=state.fees,
            fills=state.fills,
            cycles=state.cycles,
            wins=state.wins,
            short=shorts,
        )

    @exact
    def reserved(self, setup: Setup[S], state: CycleState) -> Decimal:
        """What is left of the capital after losses, less the margin in use; profits are not tied up."""
        if state.stage == "ended":
            return ZERO
        return max(ZERO, state.capital + min(state.realised, ZERO) - margin_used(setup.market, state))

    def held(self, setup: Setup[S], state: CycleState) -> Mapping[str, Decimal]:
        """Lots held by the key of the order that opened them."""
        return {rung.key: rung.volume for rung in state.rungs}

    def phase(self, state: CycleState) -> Phase:
        """Where the bot stands."""
        return Phase(state.stage, state.reason, state.opening, int(state.blocked))

    def dump(self, state: CycleState) -> dict[str, Any]:
        """The state as JSON-able data."""
        return dump(state)

    def load(self, data: Mapping[str, Any]) -> CycleState:
        """The inverse of ``dump``."""
        return load(data)

    def _engine(self, setup: Setup[S]) -> Engine:
        return Engine(self.guards(setup), setup.market, self.rules(setup))
