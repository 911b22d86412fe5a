"""One event of a strategy of cycles worked off: what closes, what opens, and what keeps it from opening.

What is wanted follows from the state and the quote alone, before anything is booked; so the answer to the results that
came back asks for the same orders with the same keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from plugins.bot_trading.strategies.cycles.booking import BY_HAND, assumed, booked, finished, reduced
from plugins.bot_trading.strategies.cycles.guards import HOUR_MS, holds_cycle, holds_level, waits_until
from plugins.bot_trading.strategies.cycles.rules import Exit, Opening, Rules, opposite
from plugins.bot_trading.strategies.cycles.settings import CycleSettings
from plugins.bot_trading.strategies.cycles.state import CycleState, Rung
from plugins.bot_trading.strategies.numbers import ZERO, plain
from plugins.bot_trading.strategies.protocol import (
    Command,
    Intent,
    LogEntry,
    Market,
    Quote,
    Reduction,
    Result,
    Side,
    Step,
    Triggers,
)

__all__ = ["EACH_QUOTE", "Engine"]

EACH_QUOTE = Triggers(bid_ge=ZERO)
"""Every quote matters: while something waits that no price can tell."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The events of one bot."""

    settings: CycleSettings
    market: Market
    rules: Rules

    # --- events ------------------------------------------------------------------------------------------------

    def quote(
        self, state: CycleState, quote: Quote, results: Sequence[Result] | None = None, *, anew: bool = False
    ) -> Step[CycleState]:
        """Answer a quote; with the results that came back where there are some.

        :param anew: orders are placed now, so that one that the price has passed executes at the market.
        """
        if state.stage == "ended":
            return Step(state)
        if state.stage == "closing" or any(rung.leaving for rung in state.rungs):
            return self._taken(state, self._closes(state, quote, only_leaving=True), quote, results)
        if not state.level:
            return self._begin(state, quote, results)
        leaves = self.rules.leaves(state, quote) if state.rungs else None
        if leaves is not None:
            return self._leave(state, leaves, quote, results)
        openings = self.rules.opens(state, quote)
        if anew:
            openings = [replace(one, price=_market(one.side, quote), kind="market") for one in openings]
        return self._advance(state, openings, quote, results)

    def command(
        self, state: CycleState, command: Command, quote: Quote, results: Sequence[Result] | None = None
    ) -> Step[CycleState]:
        """Carry out a command."""
        if state.stage != "active":
            return Step(state)
        match command:
            case "pause":
                return Step(replace(state, opening=False))
            case "resume":
                # What has been reached meanwhile is done at this quote.
                return self.quote(replace(state, opening=True, winding=False, waits=""), quote, results, anew=True)
            case "retry":
                return self.quote(replace(state, waits=""), quote, results, anew=True) if state.blocked else Step(state)
            case "wind_down":
                state = replace(state, opening=False, winding=True)
                return Step(state) if state.rungs else self._stopped(state, "wound_down", quote)
            case "stop_keep":
                return self._stopped(state, "stopped", quote)
            case "stop_close":
                if not state.rungs:
                    return self._stopped(state, "stopped", quote)
                rungs = tuple(replace(rung, leaving=True) for rung in state.rungs)
                state = replace(state, rungs=rungs, stage="closing", reason="stopped", opening=False, exit="stopped")
                entry = LogEntry("stopped", {"price": plain(quote.bid)})
                return self._taken(state, self._closes(state, quote, only_leaving=True), quote, results, [entry])

    def reduce(self, state: CycleState, reduction: Reduction, quote: Quote) -> Step[CycleState]:
        """Somebody else closed a level or a part of it, or a close that had to wait was filled."""
        expected = any(rung.key == reduction.key and rung.leaving for rung in state.rungs)
        state = reduced(self.market, state, reduction, quote)
        facts = {"volume": plain(reduction.volume), "price": plain(reduction.price)}
        log = [LogEntry("closed" if expected else "closed_by_hand", facts)]
        if not state.rungs and not state.exit and not expected:
            state = replace(state, exit=BY_HAND)
        if state.exit:
            state, told = finished(self.settings, state, quote)
            log.extend(told)
        return Step(state, (), tuple(log))

    def triggers(self, state: CycleState) -> Triggers:
        """Where the next quote that matters lies."""
        if state.stage == "ended":
            return Triggers()
        leaving = [rung for rung in state.rungs if rung.leaving]
        if state.stage == "closing" or leaving:
            return EACH_QUOTE if any(not rung.pending for rung in leaving) else Triggers()
        if state.rungs:
            return self.rules.triggers(state)
        return replace(EACH_QUOTE, after_ms=waits_until(self.settings, state)) if state.opens_now else Triggers()

    # --- what follows --------------------------------------------------------------------------------------------

    def _begin(self, state: CycleState, quote: Quote, results: Sequence[Result] | None) -> Step[CycleState]:
        if not state.opens_now:
            return Step(state)
        first = self.rules.first(quote)
        why = holds_cycle(self.settings, self.market, state, quote, self.rules.distance(state, quote))
        if why:
            return self._waits(state, why, quote)
        return self._taken(state, self._intents(state, [first]), quote, results)

    def _leave(
        self, state: CycleState, leaves: Exit, quote: Quote, results: Sequence[Result] | None
    ) -> Step[CycleState]:
        """Close everything; a winner of a streak is followed by the next level on the same quote."""
        follows = self.rules.follows(state, quote) if leaves.goes_on and state.opens_now else None
        why = holds_level(self.settings, self.market, quote, self.rules.distance(state, quote)) if follows else ""
        goes_on = leaves.goes_on and not state.winding
        state = replace(state, exit="" if goes_on else leaves.reason)
        opened = []
        if leaves.reason == "stop_loss":
            # A stop gaps over what rested above it: those levels fill first, and are closed with the others.
            opened = self._intents(state, self._touched(state, quote))
        state = replace(state, seq=state.seq + len(opened))
        closes = self._closes(state, quote, leaves, opened)
        state = replace(state, seq=state.seq + len(closes))
        intents = [*opened, *closes]
        if follows is not None and not why:
            intents.extend(self._intents(state, [follows]))
        entry = LogEntry(leaves.reason, {"price": plain(closes[0].price), "level": str(state.level)})
        step = self._taken(state, intents, quote, results, [entry])
        return self._waits(step.state, why, quote, step) if why else step

    def _advance(
        self, state: CycleState, openings: Sequence[Opening], quote: Quote, results: Sequence[Result] | None
    ) -> Step[CycleState]:
        if not openings or not state.opens_now:
            return Step(state)
        why = holds_level(self.settings, self.market, quote, self.rules.distance(state, quote))
        if why:
            return self._waits(state, why, quote)
        return self._taken(state, self._intents(state, openings), quote, results)

    def _touched(self, state: CycleState, quote: Quote) -> list[Opening]:
        """Resting orders that the quote touches and nothing holds back."""
        if not state.opens_now or holds_level(self.settings, self.market, quote, self.rules.distance(state, quote)):
            return []
        return [opening for opening in self.rules.opens(state, quote) if opening.kind == "limit"]

    def _taken(
        self,
        state: CycleState,
        intents: Sequence[Intent],
        quote: Quote,
        results: Sequence[Result] | None,
        log: Sequence[LogEntry] = (),
    ) -> Step[CycleState]:
        """Book the results, those expected where none came back, and end the cycle where nothing is left."""
        if results is None:
            results = assumed(self.market, intents)
        began = not state.level
        state = booked(self.market, state, results, quote)
        if began and state.level and self.settings.max_cycles_per_hour is not None:
            recent = [start for start in state.starts if start > quote.ts_ms - HOUR_MS]
            state = replace(state, starts=(*recent, quote.ts_ms))
        log = [*log, *_told(results)]
        if state.exit:
            state, more = finished(self.settings, state, quote)
            log = [*log, *more]
        return Step(state, tuple(intents), tuple(log))

    def _waits(
        self, state: CycleState, why: str, quote: Quote, step: Step[CycleState] | None = None
    ) -> Step[CycleState]:
        """Nothing is opened; the reason is told once."""
        log = () if step is None else step.log
        intents = () if step is None else step.intents
        if state.waits == why:
            return Step(state, intents, log)
        facts = {"reason": why, "spread": plain(quote.ask - quote.bid)}
        return Step(replace(state, waits=why), intents, (*log, LogEntry("waits", facts)))

    def _stopped(self, state: CycleState, reason: str, quote: Quote) -> Step[CycleState]:
        entry = LogEntry(reason, {"price": plain(quote.bid), "cycles": str(state.cycles)})
        return Step(replace(state, stage="ended", reason=reason, opening=False), (), (entry,))

    # --- orders --------------------------------------------------------------------------------------------------

    def _intents(self, state: CycleState, openings: Sequence[Opening]) -> list[Intent]:
        return [
            Intent(str(state.seq + number), one.side, one.volume, one.price, kind=one.kind, label=str(one.level))
            for number, one in enumerate(openings, 1)
        ]

    def _closes(
        self,
        state: CycleState,
        quote: Quote,
        leaves: Exit | None = None,
        opened: Sequence[Intent] = (),
        *,
        only_leaving: bool = False,
    ) -> list[Intent]:
        """One order for each open level: at the market, or at the resting price that was touched."""
        held = [rung for rung in state.rungs if not rung.pending and (rung.leaving or not only_leaving)]
        held += [Rung(int(one.label), one.side, one.volume, one.price, ZERO, one.key) for one in opened]
        price = leaves.price if leaves is not None else None
        return [
            Intent(
                str(state.seq + number),
                opposite(rung.side),
                rung.volume,
                _market(opposite(rung.side), quote) if price is None else price,
                kind="market" if price is None else "limit",
                closes=rung.key,
                label=str(rung.level),
            )
            for number, rung in enumerate(held, 1)
        ]


def _market(side: Side, quote: Quote) -> Decimal:
    return quote.ask if side == "buy" else quote.bid


def _told(results: Sequence[Result]) -> list[LogEntry]:
    log = []
    for result in results:
        intent = result.intent
        facts = {"level": intent.label, "volume": plain(intent.volume), "price": plain(result.price)}
        if result.error is not None:
            code = "blocked" if intent.closes is None else "close_waits"
            alert = intent.closes is None
            log.append(LogEntry(code, {"reason": result.error, "orders": "1"}, alert=alert))
        elif intent.closes is None:
            log.append(LogEntry("level_opened", {**facts, "side": intent.side}))
    return log
