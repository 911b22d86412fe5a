"""The cases of Martingale's safety orders."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from plugins.bot_trading.strategies.protocol import Result
from tests.bot_trading.ladders import COIN, MARTINGALE, Bot, at, safety

D = Decimal
AVERAGES = ["99.497488", "98.232889", "95.544853", "89.964464"]
TARGETS = ["100.50", "99.22", "96.51", "90.87"]
PATH = {"99": 1, "97": 2, "93": 3, "85": 4}


def codes(market: Any = COIN, funds: str | None = None, **changes: Any) -> dict[str, str]:
    found = MARTINGALE.preview(safety(market, **changes), at("100"), None if funds is None else D(funds))
    return {refusal.code: refusal.field or "" for refusal in found.refusals}


def test_prices_averages_and_take_profits_of_the_table() -> None:
    """100 / 100 / 1 % ×2 / ×2 / 4 orders / TP 1 % at 100: prices 99, 97, 93, 85; averages and targets as agreed."""
    preview = MARTINGALE.preview(safety(), at("100"), None)
    assert preview.levels == (100, 99, 97, 93, 85)
    assert [str(level.take_profit) for level in preview.table[1:]] == TARGETS
    bot = Bot(MARTINGALE, safety(), "100")
    for price, average, target in zip(PATH, AVERAGES, TARGETS, strict=True):
        bot.show(price)
        held = bot.figures
        assert (held.invested / held.base).quantize(D("0.000001")) == D(average)
        assert bot.triggers.bid_ge == D(target)


def test_needed_are_the_first_and_all_safety_orders_and_they_are_reserved() -> None:
    preview = MARTINGALE.preview(safety(), at("100"), None)
    assert preview.needed == 1600  # 100 + 100 + 200 + 400 + 800: the first safety order is the bare amount
    bot = Bot(MARTINGALE, safety(), "100", "97")
    assert bot.state.capital == 1600
    assert bot.strategy.reserved(bot.setup, bot.state) == 1600 - bot.figures.invested
    assert codes(funds="1600") == {}
    refused = MARTINGALE.preview(safety(), at("100"), D("1599.99")).refusals
    assert [(one.code, one.facts["short"]) for one in refused] == [("insufficient_funds", "0.01")]


def test_a_quote_from_100_to_92_fills_at_99_97_and_93() -> None:
    """Fills at 99, 97, 93; quantity 8.3729, average 95.544853."""
    bot = Bot(MARTINGALE, safety(), "100", "92")
    assert bot.filled() == [("buy", D("1.0101"), 99), ("buy", D("2.0618"), 97), ("buy", D("4.3010"), 93)]
    assert {intent.kind for intent in bot.step.intents} == {"limit"}
    assert bot.figures.base == D("8.3729")
    assert (bot.figures.invested / bot.figures.base).quantize(D("0.000001")) == D("95.544853")


def test_the_target_rests_and_fills_at_its_own_price() -> None:
    bot = Bot(MARTINGALE, safety(), "100", "99", "101")
    assert {(intent.side, intent.price, intent.kind) for intent in bot.step.intents} == {("sell", D("100.50"), "limit")}
    assert bot.figures.cycle_profit == D("2.0101") * D("100.5") - 100 - D("1.0101") * 99
    assert (bot.figures.cycles, bot.figures.wins) == (1, 1)


def test_an_order_placed_because_of_a_quote_waits_for_the_next_one() -> None:
    bot = Bot(MARTINGALE, safety(), "98")
    assert bot.levels() == [("buy", D("1.0204"), 98)]
    bot.show("90", "100.6")  # the bid falls, the ask stays: nothing is touched
    assert bot.step.intents == ()


def test_commission_counts_in_sizes_average_and_target() -> None:
    market = replace(COIN, fee_rate=D("0.001"))
    bot = Bot(MARTINGALE, safety(market), "100")
    assert bot.levels() == [("buy", D("0.9990"), 100)]
    assert bot.figures.invested == D("99.9999")  # 99.90 and 0.0999 of commission, within the 100
    bot.show("101.11")  # 100.1 · 1.01 = 101.101, up to the tick
    assert bot.figures.cycle_profit == D("0.999") * D("101.11") * D("0.999") - D("99.9999")


def test_the_stop_loss_counts_from_the_first_price_and_takes_what_the_quote_passed_with_it() -> None:
    bot = Bot(MARTINGALE, safety(stop_loss_percent=16), "100", "99")
    assert bot.triggers.bid_le == 84
    bot.show("80")
    buys = [intent.price for intent in bot.step.intents if intent.side == "buy"]
    sells = [intent for intent in bot.step.intents if intent.side == "sell"]
    assert buys == [97, 93, 85]
    assert ({intent.price for intent in sells}, len(sells)) == ({D(80)}, 5)
    assert (bot.figures.base, bot.figures.wins, bot.figures.cycles) == (0, 0, 1)
    bot.show("80")
    assert bot.state.waits == "cooldown"


def test_short_safety_orders_mirror_long_ones() -> None:
    bot = Bot(MARTINGALE, safety(direction="sell", stop_loss_percent=20), "100", "101", "103")
    assert [(side, price) for side, _, price in bot.levels()] == [("sell", 100), ("sell", 101), ("sell", 103)]
    average = -bot.figures.invested / bot.figures.short
    target = bot.triggers.ask_le
    assert target is not None
    assert average * D("0.99") - D("0.01") < target <= average * D("0.99")  # down to the tick
    bot.show(str(target))
    assert (bot.figures.short, bot.figures.wins) == (0, 1)


def test_refusals_name_the_field_and_what_would_be_accepted() -> None:
    assert codes(step_percent=30) == {"levels_below_zero": "step_percent"}
    assert codes(step_percent=D("0.001"), step_multiplier=1) == {"levels_collapse_on_tick": "step_percent"}
    assert codes(stop_loss_percent=15) == {"stop_loss_inside_orders": "stop_loss_percent"}
    assert codes(stop_loss_percent=D("15.1")) == {}
    assert codes(direction="sell") == {"stop_loss_needed": "stop_loss_percent"}
    assert codes(replace(COIN, min_notional=D(150)), safety_order=200) == {"order_below_minimum": "first_order"}
    assert codes(replace(COIN, max_lot=D(9))) == {"order_above_maximum": "size_multiplier"}
    assert codes(replace(COIN, fee_rate=D("0.01"))) == {"take_profit_loses": "take_profit_percent"}
    least = MARTINGALE.preview(safety(replace(COIN, min_notional=D(150))), at("100"), None).refusals[0].facts["least"]
    assert "order_below_minimum" not in codes(
        replace(COIN, min_notional=D(150)), first_order=D(least), safety_order=D(200)
    )


def test_the_worst_case_is_the_stop_or_everything() -> None:
    bare = MARTINGALE.preview(safety(), at("100"), None)
    spent = sum(level.volume * level.price for level in bare.table)
    assert D(bare.facts["worst_loss"]) == spent.quantize(D("0.0001"))
    stopped = MARTINGALE.preview(safety(stop_loss_percent=20), at("100"), None)
    lots = sum(level.volume for level in stopped.table)
    assert D(stopped.facts["worst_loss"]) == (spent - lots * 80).quantize(D("0.0001"))


def test_resting_orders_are_cancelled_by_a_pause_and_those_passed_execute_at_the_market_on_resume() -> None:
    bot = Bot(MARTINGALE, safety(), "100")
    bot.command("pause")
    assert [order.side for order in MARTINGALE.orders(bot.setup, bot.state)] == ["sell"]
    assert bot.show("96").intents == ()
    bot.command("resume")
    assert [(intent.price, intent.kind) for intent in bot.step.intents] == [(96, "market"), (96, "market")]


def test_an_order_without_money_waits_and_the_target_stays() -> None:
    bot = Bot(MARTINGALE, safety(), "100")
    step = MARTINGALE.on_quote(bot.setup, bot.state, at("99"))
    refused = [Result(intent, intent.price, D(0), error="insufficient_margin") for intent in step.intents]
    bot.state = MARTINGALE.on_results(bot.setup, bot.state, refused, at("99")).state
    assert (bot.triggers.ask_le, bot.triggers.bid_ge) == (None, D("101.00"))
    assert [order.state for order in MARTINGALE.orders(bot.setup, bot.state)][1:] == ["blocked_insufficient_funds"] * 4


@pytest.mark.parametrize("capital", ["100", "1000", "54321.99"])
def test_what_a_form_begins_with_uses_the_capital(capital: str) -> None:
    suggested = MARTINGALE.suggest(COIN, at("100"), D(capital))
    amounts = {name: suggested[name] for name in ("first_order", "safety_order")}
    preview = MARTINGALE.preview(safety(**amounts), at("100"), D(capital))
    assert preview.refusals == ()
    assert D(capital) * D("0.95") <= preview.needed <= D(capital)
