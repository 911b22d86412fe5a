"""The workbench of plugins' authors: two brokerages, a clock and a market that do what the test says."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import text

from core.sdk.testing.workbench import Workbench


def test_a_market_that_moves_and_fires(workbench: Workbench) -> None:
    north, market = workbench.one, workbench.market
    account = north.account(balance="1000")
    market.quote("EURUSD", "1.10000", "1.10010")
    bought = north.trade(account, "buy", "0.10", take_profit=Decimal("1.10500"))
    assert (bought.status, bought.average_price) == ("filled", Decimal("1.10010"))
    market.quote("EURUSD", "1.10600", "1.10610", after_s=60)
    with north.session() as session:
        [position] = session.execute(text("select closed_ts_ms is not null, close_reason from core.positions")).all()
        balance = session.scalar(text("select balance from core.accounts where id = :id"), {"id": account})
    assert tuple(position) == (True, "take_profit")
    assert balance == Decimal("1049")
    assert market.now_ms == 1_700_000_061_000


def test_brokerages_are_apart(workbench: Workbench) -> None:
    account = workbench.one.account()
    with workbench.other.session() as session:
        assert session.scalar(text("select count(*) from core.accounts")) == 0
        assert session.scalar(text("select count(*) from core.accounts where id = :id"), {"id": account}) == 0


def test_pages_of_a_customer(workbench: Workbench) -> None:
    customer = workbench.one.customer()
    workbench.one.account(customer)
    with workbench.browse(workbench.one, customer) as browser:
        page = browser.get("/")
        assert page.status == 200
        assert "100001" in page
        assert browser.get("/nowhere").status == 404
    with workbench.browse(workbench.one) as owner:
        assert owner.get("/admin/accounts").status == 200
