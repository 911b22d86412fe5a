"""Spot Grid as a strategy."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from core.sdk.text import _
from plugins.bot_trading.strategies.numbers import ZERO, exact, plain
from plugins.bot_trading.strategies.protocol import (
    Command,
    Figures,
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
    Triggers,
)
from plugins.bot_trading.strategies.spot_grid.cells import reduce
from plugins.bot_trading.strategies.spot_grid.events import Booker, assume, begin, cross, end, replay, resume
from plugins.bot_trading.strategies.spot_grid.follow import next_above, next_below
from plugins.bot_trading.strategies.spot_grid.limits import limits
from plugins.bot_trading.strategies.spot_grid.preview import preview, suggest
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from plugins.bot_trading.strategies.spot_grid.state import GridState, compact, dump, expand, grid_levels, load
from plugins.bot_trading.strategies.words import Limit, Words

__all__ = ["SpotGrid"]

Grid = Setup[SpotGridSettings]


class SpotGrid:
    """Buys on the way down, sells on the way up, between two prices."""

    key: ClassVar[str] = "spot_grid"
    title: ClassVar[str] = _("Spot Grid")
    summary: ClassVar[str] = _(
        "Splits a price range into cells and trades each: buys at its lower level, sells at its upper one."
    )
    settings_model: type[SpotGridSettings] = SpotGridSettings
    words: ClassVar[Words] = Words(
        unit=_("Cell"),
        profit=_("Grid profit"),
        profit_help=_(
            "Finished round trips that began with a buy of the grid. Look at it together with the total, which counts"
            " what is held."
        ),
        inventory=_("Inventory realised"),
        inventory_help=_("What was bought at the start, or late, and has been sold."),
        cycles=_("Round trips"),
        wins=False,
        reference="bot_trading/shared/reference_grid.html",
        outcome=_("A cell buys at its price and sells at its take-profit; the profit is that of one round trip."),
    )

    def preview(self, setup: Grid, quote: Quote, funds: Decimal | None) -> Preview:
        """Check settings against market, price and free funds; levels, size and profit of each cell."""
        return preview(setup, quote, funds)

    def suggest(self, market: Market, quote: Quote, capital: Decimal) -> Mapping[str, Any]:
        """A grid of 5 % around the price, with as many cells as earn at least three times their commission."""
        return suggest(market, quote, capital)

    def limits(
        self, values: Mapping[str, Any], market: Market, quote: Quote, funds: Decimal | None
    ) -> Mapping[str, Limit]:
        """How many cells fit and earn something, the least investment, and on which side of the grid each price lies."""
        return limits(values, market, quote, funds)

    def capital(self, setup: Grid, quote: Quote) -> Decimal:
        """The investment."""
        return setup.settings.investment

    def start(self, setup: Grid, quote: Quote) -> Step[GridState]:
        """A grid that waits: for its trigger price, or without one for the first quote it is shown."""
        trigger = setup.settings.trigger_price
        below = trigger is not None and trigger < quote.ask
        none_held = setup.settings.cells
        return Step(
            GridState(
                cash=setup.settings.investment,
                trigger_below=below,
                start_line=none_held,
                line=none_held,
                high=none_held,
            )
        )

    def on_quote(self, setup: Grid, state: GridState, quote: Quote) -> Step[GridState]:
        """Answer a quote. Only what rested before it fills on it."""
        return self._quote(setup, state, quote, assume)

    def on_results(
        self, setup: Grid, before: GridState, results: Sequence[Result], quote: Quote, command: Command | None = None
    ) -> Step[GridState]:
        """The answer to the quote or command again, with the results that came back."""
        booker = replay(results)
        step = (
            self._quote(setup, before, quote, booker)
            if command is None
            else self._command(setup, before, command, quote, booker)
        )
        used = max((int(result.intent.key) for result in results), default=0)
        return replace(step, state=replace(step.state, seq=max(step.state.seq, used)))

    def on_command(self, setup: Grid, state: GridState, command: Command, quote: Quote) -> Step[GridState]:
        """Carry out a command."""
        return self._command(setup, state, command, quote, assume)

    @exact
    def on_reduced(self, setup: Grid, state: GridState, reduction: Reduction, quote: Quote) -> Step[GridState]:
        """Lay aside the cells whose holding somebody else closed."""
        state = compact(setup, reduce(setup, state, reduction))
        facts = {"volume": plain(reduction.volume), "price": plain(reduction.price)}
        log = [LogEntry("closed_by_hand" if state.stage == "active" else "closed", facts)]
        if not self.held(setup, state):
            if state.stage == "closing":
                state = replace(state, stage="ended")
            elif state.winding:
                state = replace(state, stage="ended", reason="wound_down")
                log.append(LogEntry("wound_down", {"price": plain(reduction.price)}))
        return Step(state, (), tuple(log))

    def triggers(self, setup: Grid, state: GridState) -> Triggers:
        """The nearest buy below, the nearest sell above, and the prices at which the grid moves or ends."""
        settings = setup.settings
        if state.stage == "waiting":
            return self._waiting_triggers(settings, state)
        if state.stage != "active":
            left = state.stage == "closing" and self._unclosed(setup, state)
            return Triggers(bid_ge=ZERO) if left else Triggers()
        prices = grid_levels(settings, setup.market, state.shift)
        ups: list[Decimal | None] = [settings.take_profit_price]
        downs: list[Decimal | None] = []
        lifts: list[Decimal] = []
        if state.cells is None:
            empties, holding = state.line > 0, state.line < settings.cells
            ups.append(prices[state.line + 1] if holding else None)
            downs.append(prices[state.line - 1] if empties and state.opening else None)
        else:
            kinds = [cell.kind for cell in state.cells]
            holding, empties = "held" in kinds, any(kind != "held" for kind in kinds)
            ups.extend(prices[i + 1] for i, kind in enumerate(kinds) if kind in ("held", "aside"))
            downs.extend(prices[i] for i, kind in enumerate(kinds) if kind == "empty" and state.opening)
            lifts.extend(prices[i] + setup.market.tick for i, kind in enumerate(kinds) if kind == "blocked")
        if state.opening and settings.trailing_up and not holding:
            ups.append(next_above(setup, state.shift))
        if state.opening and settings.trailing_down and not empties:
            downs.append(next_below(setup, state.shift))
        return Triggers(
            ask_le=max((price for price in downs if price is not None), default=None),
            bid_ge=min((price for price in ups if price is not None), default=None),
            ask_ge=min(lifts, default=None),
            bid_le=settings.stop_loss_price,
        )

    def orders(self, setup: Grid, state: GridState) -> tuple[Order, ...]:
        """One order for each cell; none for a cell that is laid aside, or a buy while paused."""
        if state.stage != "active":
            return ()
        prices = grid_levels(setup.settings, setup.market, state.shift)
        found = []
        for index, cell in enumerate(expand(setup, state)):
            label = str(index + 1)
            if cell.kind == "held":
                found.append(Order("sell", prices[index + 1], cell.volume, "resting", label))
            elif cell.kind == "blocked":
                found.append(Order("buy", prices[index], state.quantity, "blocked_insufficient_funds", label))
            elif cell.kind == "empty" and state.opening:
                found.append(Order("buy", prices[index], state.quantity, "resting", label))
        return tuple(found)

    @exact
    def figures(self, setup: Grid, state: GridState, quote: Quote) -> Figures:
        """The grid's money at ``quote``: what it holds is measured at the bid."""
        base = sum(self.held(setup, state).values(), ZERO)
        realised = state.grid_profit + state.inventory_realised
        invested = setup.settings.investment + realised - state.cash
        return Figures(
            investment=setup.settings.investment,
            cash=state.cash,
            base=base,
            invested=invested,
            cycle_profit=state.grid_profit,
            inventory_realised=state.inventory_realised,
            floating=setup.market.notional(base, quote.bid) - invested,
            fees=state.fees,
            fills=state.fills,
            cycles=state.pairs,
            wins=state.pairs,
        )

    @exact
    def reserved(self, setup: Grid, state: GridState) -> Decimal:
        """The grid's cash, and of what it holds the part that is not bound as margin already."""
        if state.stage == "ended":
            return ZERO
        invested = setup.settings.investment + state.grid_profit + state.inventory_realised - state.cash
        return max(ZERO, state.cash + invested - invested / setup.market.leverage)

    def held(self, setup: Grid, state: GridState) -> Mapping[str, Decimal]:
        """Lots held by the key of the order that opened them."""
        volumes: dict[str, Decimal] = {}
        if state.cells is None:
            volumes.update(dict.fromkeys(reversed(state.lots), state.quantity))
            start = setup.settings.cells - state.high
            if start:
                volumes[state.start_key] = start * state.quantity
            return volumes
        for cell in state.cells:
            if cell.kind == "held":
                volumes[cell.lot] = volumes.get(cell.lot, ZERO) + cell.volume
        return volumes

    def phase(self, state: GridState) -> Phase:
        """Where the grid stands."""
        blocked = sum(1 for cell in state.cells or () if cell.kind == "blocked")
        return Phase(state.stage, state.reason, state.opening, blocked)

    def dump(self, state: GridState) -> dict[str, Any]:
        """The state as JSON-able data."""
        return dump(state)

    def load(self, data: Mapping[str, Any]) -> GridState:
        """The inverse of ``dump``."""
        return load(data)

    def _quote(self, setup: Grid, state: GridState, quote: Quote, booker: Booker) -> Step[GridState]:
        if state.stage == "active":
            return cross(setup, state, quote, booker)
        if state.stage == "closing" and self._unclosed(setup, state):
            return end(setup, state, quote, booker, state.reason, close=True)
        if state.stage == "waiting" and state.opening and self._waiting_triggers(setup.settings, state).crossed(quote):
            # What is bought at the market at once waits for a narrow spread; what rests has its own price.
            return Step(state) if setup.market.too_wide(quote) else begin(setup, state, quote, booker)
        return Step(state)

    def _command(
        self, setup: Grid, state: GridState, command: Command, quote: Quote, booker: Booker
    ) -> Step[GridState]:
        active = state.stage == "active"
        if state.stage in ("closing", "ended"):
            return Step(state)
        match command:
            case "pause":
                return Step(replace(state, opening=False))
            case "resume":
                state = replace(state, opening=True, winding=False)
                return resume(setup, state, quote, booker) if active else Step(state)
            case "retry":
                return resume(setup, state, quote, booker, ("blocked",)) if active and state.opening else Step(state)
            case "wind_down":
                state = replace(state, opening=False, winding=True)
                return (
                    Step(state)
                    if self.held(setup, state)
                    else end(setup, state, quote, booker, "wound_down", close=False)
                )
            case "stop_keep" | "stop_close":
                close = active and command == "stop_close"
                return end(setup, state, quote, booker, "stopped", close=close)

    def _unclosed(self, setup: Grid, state: GridState) -> bool:
        """Whether something is held of which no close is under way."""
        return bool(self.held(setup, state).keys() - set(state.pending))

    @staticmethod
    def _waiting_triggers(settings: SpotGridSettings, state: GridState) -> Triggers:
        if not state.opening:
            return Triggers()
        if settings.trigger_price is None:
            return Triggers(bid_ge=ZERO)
        if state.trigger_below:
            return Triggers(ask_le=settings.trigger_price)
        return Triggers(ask_ge=settings.trigger_price)
