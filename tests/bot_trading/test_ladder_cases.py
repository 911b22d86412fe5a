"""The cases of the Martingale ladder."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from plugins.bot_trading.strategies.protocol import Reduction, Result
from tests.bot_trading.ladders import EURUSD, MARTINGALE, Bot, at, ladder

D = Decimal


def codes(quote: str = "1.1000", ask: str | None = None, funds: str | None = None, **changes: Any) -> dict[str, str]:
    """Refusal codes of a ladder with the field that each belongs to."""
    found = MARTINGALE.preview(ladder(**changes), at(quote, ask), None if funds is None else D(funds))
    return {refusal.code: refusal.field or "" for refusal in found.refusals}


def test_profit_of_each_level_and_the_loss_at_the_end() -> None:
    """0.01 lot EUR/USD, T 50, S 20: +5, +13, +27, +53, +103; −114."""
    preview = MARTINGALE.preview(ladder(), at("1.1000"), None)
    assert [level.profit for level in preview.table] == [5, 13, 27, 53, 103]
    assert [level.loss for level in preview.table] == [None, None, None, None, -114]
    assert [level.volume for level in preview.table] == [D("0.01"), D("0.02"), D("0.04"), D("0.08"), D("0.16")]
    assert [level.price for level in preview.table] == [D("1.1"), D("1.098"), D("1.096"), D("1.094"), D("1.092")]
    assert preview.refusals == ()
    assert preview.facts["worst_loss"] == "114"


@pytest.mark.parametrize("levels", range(1, 11))
@pytest.mark.parametrize("direction", ["buy", "sell"])
def test_the_formulas_for_a_multiplier_of_2(levels: int, direction: str) -> None:
    """v(T(2^k−1) − S(2^k−k−1)) and v·S(2^(n+1)−n−2), v the value of a pip at the initial lot."""
    setup = ladder(direction=direction, levels=levels, take_profit_pips=60, stop_loss_pips=25, initial_lot=D("0.03"))
    table = MARTINGALE.preview(setup, at("1.1000"), None).table
    pip = D("0.3")
    assert [level.profit for level in table] == [
        pip * (60 * (2**k - 1) - 25 * (2**k - k - 1)) for k in range(1, levels + 1)
    ]
    assert table[-1].loss == -pip * 25 * (2 ** (levels + 1) - levels - 2)


def test_another_multiplier_adds_the_levels_up() -> None:
    setup = ladder(multiplier=3, levels=3, initial_lot=D("0.01"))
    table = MARTINGALE.preview(setup, at("1.1000"), None).table
    # 1, 3 and 9 hundredths of a lot: 0.10, 0.30 and 0.90 USD a pip.
    assert [level.profit for level in table] == [5, D("15") + 3, D("45") + 9 + 1]
    assert table[-1].loss == -(D("0.9") * 20 + D("0.3") * 40 + D("0.1") * 60)


def test_break_even_of_what_is_held_up_to_each_level() -> None:
    table = MARTINGALE.preview(ladder(), at("1.1000"), None).table
    assert table[0].break_even == D("1.1")
    assert table[1].break_even == D("1.09867")  # (1.1000 + 2 · 1.0980) / 3, on the tick above
    paid = MARTINGALE.preview(ladder(replace(EURUSD, fee_per_lot=D(7))), at("1.1000"), None).table
    assert paid[0].break_even == D("1.10014")


def test_needed_are_the_margin_of_all_levels_and_the_worst_case() -> None:
    preview = MARTINGALE.preview(ladder(), at("1.1000"), None)
    margin = sum(level.volume * 100_000 * level.price for level in preview.table) / 100
    assert preview.margin == margin == D("339.04")
    assert preview.needed == D("453.04")
    assert codes(funds="453.04") == {}
    refused = MARTINGALE.preview(ladder(), at("1.1000"), D("453.03")).refusals
    assert [(refusal.code, refusal.facts["short"]) for refusal in refused] == [("margin_missing", "0.01")]


def test_50_20_through_1_1000_1_0980_1_0960_1_1010_wins_27() -> None:
    """+1 +6 +20 = +27.00."""
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.0980", "1.0960")
    assert bot.levels() == [
        ("buy", D("0.01"), D("1.1000")),
        ("buy", D("0.02"), D("1.0980")),
        ("buy", D("0.04"), D("1.0960")),
    ]
    bot.show("1.1010")
    assert bot.filled() == [
        ("sell", D("0.01"), D("1.1010")),
        ("sell", D("0.02"), D("1.1010")),
        ("sell", D("0.04"), D("1.1010")),
    ]
    assert (bot.figures.cycle_profit, bot.figures.cycles, bot.figures.wins) == (D(27), 1, 1)
    assert bot.codes[-2:] == ["take_profit", "cycle_won"]


def test_a_gap_opens_one_level_only() -> None:
    """1.1000, 1.0985, 1.0935: one new level, 0.02 lot at 1.0935, floating −6.50; next trigger 1.0915."""
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.0985", "1.0935")
    assert bot.levels() == [("buy", D("0.01"), D("1.1000")), ("buy", D("0.02"), D("1.0935"))]
    assert bot.figures.floating == D("-6.5")
    assert (bot.triggers.bid_le, bot.triggers.bid_ge) == (D("1.0915"), D("1.0985"))


def test_a_gap_over_the_whole_ladder_still_opens_one_level_for_each_quote() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.0500")
    assert len(bot.levels()) == 2
    bot.show("1.0400")
    assert len(bot.levels()) == 3


def test_the_stop_of_the_last_level_closes_all_and_the_cycle_is_lost() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.0980", "1.0960", "1.0940", "1.0920", "1.0900")
    assert (bot.figures.base, bot.figures.realised) == (0, -114)
    assert (bot.figures.cycles, bot.figures.wins) == (1, 0)
    assert [intent.closes for intent in bot.step.intents] == ["1", "2", "3", "4", "5"]


def test_a_sell_ladder_mirrors_a_buy_ladder() -> None:
    bot = Bot(MARTINGALE, ladder(direction="sell"), "1.1000", "1.1020", "1.1040")
    assert bot.levels()[-1] == ("sell", D("0.04"), D("1.1040"))
    assert (bot.figures.short, bot.figures.base) == (D("0.07"), 0)
    assert bot.figures.floating == -8
    assert (bot.triggers.ask_le, bot.triggers.ask_ge) == (D("1.0990"), D("1.1060"))
    bot.show("1.0990")
    assert bot.figures.realised == 27


def test_buys_open_at_the_ask_and_are_measured_at_the_bid() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.0999")
    bot.show("1.1000", "1.1002")
    assert bot.figures.floating == D("0.1")
    bot.show("1.0979", "1.0981")
    assert bot.levels()[-1] == ("buy", D("0.02"), D("1.0981"))


def test_the_next_cycle_opens_on_the_quote_after_the_close() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.1050")
    assert (bot.levels(), bot.figures.realised) == ([], 5)
    bot.show("1.1050")
    assert bot.levels() == [("buy", D("0.01"), D("1.1050"))]


@pytest.mark.parametrize(("repeat", "cycles", "ends_after"), [("once", 10, 1), ("count", 3, 3), ("repeat", 1, None)])
def test_cycles_once_n_and_repeat(repeat: str, cycles: int, ends_after: int | None) -> None:
    bot = Bot(MARTINGALE, ladder(repeat=repeat, cycles=cycles), "1.1000")
    for number in range(1, 6):
        bot.show(str(D("1.1000") + D("0.0050") * number))
        if bot.state.stage == "ended":
            break
        bot.show(str(D("1.1000") + D("0.0050") * number))
    assert bot.figures.cycles == (ends_after or 5)
    assert (bot.state.stage, bot.state.reason) == (("ended", "cycles_done") if ends_after else ("active", ""))
    if ends_after:
        assert bot.triggers == type(bot.triggers)()


# --- refusals --------------------------------------------------------------------------------------------------------


def test_a_take_profit_that_loses_at_some_level_is_refused_and_the_level_named() -> None:
    """T 10, S 20 loses at level 3."""
    preview = MARTINGALE.preview(ladder(take_profit_pips=10), at("1.1000"), None)
    (refusal,) = preview.refusals
    assert (refusal.code, refusal.field, refusal.facts["level"]) == ("take_profit_loses", "take_profit_pips", "3")
    assert refusal.remedy


def test_levels_whose_lots_do_not_grow_on_the_lot_step_are_refused() -> None:
    preview = MARTINGALE.preview(ladder(multiplier=D("1.5")), at("1.1000"), None)
    (refusal,) = [one for one in preview.refusals if one.code == "lots_do_not_grow"]
    assert (refusal.field, refusal.facts["level"]) == ("multiplier", "2")
    assert "lots_do_not_grow" not in codes(multiplier=D("1.5"), initial_lot=D("0.02"))


def test_a_stop_below_three_spreads_is_refused_with_the_least() -> None:
    refusals = MARTINGALE.preview(ladder(), at("1.1000", "1.1007"), None).refusals
    assert [(one.code, one.facts["least"]) for one in refusals] == [("stop_loss_below_three_spreads", "21")]
    assert codes(ask="1.10066") == {}


def test_sizes_that_the_symbol_does_not_allow_are_refused() -> None:
    assert codes(initial_lot=D("0.015")) == {"lot_off_step": "initial_lot"}
    small = MARTINGALE.preview(ladder(replace(EURUSD, min_lot=D("0.1"))), at("1.1000"), None).refusals
    assert [(one.code, one.facts["least"]) for one in small] == [("order_below_minimum", "0.1")]
    large = MARTINGALE.preview(ladder(replace(EURUSD, max_lot=D("0.15"))), at("1.1000"), None).refusals
    assert [(one.code, one.facts["volume"]) for one in large] == [("order_above_maximum", "0.16")]


def test_levels_below_a_price_of_zero_are_refused() -> None:
    assert "levels_below_zero" in codes(stop_loss_pips=D(2300), take_profit_pips=D(5000))
    assert "levels_below_zero" not in codes(stop_loss_pips=D(2100), take_profit_pips=D(5000))


def test_what_a_form_begins_with_is_accepted() -> None:
    for quote in (at("1.1000", "1.1001"), at("1.1000", "1.1008")):
        suggested = MARTINGALE.suggest(EURUSD, quote, D(1000))
        assert MARTINGALE.preview(ladder(**suggested), quote, D(1000)).refusals == ()


# --- commands, refused orders, positions closed by hand ---------------------------------------------------------------


def test_a_paused_ladder_opens_nothing_and_is_protected_by_its_last_stop() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.0980")
    bot.command("pause")
    assert (bot.triggers.bid_ge, bot.triggers.bid_le) == (D("1.1030"), D("1.0900"))
    assert [order.side for order in bot.strategy.orders(bot.setup, bot.state)] == ["sell", "sell"]
    bot.show("1.0930")
    assert bot.step.intents == ()
    bot.command("resume")
    assert bot.filled() == [("buy", D("0.04"), D("1.0930"))]


def test_a_paused_ladder_honours_its_take_profit_and_begins_no_cycle() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.0980")
    bot.command("pause")
    bot.show("1.1030")
    assert (bot.figures.base, bot.figures.cycles) == (0, 1)
    assert bot.triggers == type(bot.triggers)()
    bot.show("1.1030")
    assert bot.levels() == []


def test_a_paused_ladder_that_falls_through_its_last_stop_is_closed() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000")
    bot.command("pause")
    assert bot.triggers.bid_le == D("1.0900")  # where the stop of the fifth level would lie
    bot.show("1.0899")
    assert (bot.levels(), bot.figures.realised) == ([], D("-10.1"))


def test_wind_down_leaves_by_the_ladders_own_exits_and_ends_when_flat() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.0980")
    bot.command("wind_down")
    bot.show("1.0950")
    assert len(bot.levels()) == 2
    bot.show("1.1030")
    assert (bot.state.stage, bot.state.reason, bot.figures.base) == ("ended", "wound_down", 0)
    flat = Bot(MARTINGALE, ladder(), "1.1000", "1.1050")
    flat.command("wind_down")
    assert (flat.state.stage, flat.state.reason) == ("ended", "wound_down")


def test_stop_close_closes_each_level_once_and_stop_keep_none() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.0980")
    closing = MARTINGALE.on_command(bot.setup, bot.state, "stop_close", bot.quote)
    assert [(intent.side, intent.volume, intent.closes) for intent in closing.intents] == [
        ("sell", D("0.01"), "1"),
        ("sell", D("0.02"), "2"),
    ]
    assert (closing.state.stage, closing.state.rungs) == ("ended", ())
    keeping = MARTINGALE.on_command(bot.setup, bot.state, "stop_keep", bot.quote)
    assert (keeping.intents, keeping.state.stage, len(keeping.state.rungs)) == ((), "ended", 2)


def test_a_close_that_waits_is_booked_when_its_fill_comes() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.0980")
    step = MARTINGALE.on_command(bot.setup, bot.state, "stop_close", bot.quote)
    results = [
        Result(step.intents[0], step.intents[0].price, D(0)),
        Result(step.intents[1], step.intents[1].price, D(0), error="waiting"),
    ]
    state = MARTINGALE.on_results(bot.setup, bot.state, results, bot.quote, "stop_close").state
    assert (state.stage, len(state.rungs)) == ("closing", 1)
    assert MARTINGALE.triggers(bot.setup, state) == type(bot.triggers)()
    after = MARTINGALE.on_reduced(bot.setup, state, Reduction("2", D("0.02"), D("1.0970"), D(0)), at("1.0970"))
    assert (after.state.stage, after.state.rungs) == ("ended", ())
    assert MARTINGALE.figures(bot.setup, after.state, at("1.0970")).realised == -4


def test_a_level_without_money_waits_alone_and_is_tried_again() -> None:
    """Funds missing later: the level waits, one alert, the exits go on, it retries by itself."""
    bot = Bot(MARTINGALE, ladder(), "1.1000")
    quote = at("1.0980", ts_ms=bot.quote.ts_ms + 1000)
    (intent,) = MARTINGALE.on_quote(bot.setup, bot.state, quote).intents
    refused = [Result(intent, intent.price, D(0), error="insufficient_margin")]
    step = MARTINGALE.on_results(bot.setup, bot.state, refused, quote)
    assert [(entry.code, entry.alert) for entry in step.log] == [("blocked", True)]
    assert MARTINGALE.phase(step.state).blocked == 1
    bot.state = step.state
    assert bot.triggers.bid_le == D("1.0900")  # the ladder's end protects what is held meanwhile
    assert bot.show("1.0975").intents == ()
    assert bot.command("retry").intents[0].key == "3"
    assert (len(bot.levels()), bot.state.blocked) == (2, False)


def test_levels_closed_by_hand_are_not_opened_again() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.0980")
    bot.state = MARTINGALE.on_reduced(
        bot.setup, bot.state, Reduction("2", D("0.02"), D("1.0975"), D(0)), bot.quote
    ).state
    assert bot.levels() == [("buy", D("0.01"), D("1.1000"))]
    assert bot.figures.realised == -1
    assert bot.triggers.bid_le == D("1.0960")  # the third level, as if nothing had been closed
    assert bot.show("1.0980").intents == ()


def test_a_cycle_of_which_the_last_position_is_closed_by_hand_is_over_and_the_cooldown_runs() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000")
    step = MARTINGALE.on_reduced(bot.setup, bot.state, Reduction("1", D("0.01"), D("1.0990"), D(0)), bot.quote)
    assert [entry.code for entry in step.log] == ["closed_by_hand", "cycle_lost"]
    bot.state = step.state
    assert bot.show("1.0990").intents == ()
    assert bot.state.waits == "cooldown"
    bot.show("1.0990", after_s=60)
    assert len(bot.levels()) == 1


def test_a_part_closed_by_hand_leaves_the_rest() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.0980")
    bot.state = MARTINGALE.on_reduced(
        bot.setup, bot.state, Reduction("2", D("0.01"), D("1.0980"), D(0)), bot.quote
    ).state
    assert bot.levels() == [("buy", D("0.01"), D("1.1000")), ("buy", D("0.01"), D("1.0980"))]
    bot.show("1.1030")
    assert bot.figures.realised == 8
