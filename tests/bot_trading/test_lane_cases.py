"""The cases of grid G through the database: launch, lane, booking, ledger."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.bot_trading.street import Street

D = Decimal


@pytest.fixture
def at_100(street: Street) -> Street:
    """The street with its first quote, 100."""
    street.show("100")
    return street


def test_a_launch_reserves_the_investment_and_buys_the_held_cells(at_100: Street) -> None:
    bot_id = at_100.launch()
    bot, account = at_100.bot(bot_id), at_100.place.account(at_100.account_id)
    assert (bot.status, bot.cash, bot.base) == ("running", D("484.585100"), D("5.149"))
    assert at_100.fills(bot_id) == [("buy", D("5.149"), D(100))]
    assert (account.balance, account.margin, account.reserved) == (D("999.4851"), D("514.9"), D("484.5851"))
    assert at_100.decisions(bot_id) == ["launched", "started"]
    at_100.place.check_ledger()


def test_one_quote_from_100_to_93_then_101_through_the_lane(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.show("93")
    assert [(side, price) for side, _, price in at_100.fills(bot_id)[1:]] == [("buy", 98), ("buy", 96), ("buy", 94)]
    assert at_100.total(bot_id).quantize(D("0.000001")) == D("-46.122682")
    at_100.show("101")
    bot = at_100.bot(bot_id)
    assert bot.cycle_profit.quantize(D("0.000001")) == D("5.579456")
    assert at_100.total(bot_id).quantize(D("0.000001")) == D("10.213556")
    at_100.place.check_ledger()


def test_98_and_100_ten_times_through_the_lane(at_100: Street) -> None:
    bot_id = at_100.launch()
    for _ in range(10):
        at_100.append("98", "100")
    at_100.work()
    bot = at_100.bot(bot_id)
    assert (bot.cycles, bot.cycle_profit, at_100.total(bot_id)) == (10, D("18.556996"), D("18.042096"))
    # What the account has gained is the bot's total less what still floats.
    account = at_100.place.account(at_100.account_id)
    assert account.balance == D(1000) + bot.cycle_profit + D("-0.5149")


def test_up_to_115_and_back_at_107_through_the_lane(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.show("115")
    assert (at_100.bot(bot_id).base, len(at_100.resting(bot_id, "buy"))) == (0, 10)
    assert at_100.total(bot_id).quantize(D("0.000001")) == D("29.833306")
    at_100.show("107")
    assert at_100.fills(bot_id)[-1] == ("buy", D("1.0298"), D(108))
    assert at_100.total(bot_id).quantize(D("0.000001")) == D("28.692288")


def test_ask_98_00_fills_and_98_01_does_not_and_again_fills_nothing(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.show(("98.00", "98.01"))
    assert len(at_100.fills(bot_id)) == 1
    at_100.show(("97.99", "98.00"), ("97.99", "98.00"))
    assert [price for _, _, price in at_100.fills(bot_id)] == [100, 98]


def test_a_grid_that_uses_all_of_the_accounts_money_buys_every_cell(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.show("90")
    bot = at_100.bot(bot_id)
    assert (bot.blocked, bot.base) == (0, D("10.298"))
    assert len(at_100.orders(bot_id)) == 10


def test_a_resting_buy_that_fills_is_a_limit_order_with_its_limit(at_100: Street) -> None:
    bot_id = at_100.launch()
    at_100.show("98")
    orders = at_100.rows(
        "select kind, price from core.orders where origin_id = :bot and side = 'buy' order by id", bot=bot_id
    )
    assert [(kind, price) for kind, price in orders] == [("market", None), ("limit", D(98))]
