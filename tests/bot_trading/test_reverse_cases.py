"""The cases of Reverse Martingale."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from plugins.bot_trading.strategies.protocol import Result
from tests.bot_trading.ladders import EURUSD, REVERSE, Bot, at, reverse

D = Decimal
STEP = D("0.0050")


def streak(wins: int) -> Bot:
    """A streak that has won so often."""
    bot = Bot(REVERSE, reverse(), "1.1000")
    for number in range(1, wins + 1):
        bot.show(str(D("1.1000") + STEP * number))
    return bot


def test_a_full_streak_earns_155() -> None:
    """0.01 lot 50/20, 5 levels: full streak +155."""
    bot = streak(5)
    assert (bot.figures.cycle_profit, bot.figures.cycles, bot.figures.wins) == (155, 1, 1)
    assert bot.levels() == []
    assert REVERSE.preview(reverse(), at("1.1000"), None).table[-1].profit == 155


@pytest.mark.parametrize(("level", "result"), [(1, -2), (2, 1), (3, 7), (4, 19), (5, 43)])
def test_the_first_loss_at_each_level(level: int, result: int) -> None:
    """First loss at level 1..5: −2, +1, +7, +19, +43."""
    bot = streak(level - 1)
    bot.show(str(D("1.1000") + STEP * (level - 1) - D("0.0020")))
    assert (bot.figures.cycle_profit, bot.levels()) == (result, [])
    assert (bot.figures.cycles, bot.figures.wins) == (1, int(result > 0))
    assert REVERSE.preview(reverse(), at("1.1000"), None).table[level - 1].loss == result


def test_the_doubled_position_opens_on_the_very_quote_that_closed_the_winner() -> None:
    bot = streak(1)
    assert bot.filled() == [("sell", D("0.01"), D("1.1050")), ("buy", D("0.02"), D("1.1050"))]
    assert bot.levels() == [("buy", D("0.02"), D("1.1050"))]


def test_after_the_streak_and_after_a_loss_the_next_opens_on_the_quote_after() -> None:
    bot = streak(5)
    bot.show("1.1250")
    assert bot.levels() == [("buy", D("0.01"), D("1.1250"))]
    lost = Bot(REVERSE, reverse(cooldown_s=0), "1.1000", "1.0980")
    assert lost.levels() == []
    lost.show("1.0980")
    assert lost.levels() == [("buy", D("0.01"), D("1.0980"))]


def test_a_winner_in_a_wide_spread_is_closed_and_the_doubled_one_waits() -> None:
    bot = Bot(REVERSE, reverse(), "1.1000")
    bot.show("1.1050", "1.1057")
    assert (bot.filled(), bot.state.waits) == ([("sell", D("0.01"), D("1.1050"))], "spread_too_wide")
    assert bot.show("1.1055", "1.1062").intents == ()
    bot.show("1.1055", "1.1056")
    assert bot.levels() == [("buy", D("0.02"), D("1.1056"))]
    assert bot.codes.count("waits") == 1


def test_a_winner_while_paused_is_closed_and_the_streak_goes_on_after_the_resume() -> None:
    bot = Bot(REVERSE, reverse(), "1.1000")
    bot.command("pause")
    bot.show("1.1050")
    assert (bot.levels(), bot.figures.realised, bot.figures.cycles) == ([], 5, 0)
    bot.command("resume")
    assert bot.levels() == [("buy", D("0.02"), D("1.1050"))]


def test_wind_down_ends_with_the_winner() -> None:
    bot = Bot(REVERSE, reverse(), "1.1000")
    bot.command("wind_down")
    bot.show("1.1050")
    assert (bot.state.stage, bot.figures.realised, bot.levels()) == ("ended", 5, [])


def test_a_doubled_order_that_is_refused_waits_for_money() -> None:
    bot = Bot(REVERSE, reverse(), "1.1000")
    quote = at("1.1050", ts_ms=5000)
    step = REVERSE.on_quote(bot.setup, bot.state, quote)
    results = [
        Result(step.intents[0], step.intents[0].price, D(0)),
        Result(step.intents[1], step.intents[1].price, D(0), error="insufficient_margin"),
    ]
    bot.state = REVERSE.on_results(bot.setup, bot.state, results, quote).state
    assert (bot.levels(), bot.figures.realised, bot.state.blocked) == ([], 5, True)
    bot.quote = quote
    bot.command("retry")
    assert bot.levels() == [("buy", D("0.02"), D("1.1050"))]


def test_alternate_doubles_and_turns_after_a_loss_and_keeps_the_positions() -> None:
    bot = Bot(REVERSE, reverse(variant="alternate"), "1.1000", "1.0980", "1.1000")
    assert bot.levels() == [
        ("buy", D("0.01"), D("1.1000")),
        ("sell", D("0.02"), D("1.0980")),
        ("buy", D("0.04"), D("1.1000")),
    ]
    assert (bot.figures.base, bot.figures.short) == (D("0.05"), D("0.02"))
    bot.show("1.1050")
    # +5 for the first, −14 for the second, +20 for the third
    assert (bot.figures.cycle_profit, bot.levels()) == (11, [])
    table = REVERSE.preview(reverse(variant="alternate"), at("1.1000"), None).table
    assert [level.profit for level in table][:3] == [5, 3, 11]


def test_alternate_needs_a_hedging_account() -> None:
    netting = replace(EURUSD, hedging=False)
    refused = REVERSE.preview(reverse(netting, variant="alternate"), at("1.1000"), None).refusals
    assert [(one.code, one.field) for one in refused] == [("hedging_needed", "variant")]
    assert REVERSE.preview(reverse(netting), at("1.1000"), None).refusals == ()
    assert REVERSE.preview(reverse(variant="alternate"), at("1.1000"), None).refusals == ()


def test_alternate_margin_is_that_of_the_larger_side() -> None:
    preview = REVERSE.preview(reverse(variant="alternate"), at("1.1000"), None)
    # buys of 0.01 + 0.04 + 0.16 at 1.1000, sells of 0.02 + 0.08 at 1.0980
    assert preview.margin == D("231.00")


def test_a_streak_needs_the_margin_of_its_largest_level_and_its_worst_case() -> None:
    preview = REVERSE.preview(reverse(), at("1.1000"), None)
    assert (preview.margin, preview.facts["worst_loss"]) == (D("179.20"), "2")  # 0.16 lot at 1.1200
    assert preview.needed == D("181.20")
    refused = REVERSE.preview(reverse(), at("1.1000"), D("181.19")).refusals
    assert [one.code for one in refused] == ["margin_missing"]


def test_the_titles_are_those_of_bot_stats() -> None:
    assert REVERSE.title == "Reverse Martingale"


def test_what_a_form_begins_with_is_accepted() -> None:
    quote = at("1.1000", "1.1001")
    suggested = REVERSE.suggest(EURUSD, quote, D(1000))
    assert REVERSE.preview(reverse(**suggested), quote, D(1000)).refusals == ()
    assert REVERSE.preview(reverse(variant="alternate", **suggested), quote, D(1000)).refusals == ()
