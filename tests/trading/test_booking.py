"""Orders through the database."""

from __future__ import annotations

from decimal import Decimal as D

from tests.trading.market import MarketPlace


def test_a_market_order_opens_a_position(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    result = market.place(account, "buy", "0.50")
    assert (result.status, result.filled, result.average_price) == ("filled", D("0.5"), D("1.1"))
    row = market.account(account)
    assert (row.balance, row.margin, row.fill_no) == (D(10000), D(550), 1)
    market.check_ledger()
