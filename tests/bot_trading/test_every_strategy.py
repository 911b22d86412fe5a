"""What holds for every strategy of the module, whatever the prices do."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from plugins.bot_trading.strategies.guards import answer, withheld
from plugins.bot_trading.strategies.protocol import Market, Quote, Setup, Strategy
from tests.bot_trading.grids import GRID
from tests.bot_trading.grids import setup as grid
from tests.bot_trading.ladders import COIN, MARTINGALE, REVERSE, ladder, reverse, safety

D = Decimal
PIPS = {"take_profit_pips": 300, "stop_loss_pips": 120, "initial_lot": "0.1", "cooldown_s": 5, "levels": 4}
KINDS: dict[str, tuple[Strategy[Any, Any], Setup[Any]]] = {
    "grid": (GRID, grid(trailing_up=True, trailing_down=True)),
    "compounding grid": (GRID, grid(compounding=True)),
    "ladder": (MARTINGALE, ladder(COIN, **PIPS)),
    "short ladder": (MARTINGALE, ladder(COIN, direction="sell", **PIPS)),
    "safety orders": (MARTINGALE, safety()),
    "streak": (REVERSE, reverse(COIN, **PIPS)),
    "alternate": (REVERSE, reverse(COIN, variant="alternate", **PIPS)),
}
STATIC = Path(__file__).parents[2] / "plugins" / "bot_trading" / "templates"


def walk(seed: int, count: int = 400) -> list[Quote]:
    """Quotes with a spread, some of which leap by half and some of which are looked at too late."""
    chance, price, ts, found = random.Random(seed), D(100), 0, []
    before = None
    for _ in range(count):
        ts += chance.randint(200, 4000)
        price = max(D(20), (price * D(str(round(chance.uniform(0.985, 1.015), 5)))).quantize(D("0.01")))
        shown = price if chance.random() > 0.05 else (price * chance.choice([D("0.5"), D("1.6")])).quantize(D("0.01"))
        spread = chance.choice([D("0.00"), D("0.02"), D("0.40")])
        late = ts + 60_000 if chance.random() < 0.05 else None
        quote = Quote(shown, shown + spread, ts, before=before, clock_ms=late)
        before = (quote.bid, quote.ask)
        found.append(quote)
    return found


def guarded(setup: Setup[Any]) -> Setup[Any]:
    market: Market = replace(setup.market, deviation=D("0.2"), staleness_ms=10_000)
    return replace(setup, market=market)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(2))
def test_no_strategy_orders_on_a_stale_or_leaping_quote(kind: str, seed: int) -> None:
    strategy, setup = KINDS[kind][0], guarded(KINDS[kind][1])
    quotes = walk(seed)
    state = strategy.start(setup, quotes[0]).state
    held_back = ordered = 0
    for quote in quotes:
        step = answer(strategy, setup, state, quote)
        why = withheld(setup.market, quote)
        if why:
            held_back += 1
            assert (step.intents, step.state, [entry.code for entry in step.log]) == ((), state, [why])
        ordered += len(step.intents)
        state = step.state
    assert held_back > 10
    assert ordered > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(2))
def test_total_is_equity_less_investment_for_every_strategy_after_every_event(kind: str, seed: int) -> None:
    """Cash and holdings are reckoned here from the orders alone; commands come between the quotes."""
    strategy, setup = KINDS[kind][0], guarded(KINDS[kind][1])
    market, chance = setup.market, random.Random(seed)
    quotes = walk(seed)
    state = strategy.start(setup, quotes[0]).state
    cash = strategy.figures(setup, state, quotes[0]).investment
    net, keys = D(0), set()
    for number, quote in enumerate(quotes):
        step = answer(strategy, setup, state, quote)
        if number % 97 == 96:
            step = strategy.on_command(setup, state, chance.choice(["pause", "resume"]), quote)
        for intent in step.intents:
            assert intent.key not in keys
            keys.add(intent.key)
            sign = 1 if intent.side == "buy" else -1
            cash -= sign * market.notional(intent.volume, intent.price) + market.fee(intent.volume, intent.price)
            net += sign * intent.volume
        state = strategy.load(strategy.dump(step.state))
        figures = strategy.figures(setup, state, quote)
        assert figures.base - figures.short == net
        assert figures.cash == cash
        worth = market.notional(figures.base, quote.bid) - market.notional(figures.short, quote.ask)
        assert figures.total == cash + worth - figures.investment
        assert figures.total == figures.cycle_profit + figures.inventory_realised + figures.floating
        assert figures.equity - figures.investment == figures.total


def test_grid_profit_never_stands_without_the_total_beside_it() -> None:
    """Wherever a template shows what whole cycles brought, the same part of it shows the total first."""
    shown = 0
    for path in STATIC.rglob("*.html"):
        text = path.read_text("utf-8")
        for found in re.finditer(r'"profit", bot\.cycle_profit|r\.cycle_profit', text):
            before = text[: found.start()]
            block = before[max(before.rfind("{% macro"), 0) :]
            assert re.search(r'"total", bot\.total|r\.total', block), path
            shown += 1
    assert shown >= 3
