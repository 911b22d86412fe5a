"""Orders through the database."""

from __future__ import annotations

from decimal import Decimal

from tests.trading.market import MarketPlace


def test_a_market_order_opens_a_position(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    result = market.place(account, "buy", "0.50")
    assert (result.status, result.filled, result.average_price) == ("filled", Decimal("0.5"), Decimal("1.1"))
    row = market.account(account)
    assert (row.balance, row.margin, row.fill_no) == (Decimal(10000), Decimal(550), 1)
    market.check_ledger()
