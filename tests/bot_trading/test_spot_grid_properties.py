"""What holds for every grid after every event."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.bot_trading.strategies.protocol import Command, Intent, Market, Quote, Reduction, Result, Setup
from plugins.bot_trading.strategies.spot_grid.settings import SpotGridSettings
from plugins.bot_trading.strategies.spot_grid.state import GridState, expand
from tests.bot_trading.grids import GRID

D = Decimal
COMMANDS: tuple[Command, ...] = ("pause", "resume", "retry", "wind_down", "stop_keep", "stop_close")

fees = st.sampled_from([D(0), D("0.0005"), D("0.001")])
prices = st.integers(8000, 12500).map(lambda cents: D(cents) / 100)
spreads = st.integers(0, 30).map(lambda cents: D(cents) / 100)
quotes = st.builds(lambda bid, spread: Quote(bid, bid + spread), prices, spreads)
plain_settings = st.fixed_dictionaries(
    {
        "lower": st.just(D(90)),
        "upper": st.just(D(110)),
        "cells": st.integers(2, 14),
        "spacing": st.sampled_from(["arithmetic", "geometric"]),
        "investment": st.integers(500, 5000).map(D),
    }
)
all_settings = st.fixed_dictionaries(
    {},
    optional={
        "trailing_up": st.booleans(),
        "trailing_down": st.booleans(),
        "compounding": st.booleans(),
        "stop_loss_price": st.just(D(82)),
        "take_profit_price": st.just(D(122)),
        "trigger_price": st.sampled_from([D(95), D(104)]),
        "on_stop": st.sampled_from(["close", "keep"]),
    },
)


def made(base: dict[str, Any], extra: dict[str, Any], fee: Decimal) -> Setup[SpotGridSettings]:
    market = Market(tick=D("0.01"), lot_step=D("0.0001"), fee_rate=fee)
    return Setup(SpotGridSettings.model_validate({**base, **extra}), market)


class Books:
    """Cash and holdings reckoned from the orders alone."""

    def __init__(self, setup: Setup[SpotGridSettings]) -> None:
        self.setup, self.cash, self.base = setup, setup.settings.investment, D(0)
        self.keys: set[str] = set()

    def book(self, result: Result) -> None:
        assert result.intent.key not in self.keys
        self.keys.add(result.intent.key)
        if result.error is None:
            self.fill(result.intent.side, result.intent.volume, result.price, result.fee)

    def fill(self, side: str, volume: Decimal, price: Decimal, fee: Decimal) -> None:
        sign = 1 if side == "buy" else -1
        self.cash -= sign * volume * price + fee
        self.base += sign * volume

    def check(self, state: GridState, quote: Quote) -> None:
        """total = equity − investment, what the cells hold was paid for, and each cell has exactly one order."""
        figures = GRID.figures(self.setup, state, quote)
        assert (figures.cash, figures.base) == (self.cash, self.base)
        assert figures.total == self.cash + self.base * quote.bid - self.setup.settings.investment
        if state.stage == "waiting":
            return
        cells = expand(self.setup, state)
        assert sum(cell.paid for cell in cells) == figures.invested
        orders = GRID.orders(self.setup, state)
        if state.stage == "active":
            aside = sum(cell.kind == "aside" for cell in cells)
            idle = sum(cell.kind == "empty" for cell in cells) if not state.opening else 0
            assert len({order.label for order in orders}) == len(orders) == len(cells) - aside - idle
        held = GRID.held(self.setup, state)
        assert sum(held.values()) == self.base
        assert GRID.load(json.loads(json.dumps(GRID.dump(state)))) == state


@settings(max_examples=150, deadline=None)
@given(plain_settings, fees, st.lists(quotes, min_size=2, max_size=30))
def test_the_line_and_the_explicit_cells_give_the_same(base: dict[str, Any], fee: Decimal, path: list[Quote]) -> None:
    setup = made(base, {}, fee)
    line = GRID.on_quote(setup, GRID.start(setup, path[0]).state, path[0]).state
    for quote in path[1:]:
        explicit = replace(line, cells=expand(setup, line))
        step, again = GRID.on_quote(setup, line, quote), GRID.on_quote(setup, explicit, quote)
        assert step.intents == again.intents
        assert step.state == again.state
        assert step.state.cells is None
        line = step.state


@settings(max_examples=150, deadline=None)
@given(plain_settings, all_settings, fees, st.lists(quotes, min_size=2, max_size=30))
def test_a_quote_between_the_triggers_changes_nothing_and_the_line_is_monotone(
    base: dict[str, Any], extra: dict[str, Any], fee: Decimal, path: list[Quote]
) -> None:
    setup = made(base, extra, fee)
    state = GRID.start(setup, path[0]).state
    for quote in path:
        crossed = GRID.triggers(setup, state).crossed(quote)
        step = GRID.on_quote(setup, state, quote)
        if not crossed:
            assert (step.state, step.intents, step.log) == (state, (), ())
        if step.state.cells is None and step.state.stage == "active":
            kinds = [cell.kind for cell in expand(setup, step.state)]
            assert kinds == sorted(kinds, key=lambda kind: kind == "held")
        state = step.state


events = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), quotes, st.sets(st.integers(0, 4), max_size=2)),
        st.tuples(st.just("command"), st.sampled_from([*COMMANDS[:3] * 4, *COMMANDS]), st.booleans()),
        st.tuples(st.just("hand"), st.integers(0, 5), st.sampled_from([D(1), D("0.5")])),
    ),
    min_size=3,
    max_size=40,
)


@settings(max_examples=250, deadline=None)
@given(plain_settings, all_settings, fees, quotes, events)
def test_total_is_equity_less_investment_and_each_cell_has_one_order_after_each_event(
    base: dict[str, Any], extra: dict[str, Any], fee: Decimal, quote: Quote, path: list[tuple[Any, ...]]
) -> None:
    setup = made(base, extra, fee)
    books, state = Books(setup), GRID.start(setup, quote).state
    for event, what, how in path:
        if event == "quote":
            quote = what
            step = GRID.on_quote(setup, state, quote)
            refused = {i.key for n, i in enumerate(x for x in step.intents if x.closes is None) if n in how}
            state = settle(setup, books, state, step.state, step.intents, quote, refused, None)
        elif event == "command":
            step = GRID.on_command(setup, state, what, quote)
            refused = {i.key for i in step.intents if how and i.closes is None}
            state = settle(setup, books, state, step.state, step.intents, quote, refused, what)
        else:
            held = list(GRID.held(setup, state).items())
            if held:
                key, volume = held[what % len(held)]
                reduction = Reduction(key, volume * how, quote.bid, D("0.01"))
                state = GRID.on_reduced(setup, state, reduction, quote).state
                books.fill("sell", reduction.volume, reduction.price, reduction.fee)
        books.check(state, quote)


def settle(
    setup: Setup[SpotGridSettings],
    books: Books,
    before: GridState,
    after: GridState,
    intents: tuple[Intent, ...],
    quote: Quote,
    refused: set[str],
    command: Command | None,
) -> GridState:
    results = []
    lost = {intent.key for intent in intents if intent.key in refused}
    for intent in intents:
        fee = setup.market.fee(intent.volume, intent.price)
        gone = intent.key in refused or (intent.closes in lost)
        results.append(Result(intent, intent.price, fee, "insufficient_margin" if gone else None))
    for result in results:
        books.book(result)
    if any(result.error for result in results):
        return GRID.on_results(setup, before, results, quote, command).state
    return after
