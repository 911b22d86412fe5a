"""The Spot Grid's cases, each by the name it has in the rules."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.bot_trading.grids import GRID, MARKET, Bot, at, setup

D = Decimal


def test_start_at_100_buys_the_held_cells_and_leaves_the_level_above_without_an_order() -> None:
    bot = Bot()
    assert bot.state.quantity == D("1.0298")
    assert [(i.side, i.volume, i.price, i.kind) for i in bot.step.intents] == [("buy", D("5.1490"), D(100), "market")]
    assert bot.state.cash == D("484.585100")
    assert bot.resting("buy") == [90, 92, 94, 96, 98]
    assert bot.resting("sell") == [102, 104, 106, 108, 110]


def test_one_quote_from_100_to_93_then_101() -> None:
    bot = Bot()
    bot.show("93")
    assert bot.filled() == [("buy", 98), ("buy", 96), ("buy", 94)]
    assert bot.figures.total.quantize(D("0.000001")) == D("-46.122682")
    bot.show("101")
    assert bot.filled() == [("sell", 96), ("sell", 98), ("sell", 100)]
    assert bot.figures.cycle_profit.quantize(D("0.000001")) == D("5.579456")
    assert bot.figures.total.quantize(D("0.000001")) == D("10.213556")


def test_ask_98_00_fills_and_98_01_does_not_and_the_same_quote_again_fills_nothing() -> None:
    bot = Bot()
    assert bot.show("98.00", "98.01").intents == ()
    assert [i.price for i in bot.show("97.99", "98.00").intents] == [98]
    assert bot.show("97.99", "98.00").intents == ()


def test_98_and_100_ten_times() -> None:
    bot = Bot()
    for _ in range(10):
        bot.show("98")
        bot.show("100")
    assert bot.figures.cycles == 10
    assert bot.figures.cycle_profit == D("18.556996")
    assert bot.figures.total == D("18.042096")


def test_up_to_115_and_back_at_107() -> None:
    bot = Bot()
    bot.show("115")
    assert bot.filled() == [("sell", price) for price in (102, 104, 106, 108, 110)]
    assert bot.figures.base == 0
    assert bot.figures.total.quantize(D("0.000001")) == D("29.833306")
    assert bot.resting("buy") == list(range(90, 110, 2))
    bot.show("107")
    assert bot.filled() == [("buy", 108)]
    assert bot.figures.total.quantize(D("0.000001")) == D("28.692288")


def test_range_100_to_100_05_with_10_cells_on_tick_0_01_is_refused_at_most_5_fit() -> None:
    preview = GRID.preview(setup(lower="100", upper="100.05"), at("100"), None)
    assert [(r.code, r.facts["cells"]) for r in preview.refusals] == [("levels_collapse_on_tick", "5")]
    assert "at most 5 cells fit" in preview.refusals[0].message
    fits = GRID.preview(setup(lower="100", upper="100.05", cells=5), at("100"), None)
    assert "levels_collapse_on_tick" not in {r.code for r in fits.refusals}


@pytest.mark.parametrize("upper", ["100.5", "101", "103.37"])
def test_the_number_of_geometric_cells_that_fit_is_the_largest(upper: str) -> None:
    made = setup(lower="100", upper=upper, cells=500, spacing="geometric")
    refusals = {r.code: r for r in GRID.preview(made, at("100"), None).refusals}
    fit = int(refusals["levels_collapse_on_tick"].facts["cells"])
    for cells, expected in ((fit, False), (fit + 1, True)):
        again = setup(lower="100", upper=upper, cells=cells, spacing="geometric")
        codes = {r.code for r in GRID.preview(again, at("100"), None).refusals}
        assert ("levels_collapse_on_tick" in codes) is expected


def test_investment_20_with_minimum_notional_5_is_refused_least_investment_53_9860() -> None:
    market = replace(MARKET, min_notional=D(5))
    preview = GRID.preview(setup(market, investment="20"), at("100"), None)
    assert [(r.code, r.facts["least"]) for r in preview.refusals] == [("investment_too_small", "53.9860")]
    assert GRID.preview(setup(market, investment="53.9860"), at("100"), None).refusals == ()
    below = GRID.preview(setup(market, investment="53.9859"), at("100"), None)
    assert [r.code for r in below.refusals] == ["investment_too_small"]


def test_a_cell_that_earns_nothing_after_commission_is_refused_by_its_number() -> None:
    preview = GRID.preview(setup(lower="100", upper="101", cells=5, investment="10000"), at("100.5"), None)
    refusal = preview.refusals[0]
    # Each cell is 0.20 wide; two commissions of 0.1 % take 0.2016 at the highest one.
    assert (refusal.code, refusal.facts["cell"]) == ("profit_per_grid_not_positive", "5")


def test_missing_funds_are_refused_with_what_is_missing() -> None:
    preview = GRID.preview(setup(), at("100"), D("940.5"))
    assert [(r.code, r.facts["short"]) for r in preview.refusals] == [("insufficient_funds", "59.5")]


def test_geometric_levels_are_rounded_half_up_to_the_tick() -> None:
    made = setup(lower="100", upper="200", cells=2, spacing="geometric")
    assert GRID.preview(made, at("150"), None).levels == (D("100.00"), D("141.42"), D("200.00"))
    half = setup(replace(MARKET, tick=D("0.1")), lower="100", upper="100.5", cells=2)
    assert GRID.preview(half, at("100.2"), None).levels == (D("100.0"), D("100.3"), D("100.5"))


def test_a_start_below_the_range_holds_all_cells_and_one_above_holds_none() -> None:
    below, above = Bot(start="85"), Bot(start="120")
    assert (len(below.resting("sell")), below.resting("buy")) == (10, [])
    assert (above.resting("sell"), len(above.resting("buy"))) == ([], 10)
    assert above.step.intents == ()


@pytest.mark.parametrize(
    ("trigger", "quiet", "fires"), [("97", ("97.01", "103"), "96.90"), ("103", ("102.99", "97"), "103.20")]
)
def test_a_trigger_price_starts_the_grid_when_the_ask_reaches_it(
    trigger: str, quiet: tuple[str, ...], fires: str
) -> None:
    bot = Bot(setup(trigger_price=trigger))
    for price in quiet:
        bot.show(price)
        assert (bot.state.stage, bot.step.intents) == ("waiting", ())
    bot.show(fires)
    assert bot.state.stage == "active"
    assert bot.state.start_price == D(fires)
    assert bot.figures.total == -bot.state.fees


def test_the_stop_loss_fills_what_the_quote_touched_and_then_sells_all_at_the_quote() -> None:
    bot = Bot(setup(stop_loss_price="88"))
    bot.show("87")
    buys = [i for i in bot.step.intents if i.side == "buy"]
    sells = [i for i in bot.step.intents if i.side == "sell"]
    assert [i.price for i in buys] == [98, 96, 94, 92, 90]
    assert {i.price for i in sells} == {D(87)}
    assert len(sells) == 6  # the start purchase and five of the cells' own
    assert (bot.state.stage, bot.state.reason, bot.figures.base) == ("ended", "stop_loss", 0)
    assert bot.figures.cycle_profit == 0
    assert bot.show("100").intents == ()


def test_the_take_profit_ends_the_grid_and_keep_leaves_what_it_holds() -> None:
    bot = Bot(setup(take_profit_price="105", on_stop="keep"))
    bot.show("105.5")
    assert bot.filled() == [("sell", 102), ("sell", 104)]
    assert (bot.state.stage, bot.state.reason) == ("ended", "take_profit")
    assert bot.figures.base == 3 * D("1.0298")


def test_trailing_up_moves_the_grid_cell_by_cell_within_its_own_cash() -> None:
    bot = Bot(setup(trailing_up=True))
    bot.show("111.99")
    assert bot.resting("buy")[-1] == 108
    bot.show("116.5")
    assert bot.resting("buy") == list(range(96, 116, 2))
    assert [entry.code for entry in bot.step.log] == ["trailed_up"]
    cost = sum(MARKET.lot_cost(price) for price in bot.resting("buy")) * bot.state.quantity
    assert cost <= bot.state.cash
    bot.show("111")
    assert bot.filled() == [("buy", 114), ("buy", 112)]


def test_trailing_down_moves_the_highest_cells_holding_to_the_bottom_without_a_trade() -> None:
    bot = Bot(setup(trailing_down=True))
    bot.show("89")
    before = bot.figures
    bot.show("88")
    assert bot.step.intents == ()
    assert bot.figures.base == before.base
    assert bot.resting("sell") == list(range(90, 110, 2))
    bot.show("90")
    assert bot.filled() == [("sell", 90)]
    assert bot.figures.cycle_profit == 0
    assert bot.figures.inventory_realised < 0


def test_compounding_enlarges_the_orders_that_follow_and_stays_within_the_cash() -> None:
    plain, compounding = Bot(), Bot(setup(compounding=True))
    for bot in (plain, compounding):
        for _ in range(60):
            bot.show("95")
            bot.show("101")
    assert plain.state.quantity == D("1.0298")
    assert compounding.state.quantity > plain.state.quantity
    assert compounding.figures.cycle_profit > plain.figures.cycle_profit
    compounding.show("90")
    assert compounding.state.cash >= 0


def test_a_paused_grid_buys_nothing_and_goes_on_selling_and_shows_what_a_resume_would_execute() -> None:
    bot = Bot()
    bot.show("97")
    bot.state = GRID.on_command(bot.setup, bot.state, "pause", bot.quote).state
    assert bot.resting("buy") == []
    assert bot.show("93").intents == ()
    bot.show("102")
    assert bot.filled() == [("sell", 100), ("sell", 102)]
    bot.show("95")
    step = GRID.on_command(bot.setup, bot.state, "resume", bot.quote)
    assert [(i.side, i.price, i.kind) for i in step.intents] == [("buy", D(95), "market")] * 3
    assert len(GRID.orders(bot.setup, step.state)) == 10


def test_stop_close_sells_each_position_once_and_stop_keep_none() -> None:
    bot = Bot()
    bot.show("95")
    closing = GRID.on_command(bot.setup, bot.state, "stop_close", bot.quote)
    assert sorted(i.volume for i in closing.intents) == [D("1.0298"), D("1.0298"), D("5.1490")]
    assert GRID.figures(bot.setup, closing.state, bot.quote).base == 0
    keeping = GRID.on_command(bot.setup, bot.state, "stop_keep", bot.quote)
    assert (keeping.intents, keeping.state.stage) == ((), "ended")


def test_wind_down_leaves_by_the_grids_own_sells_and_ends_when_flat() -> None:
    bot = Bot()
    bot.state = GRID.on_command(bot.setup, bot.state, "wind_down", bot.quote).state
    bot.show("90")
    assert bot.step.intents == ()
    bot.show("107")
    assert (len(bot.step.intents), bot.state.stage) == (3, "active")
    bot.show("110")
    assert (bot.state.stage, bot.state.reason) == ("ended", "wound_down")
