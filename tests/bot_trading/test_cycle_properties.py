"""What holds for every ladder, every streak and all safety orders after every event."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.bot_trading.strategies.cycles.state import CycleState
from plugins.bot_trading.strategies.guards import answer, withheld
from plugins.bot_trading.strategies.numbers import ZERO
from plugins.bot_trading.strategies.protocol import Command, Intent, Market, Quote, Reduction, Result, Setup, Strategy
from tests.bot_trading.ladders import COIN, EURUSD, MARTINGALE, REVERSE, ladder, reverse, safety

D = Decimal
COMMANDS: tuple[Command, ...] = ("pause", "resume", "retry", "wind_down", "stop_keep", "stop_close")
Kind = tuple[Strategy[Any, CycleState], Setup[Any]]

directions = st.sampled_from(["buy", "sell"])
fees = st.sampled_from([ZERO, D("0.0001")])
guards = st.fixed_dictionaries(
    {
        "repeat": st.sampled_from(["repeat", "repeat", "count"]),
        "cycles": st.just(2),
        "cooldown_s": st.sampled_from([0, 3]),
        "max_spread_pips": st.sampled_from([None, D(2), D(1000)]),
        "max_cycles_per_hour": st.sampled_from([None, 3]),
        "daily_loss_limit": st.sampled_from([None, D(50)]),
    }
)
distances = st.fixed_dictionaries(
    {
        "take_profit_pips": st.sampled_from([D(10), D(50), D("12.5")]),
        "stop_loss_pips": st.sampled_from([D(10), D(20), D("7.5")]),
        "levels": st.integers(1, 6),
        "initial_lot": st.sampled_from([D("0.01"), D("0.05")]),
        "direction": directions,
    }
)


def of_fx(fee: Decimal) -> Market:
    return replace(EURUSD, fee_rate=fee, deviation=D("0.006"), staleness_ms=10_000)


def of_coin(fee: Decimal) -> Market:
    return replace(COIN, tick=D("0.00001"), pip=D("0.0001"), fee_rate=fee, deviation=D("0.006"), staleness_ms=10_000)


ladders = st.builds(lambda d, g, f: (MARTINGALE, ladder(of_fx(f), **d, **g)), distances, guards, fees)
streaks = st.builds(
    lambda d, g, f, v: (REVERSE, reverse(of_fx(f), variant=v, **d, **g)),
    distances,
    guards,
    fees,
    st.sampled_from(["anti", "alternate"]),
)
safeties = st.builds(
    lambda side, g, f, stop: (
        MARTINGALE,
        safety(
            of_coin(f), direction=side, step_percent=D("0.1"), take_profit_percent=D("0.2"), stop_loss_percent=stop, **g
        ),
    ),
    directions,
    guards,
    fees,
    st.sampled_from([None, D(2)]),
)
kinds = st.one_of(ladders, streaks, safeties)
moves = st.tuples(
    st.integers(-60, 60), st.sampled_from([0, 0, 1, 3, 8]), st.sampled_from([1, 5]), st.sampled_from([0, 0, 0, 20])
)
events = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), moves, st.sets(st.integers(0, 3), max_size=2)),
        st.tuples(st.just("quote"), moves, st.just(set[int]())),
        st.tuples(st.just("command"), st.sampled_from([*COMMANDS[:3] * 4, *COMMANDS]), st.booleans()),
        st.tuples(st.just("hand"), st.integers(0, 5), st.sampled_from([D(1), D("0.5")])),
    ),
    min_size=3,
    max_size=40,
)


class Prices:
    """Quotes made of moves: pips up or down, spread in pips, seconds, and how stale it is looked at."""

    def __init__(self) -> None:
        self.quote = Quote(D("1.10000"), D("1.10000"))

    def move(self, move: tuple[int, int, int, int]) -> Quote:
        pips, spread, seconds, age = move
        before = self.quote
        bid = before.bid + D(pips) / 10_000
        ts_ms = before.ts_ms + seconds * 1000
        self.quote = Quote(
            bid,
            bid + D(spread) / 10_000,
            ts_ms,
            before.seq + 1,
            before=(before.bid, before.ask),
            clock_ms=ts_ms + age * 1000,
        )
        return self.quote


class Books:
    """Cash and holdings reckoned from the orders alone."""

    def __init__(self, kind: Kind, capital: Decimal) -> None:
        self.kind, self.capital, self.cash = kind, capital, capital
        self.held: dict[str, tuple[str, Decimal]] = {}
        self.keys: set[str] = set()

    def book(self, result: Result) -> None:
        intent = result.intent
        assert intent.key not in self.keys
        self.keys.add(intent.key)
        if result.error is None:
            self.pay(intent.side, intent.volume, result.price, result.fee)
            if intent.closes is None:
                self.held[intent.key] = (intent.side, intent.volume)
            else:
                self.take(intent.closes, intent.volume)

    def pay(self, side: str, volume: Decimal, price: Decimal, fee: Decimal) -> None:
        value = volume * self.kind[1].market.contract * price
        self.cash += (-value if side == "buy" else value) - fee

    def take(self, key: str, volume: Decimal) -> None:
        side, had = self.held.pop(key)
        if had > volume:
            self.held[key] = (side, had - volume)

    def check(self, state: CycleState, quote: Quote) -> None:
        """total = equity − investment, whatever has happened, and the state holds what the orders say."""
        strategy, setup = self.kind
        figures = strategy.figures(setup, state, quote)
        longs = sum((volume for side, volume in self.held.values() if side == "buy"), ZERO)
        shorts = sum((volume for side, volume in self.held.values() if side == "sell"), ZERO)
        equity = self.cash + (longs * quote.bid - shorts * quote.ask) * setup.market.contract
        assert (figures.cash, figures.base, figures.short) == (self.cash, longs, shorts)
        assert figures.total == equity - self.capital
        assert figures.equity == equity
        assert strategy.held(setup, state) == {key: volume for key, (_, volume) in self.held.items()}
        assert strategy.load(json.loads(json.dumps(strategy.dump(state)))) == state
        assert strategy.reserved(setup, state) >= 0
        if state.stage == "ended":
            assert strategy.triggers(setup, state) == type(strategy.triggers(setup, state))()


def opened(intents: tuple[Intent, ...]) -> list[Intent]:
    return [intent for intent in intents if intent.closes is None]


def one_level_at_a_time(kind: Kind, before: CycleState, quote: Quote, intents: tuple[Intent, ...]) -> None:
    """Never two levels on one quote (safety orders rest, so that several may fill), never one on a quote that is withheld."""
    if withheld(kind[1].market, quote):
        assert intents == ()
    if getattr(kind[1].settings, "profile", "") != "safety_orders":
        assert len(opened(intents)) <= 1
    levels = [int(intent.label) for intent in opened(intents)]
    assert levels == list(range(before.level + 1, before.level + 1 + len(levels))) or levels == [1]
    if opened(intents):
        assert before.opening
        assert not before.winding


@settings(max_examples=300, deadline=None)
@given(kinds, events)
def test_total_is_equity_less_investment_after_each_event(kind: Kind, path: list[tuple[Any, ...]]) -> None:
    strategy, setup = kind
    market = Prices()
    quote = market.quote
    state = strategy.start(setup, quote).state
    books = Books(kind, state.capital)
    for event, what, how in path:
        if event == "quote":
            quote = market.move(what)
            step = answer(strategy, setup, state, quote)
            one_level_at_a_time(kind, state, quote, step.intents)
            refused = {i.key for n, i in enumerate(opened(step.intents)) if n in how}
            state = settle(kind, books, state, step.state, step.intents, quote, refused, None)
        elif event == "command":
            step = strategy.on_command(setup, state, what, quote)
            refused = {i.key for i in opened(step.intents) if how}
            state = settle(kind, books, state, step.state, step.intents, quote, refused, what)
        else:
            held = sorted(strategy.held(setup, state).items())
            if held and state.stage != "ended":
                key, volume = held[what % len(held)]
                side, _ = books.held[key]
                reduction = Reduction(key, volume * how, quote.bid, D("0.01"))
                state = strategy.on_reduced(setup, state, reduction, quote).state
                books.pay("sell" if side == "buy" else "buy", reduction.volume, reduction.price, reduction.fee)
                books.take(key, reduction.volume)
        books.check(state, quote)


@settings(max_examples=200, deadline=None)
@given(kinds, st.lists(moves, min_size=2, max_size=40))
def test_a_quote_between_the_triggers_changes_nothing(kind: Kind, path: list[tuple[int, int, int, int]]) -> None:
    strategy, setup = kind
    market = Prices()
    state = strategy.start(setup, market.quote).state
    for move in path:
        quote = replace(market.move(move), clock_ms=None, before=None)
        crossed = strategy.triggers(setup, state).crossed(quote)
        step = strategy.on_quote(setup, state, quote)
        if not crossed:
            assert (step.state, step.intents, step.log) == (state, (), ())
        state = step.state


@settings(max_examples=200, deadline=None)
@given(st.one_of(ladders, streaks), st.lists(moves, min_size=2, max_size=60))
def test_a_cycle_never_has_more_than_its_levels_and_each_grows(
    kind: Kind, path: list[tuple[int, int, int, int]]
) -> None:
    strategy, setup = kind
    market = Prices()
    state = strategy.start(setup, market.quote).state
    for move in path:
        state = answer(strategy, setup, state, market.move(move)).state
        volumes = [rung.volume for rung in state.rungs]
        assert len(volumes) <= setup.settings.levels
        assert volumes == sorted(set(volumes))


def settle(
    kind: Kind,
    books: Books,
    before: CycleState,
    after: CycleState,
    intents: tuple[Intent, ...],
    quote: Quote,
    refused: set[str],
    command: Command | None,
) -> CycleState:
    strategy, setup = kind
    results = []
    for intent in intents:
        gone = intent.key in refused or intent.closes in refused
        fee = setup.market.fee(intent.volume, intent.price)
        results.append(Result(intent, intent.price, fee, "insufficient_margin" if gone else None))
    for result in results:
        books.book(result)
    if any(result.error for result in results):
        return strategy.on_results(setup, before, results, quote, command).state
    return after
