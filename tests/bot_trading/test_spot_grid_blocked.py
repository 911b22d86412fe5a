"""Cells that wait for money, and cells closed by hand."""

from decimal import Decimal

from plugins.bot_trading.strategies.protocol import Intent, LogEntry, Reduction, Result
from tests.bot_trading.grids import GRID, Bot

D = Decimal


def refuse(bot: Bot, price: str, refused: set[Decimal], error: str = "insufficient_margin") -> list[LogEntry]:
    """Show a quote whose buys at the ``refused`` prices are not accepted."""
    before = bot.state
    step = bot.show(price)

    def result(intent: Intent) -> Result:
        bad = intent.side == "buy" and intent.price in refused
        fee = bot.setup.market.fee(intent.volume, intent.price)
        return Result(intent, intent.price, fee, error if bad else None)

    again = GRID.on_results(bot.setup, before, [result(i) for i in step.intents], bot.quote)
    assert [(i.key, i.price) for i in again.intents] == [(i.key, i.price) for i in step.intents]
    bot.state = GRID.load(GRID.dump(again.state))
    return list(again.log)


def blocked(bot: Bot) -> list[Decimal]:
    return [o.price for o in GRID.orders(bot.setup, bot.state) if o.state == "blocked_insufficient_funds"]


def test_funds_missing_blocks_the_cell_alerts_once_and_the_others_go_on() -> None:
    bot = Bot()
    log = refuse(bot, "93", {D(96), D(94)})
    assert [entry.facts for entry in log if entry.alert] == [{"reason": "insufficient_margin", "orders": "2"}]
    assert blocked(bot) == [94, 96]
    assert bot.figures.base == D("5.1490") + D("1.0298")
    assert len(GRID.orders(bot.setup, bot.state)) == 10
    bot.show("91.5")
    assert bot.filled() == [("buy", 92)]


def test_a_blocked_cell_retries_by_itself_at_the_market_when_something_was_sold() -> None:
    bot = Bot()
    refuse(bot, "93", {D(98)})
    assert blocked(bot) == [98]
    bot.show("96")
    # The sell at 96 freed money; the cell that waited is at or above the ask and buys at the quote.
    assert bot.filled() == [("sell", 96), ("buy", 96)]
    assert blocked(bot) == []
    bot.show("100")
    # Bought below its own limit, it is inventory and not a round trip of the grid.
    assert bot.figures.cycles == 2
    assert bot.figures.inventory_realised > 0


def test_a_blocked_cell_rests_again_when_the_ask_has_left_its_level() -> None:
    bot = Bot()
    refuse(bot, "97", {D(98)})
    assert GRID.triggers(bot.setup, bot.state).ask_ge == D("98.01")
    bot.show("98.01")
    assert (blocked(bot), bot.step.intents) == ([], ())
    assert bot.state.cells is None
    bot.show("98")
    assert bot.filled() == [("buy", 98)]


def test_a_retry_by_command_buys_what_waits() -> None:
    bot = Bot()
    refuse(bot, "97", {D(98)})
    step = GRID.on_command(bot.setup, bot.state, "retry", bot.quote)
    assert [(i.price, i.kind) for i in step.intents] == [(D(97), "market")]
    refused = [Result(step.intents[0], D(97), D(0), "insufficient_margin")]
    again = GRID.on_results(bot.setup, bot.state, refused, bot.quote, "retry")
    assert GRID.phase(again.state).blocked == 1
    assert again.state.seq == step.state.seq


def test_a_start_that_is_refused_leaves_its_cells_waiting() -> None:
    bot = Bot()
    waiting = GRID.start(bot.setup, bot.quote).state
    step = GRID.on_quote(bot.setup, waiting, bot.quote)
    refused = [Result(step.intents[0], D(100), D(0), "insufficient_margin")]
    state = GRID.on_results(bot.setup, waiting, refused, bot.quote).state
    assert GRID.phase(state).blocked == 5
    assert GRID.figures(bot.setup, state, bot.quote).total == 0


def test_a_commission_booked_otherwise_than_expected_is_taken_as_booked() -> None:
    bot = Bot()
    before, step = bot.state, bot.show("98")
    booked = [Result(step.intents[0], D(98), D("0.5"))]
    state = GRID.on_results(bot.setup, before, booked, bot.quote).state
    assert state.fees == before.fees + D("0.5")
    assert state.cash == before.cash - D("98") * D("1.0298") - D("0.5")


def test_a_position_closed_by_hand_brings_no_counter_order() -> None:
    bot = Bot()
    bot.show("95")
    key = next(i.key for i in bot.step.intents if i.price == 98)
    step = GRID.on_reduced(bot.setup, bot.state, Reduction(key, D("1.0298"), D(95), D("0.097831")), bot.quote)
    bot.state = GRID.load(GRID.dump(step.state))
    assert step.intents == ()
    assert [entry.code for entry in step.log] == ["closed_by_hand"]
    # Neither the sell at 100 nor a buy at 98 rests for it, and the price going down again buys only at 94 and below.
    assert 100 not in bot.resting("sell")
    assert 98 not in bot.resting("buy")
    bot.show("93.9")
    assert bot.filled() == [("buy", 94)]
    bot.show("100")
    assert ("sell", 100) not in bot.filled()
    # Where its sell would have filled it is an ordinary empty cell again.
    assert 98 in bot.resting("buy")
    assert bot.state.cells is None


def test_a_part_of_the_start_purchase_closed_by_hand_is_taken_from_the_highest_cells() -> None:
    bot = Bot()
    reduction = Reduction(bot.state.start_key, D("1.5"), D(100), D("0.15"))
    bot.state = GRID.on_reduced(bot.setup, bot.state, reduction, bot.quote).state
    sells = {o.price: o.volume for o in GRID.orders(bot.setup, bot.state) if o.side == "sell"}
    assert sells == {102: D("1.0298"), 104: D("1.0298"), 106: D("1.0298"), 108: D("0.5596")}
    assert bot.figures.total == -bot.state.fees
    bot.show("110")
    assert bot.figures.base == 0
    assert len(bot.resting("buy")) == 10


def test_resuming_makes_orders_anew_for_cells_that_were_closed_by_hand() -> None:
    bot = Bot()
    bot.show("95")
    key = next(i.key for i in bot.step.intents if i.price == 98)
    bot.state = GRID.on_reduced(bot.setup, bot.state, Reduction(key, D("1.0298"), D(95), D(0)), bot.quote).state
    bot.state = GRID.on_command(bot.setup, bot.state, "pause", bot.quote).state
    step = GRID.on_command(bot.setup, bot.state, "resume", bot.quote)
    assert [(i.price, i.label) for i in step.intents] == [(D(95), "4")]


def test_a_close_that_waits_keeps_the_grid_closing_until_its_fill_comes() -> None:
    bot = Bot()
    step = GRID.on_command(bot.setup, bot.state, "stop_close", bot.quote)
    waits = [Result(step.intents[0], D(100), D(0), "waiting")]
    bot.state = GRID.on_results(bot.setup, bot.state, waits, bot.quote, "stop_close").state
    assert GRID.phase(bot.state).stage == "closing"
    reduction = Reduction(bot.state.start_key, D("5.1490"), D(99), D("0.509751"))
    bot.state = GRID.on_reduced(bot.setup, bot.state, reduction, bot.quote).state
    assert (GRID.phase(bot.state).stage, bot.figures.base) == ("ended", 0)
