"""Guards: spread, cooldown, cycles an hour, daily loss, stale and leaping quotes, all by the time of the prices."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from core.sdk.data import new_id
from core.sdk.trading import QuoteView
from plugins.bot_trading.services.market import quote_of
from plugins.bot_trading.strategies.guards import answer, withheld
from plugins.bot_trading.strategies.protocol import Quote
from plugins.bot_trading.strategies.run import run
from tests.bot_trading.grids import GRID
from tests.bot_trading.grids import setup as grid
from tests.bot_trading.ladders import EURUSD, MARTINGALE, Bot, at, ladder, safety

D = Decimal
LOST = ("1.1000", "1.0980", "1.0960", "1.0940", "1.0920", "1.0900")


def test_no_cycle_begins_while_the_spread_exceeds_30_percent_of_the_stop() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000")
    bot.show("1.1050")
    bot.show("1.1050", "1.10561")
    assert (bot.levels(), bot.state.waits) == ([], "spread_too_wide")
    assert bot.log[-1].facts == {"reason": "spread_too_wide", "spread": "0.00061"}
    assert bot.triggers.bid_ge == 0  # each quote, until the spread is narrow again
    bot.show("1.1050", "1.1056")
    assert len(bot.levels()) == 1


def test_no_level_opens_in_a_wide_spread_and_exits_go_on() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000")
    bot.show("1.0975", "1.0985")
    assert (bot.step.intents, bot.state.waits) == ((), "spread_too_wide")
    bot.show("1.0979", "1.0980")
    assert bot.levels()[-1] == ("buy", D("0.02"), D("1.0980"))
    bot.show("1.1030", "1.1060")
    assert bot.figures.cycles == 1


def test_a_chosen_maximum_spread_takes_the_place_of_the_default() -> None:
    bot = Bot(MARTINGALE, ladder(max_spread_pips=D("0.5")), "1.1000", "1.1050")
    bot.show("1.10500", "1.10506")
    assert bot.levels() == []
    bot.show("1.10500", "1.10505")
    assert len(bot.levels()) == 1


def test_a_touched_safety_order_waits_in_a_wide_spread_and_fills_at_its_own_price_afterwards() -> None:
    bot = Bot(MARTINGALE, safety(), "100")
    bot.show("98.6", "98.95")  # 30 % of the first step of 1.00
    assert bot.step.intents == ()
    bot.show("98.7", "98.95")
    assert bot.filled() == [("buy", D("1.0101"), D(99))]


def test_60_s_of_cooldown_after_a_final_stop_by_the_time_of_the_prices() -> None:
    bot = Bot(MARTINGALE, ladder(), *LOST)
    assert bot.figures.realised == -114
    bot.show("1.0900", after_s=59.999)
    assert (bot.levels(), bot.state.waits) == ([], "cooldown")
    bot.show("1.0900", after_s=0.001)
    assert len(bot.levels()) == 1
    assert bot.codes.count("waits") == 1


def test_a_won_cycle_has_no_cooldown() -> None:
    bot = Bot(MARTINGALE, ladder(), "1.1000", "1.1050")
    bot.show("1.1050", after_s=0)
    assert len(bot.levels()) == 1


def test_most_cycles_an_hour() -> None:
    bot = Bot(MARTINGALE, ladder(max_cycles_per_hour=2), "1.1000", "1.1050", "1.1050", "1.1100")
    assert bot.figures.cycles == 2
    bot.show("1.1100")
    assert (bot.levels(), bot.state.waits) == ([], "cycles_an_hour")
    bot.show("1.1100", after_s=3600 - 5)
    assert bot.levels() == []  # the first began an hour ago less a second
    bot.show("1.1100")
    assert len(bot.levels()) == 1
    assert len(bot.state.starts) == 2


def test_the_daily_loss_limit_holds_until_the_next_day_of_the_feed() -> None:
    bot = Bot(MARTINGALE, ladder(daily_loss_limit=100), *LOST)
    bot.show("1.0900", after_s=3600)
    assert (bot.levels(), bot.state.waits) == ([], "daily_loss_limit")
    bot.show("1.0900", after_s=86_400 - 3600 - bot.quote.ts_ms / 1000 + 3600 - 0.001)
    assert bot.levels() == []
    bot.show("1.0900", after_s=0.001)
    assert len(bot.levels()) == 1


def test_a_daily_loss_below_the_limit_holds_nothing() -> None:
    bot = Bot(MARTINGALE, ladder(daily_loss_limit=D("114.01"), cooldown_s=0), *LOST)
    bot.show("1.0900")
    assert len(bot.levels()) == 1


# --- every strategy --------------------------------------------------------------------------------------------------


def test_no_order_on_a_stale_quote() -> None:
    """10 s for FX in session, by symbol."""
    market = replace(EURUSD, staleness_ms=10_000)
    setup = ladder(market)
    state = MARTINGALE.start(setup, at("1.1000")).state
    old = Quote(D("1.1000"), D("1.1000"), ts_ms=5_000, clock_ms=15_000)
    assert withheld(market, old) == "quote_stale"
    step = answer(MARTINGALE, setup, state, old)
    assert (step.intents, step.state, [entry.code for entry in step.log]) == ((), state, ["quote_stale"])
    assert len(answer(MARTINGALE, setup, state, replace(old, clock_ms=14_999)).intents) == 1
    assert withheld(EURUSD, replace(old, clock_ms=10**9)) == ""


def test_a_quote_that_the_platform_calls_stale_is_stale_for_strategies() -> None:
    view = QuoteView(new_id(), 7, 5_000, D("1.1000"), D("1.1001"), tradable=False, reason="quote_stale")
    market = replace(EURUSD, staleness_ms=600_000)
    assert withheld(market, quote_of(view)) == "quote_stale"
    assert withheld(market, quote_of(replace(view, tradable=True, reason=None))) == ""


def test_no_order_on_a_quote_that_leaps_beyond_the_deviation_limit() -> None:
    market = replace(EURUSD, deviation=D("0.01"))
    bot = Bot(MARTINGALE, ladder(market), "1.1000")
    bot.show("0.1000")
    assert (bot.step.intents, bot.codes[-1]) == ((), "quote_leaps")
    bot.show("1.1000")
    assert bot.step.intents == ()  # back from a wrong price is a leap too
    bot.show("1.1010")
    assert (len(bot.levels()), bot.figures.realised) == (1, 0)


def test_a_real_move_is_acted_on_at_the_next_quote() -> None:
    market = replace(EURUSD, deviation=D("0.01"))
    bot = Bot(MARTINGALE, ladder(market), "1.1000")
    bot.show("1.0500")
    assert bot.step.intents == ()
    bot.show("1.0501")
    assert bot.levels()[-1] == ("buy", D("0.02"), D("1.0501"))


def test_the_leap_may_be_on_one_side_of_the_quote() -> None:
    market = replace(EURUSD, deviation=D("0.01"))
    quote = replace(at("1.1000", "1.2000"), before=(D("1.1000"), D("1.1001")))
    assert withheld(market, quote) == "quote_leaps"
    assert withheld(market, replace(quote, before=None)) == ""


def test_a_grid_fills_nothing_on_a_leap_and_its_orders_at_the_next_quote() -> None:
    made = grid(replace(grid().market, deviation=D("0.05")))
    result = run(GRID, made, [at("100"), at("93"), at("93.5")])
    assert [entry.code for entry in result.log if entry.code == "quote_leaps"] == ["quote_leaps"]
    assert [intent.price for intent in result.events[-1][1]] == [98, 96, 94]


def test_resuming_on_a_stale_quote_orders_nothing_at_once() -> None:
    setup = ladder(replace(EURUSD, staleness_ms=10_000))
    bot = Bot(MARTINGALE, setup, "1.1000")
    bot.command("pause")
    stale = replace(at("1.0950", ts_ms=5000), clock_ms=99_000)
    step = MARTINGALE.on_command(setup, bot.state, "resume", stale)
    assert (step.intents, step.state.opening) == ((), True)
    fresh = replace(stale, clock_ms=6000)
    assert len(MARTINGALE.on_command(setup, bot.state, "resume", fresh).intents) == 1
