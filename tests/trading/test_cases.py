"""The case table of the trading rules, each case through the database."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.trading.booking import book
from core.trading.models import Fill, LedgerEntry, Order
from core.trading.services import account_states, quotes
from tests.trading.market import MarketPlace


def test_usd_account_leverage_100_buys_031_eurusd(market: MarketPlace) -> None:
    """USD account, leverage 100 | buy 0.31 EUR/USD at 1.0960 | margin 339.76"""
    market.quote("EURUSD", "1.09590", "1.09600")
    (account,) = market.accounts("standard")
    market.place(account, "buy", "0.31")
    assert market.account(account).margin == Decimal("339.76")


def test_hedged_positions_need_the_larger_side(market: MarketPlace) -> None:
    """the same, hedging | long 1.00 and short 0.40, both at 1.1000 | margin 1,100.00"""
    (account,) = market.accounts("standard")
    market.place(account, "buy", "1.00")
    market.place(account, "sell", "0.40")
    assert market.account(account).margin == Decimal("1100")
    short = next(row for row in market.positions(account) if row.side == "sell")
    market.close(short.id)
    assert market.account(account).margin == Decimal("1100")


@pytest.mark.parametrize(("bid", "left", "balance"), [("1.08550", 1, "1000"), ("1.08500", 0, "250")])
def test_stop_out_below_its_level(market: MarketPlace, bid: str, left: int, balance: str) -> None:
    """balance 1,000, long 0.50 at 1.1000, stop-out 50 % | bid 1.0855 / 1.0850 | open / closed at 1.0850, balance 250.00"""
    (account,) = market.accounts("standard", balance="1000")
    market.place(account, "buy", "0.50")
    market.cross("EURUSD", bid, bid)
    assert len([row for row in market.positions(account) if row.closed_ts_ms is None]) == left
    assert market.account(account).balance == Decimal(balance)
    with market.session() as session:
        state = account_states(session, [account])[account]
    assert state.level == (Decimal(50) if left else None)
    if not left:
        assert market.positions(account)[0].close_reason == "stop_out"
        with market.session() as session:
            assert session.scalars(select(Fill.price).where(Fill.effect == "close")).one() == Decimal("1.0850")
    market.check_ledger()


@pytest.mark.parametrize(("closed_at", "expected"), [("1.08200", "92.575448990928"), ("1.08000", "-92.592592592593")])
def test_conversion_at_the_customers_disadvantage(market: MarketPlace, closed_at: str, expected: str) -> None:
    """EUR account, EUR/USD 1.0800/1.0802 | close +100 USD / −100 USD | +92.575448990928 / −92.592592592593 EUR"""
    market.account_type("euro", currency="EUR")
    (account,) = market.accounts("euro")
    market.quote("EURUSD", "1.08000", "1.08020")
    market.quote("GBPUSD", "1.08100", "1.08100")
    position = market.place(account, "buy", "1.00", "GBPUSD").fills[0].position_id
    market.quote("GBPUSD", closed_at, closed_at)
    result = market.close(position)
    assert result.fills[0].profit == Decimal(expected)
    assert market.account(account).balance == Decimal(10000) + Decimal(expected)
    market.check_ledger()


def test_mark_up_of_a_pip(market: MarketPlace) -> None:
    """mark-up 1 pip on 1.10000/1.10010 | | 1.09995/1.10015"""
    market.account_type("marked", markup=Decimal(1))
    (account,) = market.accounts("marked")
    market.quote("EURUSD", "1.10000", "1.10010")
    with market.session() as session:
        view = quotes(session, account)[market.symbols["EURUSD"]]
    assert (view.bid, view.ask, view.tradable) == (Decimal("1.09995"), Decimal("1.10015"), True)
    assert market.place(account, "buy", "0.10").average_price == Decimal("1.10015")
    assert market.place(account, "sell", "0.10").average_price == Decimal("1.09995")


def test_commission_of_seven_a_lot_and_side(market: MarketPlace) -> None:
    """commission 7 a lot and side | 0.10 lot in and out | 0.70 + 0.70"""
    market.account_type("charged", commission=Decimal(7))
    (account,) = market.accounts("charged")
    opened = market.place(account, "buy", "0.10")
    closed = market.close(opened.fills[0].position_id)
    assert [opened.fills[0].commission, closed.fills[0].commission] == [Decimal("0.7"), Decimal("0.7")]
    assert market.account(account).balance == Decimal("9998.6")
    with market.session() as session:
        entries = session.scalars(select(LedgerEntry).where(LedgerEntry.kind == "trade").order_by(LedgerEntry.entry_no))
        assert [(entry.amount, entry.commission) for entry in entries] == [(Decimal("-0.7"), Decimal("-0.7"))] * 2
    assert market.positions(account)[0].commission == Decimal("1.4")


def test_a_stop_loss_closes_at_the_quote(market: MarketPlace) -> None:
    """long, stop-loss 1.0950 | bid 1.0960 → 1.0930 | closed at 1.0930"""
    (account,) = market.accounts("standard")
    market.place(account, "buy", "0.10", stop_loss="1.09500")
    market.cross("EURUSD", "1.09600", "1.09610")
    assert market.positions(account)[0].closed_ts_ms is None
    market.cross("EURUSD", "1.09300", "1.09310")
    row = market.positions(account)[0]
    assert (row.close_reason, row.realised) == ("stop_loss", Decimal("-70"))


def test_a_take_profit_closes_at_its_own_price(market: MarketPlace) -> None:
    """long, take-profit 1.1050 | bid 1.1040 → 1.1070 | closed at 1.1050"""
    (account,) = market.accounts("standard")
    market.place(account, "buy", "0.10", take_profit="1.10500")
    market.cross("EURUSD", "1.10400", "1.10410")
    assert market.positions(account)[0].closed_ts_ms is None
    market.cross("EURUSD", "1.10700", "1.10710")
    row = market.positions(account)[0]
    assert (row.close_reason, row.realised) == ("take_profit", Decimal("50"))


def test_netting_flips_in_two_legs(market: MarketPlace) -> None:
    """netting, long 1.00 at 1.1000 | sell 1.50 at 1.1020 | +200.00; short 0.50 at 1.1020"""
    market.account_type("net", mode="netting")
    (account,) = market.accounts("net")
    market.place(account, "buy", "1.00")
    market.quote("EURUSD", "1.10200", "1.10200")
    result = market.place(account, "sell", "1.50")
    assert [(fill.effect, fill.volume, fill.profit) for fill in result.fills] == [
        ("close", Decimal(1), Decimal(200)),
        ("open", Decimal("0.5"), Decimal(0)),
    ]
    assert [fill.fill_no for fill in result.fills] == [2, 3]
    rows = market.positions(account)
    assert [(row.side, row.volume, row.open_price) for row in rows] == [
        ("buy", Decimal(0), Decimal("1.1")),
        ("sell", Decimal("0.5"), Decimal("1.102")),
    ]
    assert market.account(account).balance == Decimal(10200)
    assert market.account(account).margin == Decimal("551")
    market.check_ledger()


def test_the_same_client_order_id_twice(market: MarketPlace) -> None:
    """the same client order id twice, also at once | | one order, the same answer"""
    (account,) = market.accounts("standard")
    first = market.place(account, "buy", "0.10", client_order_id="once")
    again = market.place(account, "buy", "0.10", client_order_id="once")
    assert (again.order_id, again.fills, again.status, again.repeated) == (first.order_id, first.fills, "filled", True)
    with market.session() as session:
        request = market.order(account, "sell", "0.20", client_order_id="both")
        one, two = book(session, [request, request])
    assert (one.order_id, one.fills) == (two.order_id, two.fills)
    assert (one.repeated, two.repeated) == (False, True)
    assert market.account(account).fill_no == 2


def test_the_same_client_order_id_at_once(market: MarketPlace) -> None:
    """the same client order id twice, also at once | | one order, the same answer"""
    (account,) = market.accounts("standard")
    start, results = threading.Barrier(4), []

    def send() -> None:
        start.wait()
        results.append(market.place(account, "buy", "0.10", client_order_id="once"))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({(result.order_id, result.fills) for result in results}) == 1
    assert sorted(result.repeated for result in results) == [False, True, True, True]
    with market.session() as session:
        assert len(session.scalars(select(Order)).all()) == 1
    market.check_ledger()
