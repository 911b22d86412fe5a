"""Dollar-cost averaging as a strategy: one class whose methods are pure functions of settings, state and event.

What is wanted follows from state and quote alone (:meth:`DollarCostAveraging._wanted`), so that the same event asked twice
asks for the same orders with the same keys; what became of them is booked apart (``state.booked``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from core.sdk.text import _
from dca_bot import launch
from dca_bot.settings import DcaSettings
from dca_bot.state import ZERO, DcaState, booked, dump, invested_in, load, lots_held, without
from plugins.bot_trading.sdk import (
    Command,
    Figures,
    Intent,
    Limit,
    LogEntry,
    Market,
    Order,
    Phase,
    Preview,
    Quote,
    Reduction,
    Result,
    Setup,
    Step,
    Strategy,
    Triggers,
    Words,
    ceil_to,
    exact,
    plain,
)

__all__ = ["DollarCostAveraging"]

Dca = Setup[DcaSettings]
EACH_QUOTE = Triggers(bid_ge=ZERO)
"""Every price matters."""


class DollarCostAveraging(Strategy[DcaSettings, DcaState]):
    """Buys for the same amount again and again, and may sell all of it at a profit."""

    key: ClassVar[str] = "dca"
    title: ClassVar[str] = "Dollar-Cost Averaging"
    summary: ClassVar[str] = _("Buys for the same amount again and again, so that it gets more when prices are low.")
    settings_model: type[DcaSettings] = DcaSettings
    words: ClassVar[Words] = Words(
        unit=_("Purchases"),
        profit=_("Taken profit"),
        profit_help=_(
            "What the bot's own sales have brought. Look at it together with the total, which counts what is held."
        ),
        inventory=_("Sold by others"),
        inventory_help=_("What purchases have brought that somebody else has sold."),
        cycles=_("Sales"),
        wins=False,
        log={
            "dca_bought": _("Purchase {number}: {volume} lots at {price}"),
            "dca_too_dear": _("Purchase {number} waits: {price} is above the highest price"),
            "dca_refused": _("Purchase {number} was refused ({reason}) and is let go"),
            "dca_sold": _("Everything sold at {price}"),
        },
    )

    # --- before a launch ---------------------------------------------------------------------------------------------

    def preview(self, setup: Dca, quote: Quote, funds: Decimal | None) -> Preview:
        """What the plan needs, its first purchase, and every reason against it."""
        return launch.preview(setup, quote, funds)

    def suggest(self, market: Market, quote: Quote, capital: Decimal) -> Mapping[str, Any]:
        """Ten purchases that use the capital."""
        return launch.suggest(market, quote, capital)

    def limits(
        self, values: Mapping[str, Any], market: Market, quote: Quote, funds: Decimal | None
    ) -> Mapping[str, Limit]:
        """What the symbol's smallest order and the free funds leave."""
        return launch.limits(values, market, quote, funds)

    def capital(self, setup: Dca, quote: Quote) -> Decimal:
        """All purchases."""
        return launch.needed(setup.settings)

    # --- events ------------------------------------------------------------------------------------------------------

    def start(self, setup: Dca, quote: Quote) -> Step[DcaState]:
        """A bot whose first purchase is due at once."""
        return Step(DcaState(capital=self.capital(setup, quote), next_ms=quote.ts_ms))

    def on_quote(self, setup: Dca, state: DcaState, quote: Quote) -> Step[DcaState]:
        """Buy when it is time, sell at the target."""
        return self._answer(setup, state, quote, None)

    def on_results(
        self, setup: Dca, before: DcaState, results: Sequence[Result], quote: Quote, command: Command | None = None
    ) -> Step[DcaState]:
        """The same event again, with what came back."""
        if command is not None:
            before = self._commanded(before, command, quote, setup)
        return self._answer(setup, before, quote, results)

    def on_command(self, setup: Dca, state: DcaState, command: Command, quote: Quote) -> Step[DcaState]:
        """Pause, resume, and the ways to stop. A resume makes up for nothing: the plan goes on with its next purchase."""
        state = self._commanded(state, command, quote, setup)
        return self._answer(setup, state, quote, None) if state.stage == "closing" else Step(state)

    def on_reduced(self, setup: Dca, state: DcaState, reduction: Reduction, quote: Quote) -> Step[DcaState]:
        """Somebody else sold a purchase or a part of it, or a sale that had to wait was filled."""
        lot = next((lot for lot in state.lots if lot.key == reduction.key), None)
        own = lot is not None and lot.leaving
        state = without(setup.market, state, reduction.key, reduction.volume, reduction.price, reduction.fee, own=own)
        facts = {"volume": plain(reduction.volume), "price": plain(reduction.price)}
        entry = LogEntry("closed" if own else "closed_by_hand", facts)
        return Step(_over(state), (), (entry,))

    def triggers(self, setup: Dca, state: DcaState) -> Triggers:
        """The time of the next purchase, the highest price while one waits, and the target."""
        if state.stage == "ended":
            return Triggers()
        if any(lot.leaving and not lot.pending for lot in state.lots):
            return EACH_QUOTE
        target = _target(setup, state) if state.stage == "active" else None
        buys = state.stage == "active" and state.opening and state.bought < setup.settings.purchases
        if buys and state.waits:
            return Triggers(ask_le=setup.settings.highest_price, bid_ge=target)
        if buys:
            # A time holds prices back too: with a target every quote has to be looked at.
            return replace(EACH_QUOTE, after_ms=state.next_ms) if target is None else EACH_QUOTE
        return Triggers(bid_ge=target)

    # --- views -------------------------------------------------------------------------------------------------------

    def orders(self, setup: Dca, state: DcaState) -> tuple[Order, ...]:
        """The target, where there is one."""
        target = _target(setup, state)
        if target is None or state.stage != "active":
            return ()
        return (Order("sell", target, lots_held(state), "take_profit", str(state.bought)),)

    @exact
    def figures(self, setup: Dca, state: DcaState, quote: Quote) -> Figures:
        """The bot's money: what is held is measured at the bid."""
        held, invested = lots_held(state), invested_in(state)
        return Figures(
            investment=state.capital,
            cash=state.capital + state.realised - invested,
            base=held,
            invested=invested,
            cycle_profit=state.taken,
            inventory_realised=state.elsewhere,
            floating=setup.market.notional(held, quote.bid) - invested,
            fees=state.fees,
            fills=state.fills,
            cycles=state.sales,
            wins=0,
        )

    @exact
    def reserved(self, setup: Dca, state: DcaState) -> Decimal:
        """What the plan may still use, less the margin of what it holds."""
        if state.stage == "ended":
            return ZERO
        margin = sum((setup.market.notional(lot.volume, lot.price) for lot in state.lots), ZERO) / setup.market.leverage
        return max(ZERO, state.capital + min(state.realised, ZERO) - margin)

    def held(self, setup: Dca, state: DcaState) -> Mapping[str, Decimal]:
        """Lots by the key of the purchase."""
        return {lot.key: lot.volume for lot in state.lots}

    def phase(self, state: DcaState) -> Phase:
        """Where the bot stands."""
        return Phase(state.stage, state.reason, state.opening)

    def dump(self, state: DcaState) -> dict[str, Any]:
        """The state as JSON-able data."""
        return dump(state)

    def load(self, data: Mapping[str, Any]) -> DcaState:
        """The inverse of ``dump``."""
        return load(data)

    # --- how it decides ----------------------------------------------------------------------------------------------

    def _answer(self, setup: Dca, state: DcaState, quote: Quote, results: Sequence[Result] | None) -> Step[DcaState]:
        """What is wanted at a quote, booked with the results that came back, or those that are expected."""
        if state.stage == "ended":
            return Step(state)
        state, wanted, log = self._wanted(setup, state, quote)
        if results is None:
            results = [Result(one, one.price, setup.market.fee(one.volume, one.price)) for one in wanted]
        for result in results:
            number, price = str(state.bought), plain(result.price)
            if result.intent.closes is not None:
                log = log or [LogEntry("dca_sold", {"price": price})]
            elif result.error is not None:
                log.append(LogEntry("dca_refused", {"number": number, "reason": result.error}, alert=True))
            else:
                facts = {"number": number, "volume": plain(result.intent.volume), "price": price}
                log.append(LogEntry("dca_bought", facts))
            state = booked(setup.market, state, result)
        return Step(_over(state), tuple(wanted), tuple(log))

    @exact
    def _wanted(self, setup: Dca, state: DcaState, quote: Quote) -> tuple[DcaState, list[Intent], list[LogEntry]]:
        """The orders that a quote leads to, and the state in which they are under way."""
        settings, market, target = setup.settings, setup.market, _target(setup, state)
        if state.stage == "active" and target is not None and quote.bid >= target:
            lots = tuple(replace(lot, leaving=True) for lot in state.lots)
            state = replace(
                state, stage="closing", reason="take_profit", opening=False, lots=lots, sales=state.sales + 1
            )
        leaving = [lot for lot in state.lots if lot.leaving and not lot.pending]
        if leaving:
            return (
                state,
                [
                    Intent(str(state.seq + number), "sell", lot.volume, quote.bid, closes=lot.key)
                    for number, lot in enumerate(leaving, 1)
                ],
                [],
            )
        due = state.opening and state.bought < settings.purchases and quote.ts_ms >= state.next_ms
        if state.stage != "active" or not due:
            return state, [], []
        if settings.highest_price is not None and quote.ask > settings.highest_price:
            if state.waits:
                return state, [], []
            entry = LogEntry("dca_too_dear", {"number": str(state.bought + 1), "price": plain(quote.ask)})
            return replace(state, waits=entry.code), [], [entry]
        state = replace(state, bought=state.bought + 1, next_ms=quote.ts_ms + settings.every_minutes * 60_000, waits="")
        volume = launch.volume(market, settings.amount, quote.ask)
        if volume <= ZERO:
            # Prices have risen since the launch: the amount buys no whole step any more.
            refused = LogEntry("dca_refused", {"number": str(state.bought), "reason": "below_min_lot"}, alert=True)
            return state, [], [refused]
        return state, [Intent(str(state.seq + 1), "buy", volume, quote.ask)], []

    def _commanded(self, state: DcaState, command: Command, quote: Quote, setup: Dca) -> DcaState:
        if state.stage != "active":
            return state
        match command:
            case "pause":
                return replace(state, opening=False)
            case "resume":
                after = quote.ts_ms + setup.settings.every_minutes * 60_000
                due = state.next_ms if state.next_ms > quote.ts_ms else after
                return replace(state, opening=True, next_ms=due, waits="")
            case "wind_down":
                stays = state.lots and setup.settings.take_profit_percent is not None
                state = replace(state, opening=False, bought=setup.settings.purchases)
                return state if stays else replace(state, stage="ended", reason="wound_down")
            case "stop_keep":
                return replace(state, stage="ended", reason="stopped", opening=False)
            case "stop_close":
                lots = tuple(replace(lot, leaving=True) for lot in state.lots)
                sales = state.sales + (1 if lots else 0)
                return _over(replace(state, stage="closing", reason="stopped", opening=False, lots=lots, sales=sales))
            case "retry":
                return state


def _over(state: DcaState) -> DcaState:
    """Ended, once a bot that closes holds nothing any more."""
    return replace(state, stage="ended") if state.stage == "closing" and not state.lots else state


@exact
def _target(setup: Dca, state: DcaState) -> Decimal | None:
    """The price at which everything is sold; none without a take-profit or anything held."""
    percent, held = setup.settings.take_profit_percent, lots_held(state)
    if percent is None or not held:
        return None
    average = invested_in(state) / (held * setup.market.contract)
    return ceil_to(average * (1 + percent / 100), setup.market.tick)
