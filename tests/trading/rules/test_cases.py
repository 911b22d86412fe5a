"""The case table of the trading rules, on the pure functions alone."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.trading.rules.commission import commission
from core.trading.rules.conversion import SAME, Pair, Routes, rate_along
from core.trading.rules.equity import Exposure, Market, RawQuote
from core.trading.rules.fills import protective_fill
from core.trading.rules.margin import Bound, account_margin, position_margin
from core.trading.rules.positions import Holding, netted
from core.trading.rules.quotes import Prices, customer_prices, markup_offset
from core.trading.rules.risk import Levels, margin_level, standing

LOT = Decimal(100_000)
TICK = Decimal("0.00001")


def test_usd_account_leverage_100_buys_031_eurusd() -> None:
    """USD account, leverage 100 | buy 0.31 EUR/USD at 1.0960 | margin 339.76"""
    assert position_margin(Decimal("0.31"), LOT, Decimal("1.0960"), Decimal(100), SAME) == Decimal("339.76")


def test_hedged_positions_need_the_larger_side() -> None:
    """the same, hedging | long 1.00 and short 0.40, both at 1.1000 | margin 1,100.00"""
    long = position_margin(Decimal("1.00"), LOT, Decimal("1.1000"), Decimal(100), SAME)
    short = position_margin(Decimal("0.40"), LOT, Decimal("1.1000"), Decimal(100), SAME)
    assert account_margin([Bound("EURUSD", "buy", long), Bound("EURUSD", "sell", short)]) == Decimal("1100.00")
    assert account_margin([Bound("EURUSD", "buy", long), Bound("GBPUSD", "sell", short)]) == Decimal("1540.00")


@pytest.mark.parametrize(
    ("bid", "level", "expected"), [(108550, "0.5", "margin_call"), (108500, "0.454545", "stop_out")]
)
def test_stop_out_below_its_level(bid: int, level: str, expected: str) -> None:
    """balance 1,000, long 0.50 at 1.1000, stop-out 50 % | bid 1.0855 / 1.0850 | 50.0 %: open / 45.5 %: closed"""
    long = Exposure("EURUSD", "buy", Decimal("0.50") * LOT, Decimal("1.1000"), 0)
    market = Market({"EURUSD": RawQuote(bid, bid + 10)}, {"EURUSD": TICK})
    equity = market.equity(Decimal(1000), [long])
    found = margin_level(equity, Decimal(550))
    assert found is not None
    assert round(found, 6) == Decimal(level)
    assert standing(equity, Decimal(550), Levels(Decimal(1), Decimal("0.5"))) == expected


def test_conversion_at_the_customers_disadvantage() -> None:
    """EUR account, EUR/USD 1.0800/1.0802 | close +100 USD / −100 USD | +92.575448990928 / −92.592592592593 EUR"""
    routes = Routes([Pair("EURUSD", "EUR", "USD")])
    rate = rate_along(routes.find("USD", "EUR"), {"EURUSD": Prices(Decimal("1.0800"), Decimal("1.0802"))})
    assert rate.convert(Decimal(100)) == Decimal("92.575448990928")
    assert rate.convert(Decimal(-100)) == Decimal("-92.592592592593")


def test_mark_up_of_a_pip() -> None:
    """mark-up 1 pip on 1.10000/1.10010 | | 1.09995/1.10015"""
    offset = markup_offset(Decimal("0.0001"), TICK)
    assert customer_prices(110000, 110010, offset, TICK) == Prices(Decimal("1.09995"), Decimal("1.10015"))


def test_commission_of_seven_a_lot_and_side() -> None:
    """commission 7 a lot and side | 0.10 lot in and out | 0.70 + 0.70"""
    sides = [commission("per_lot", Decimal(7), Decimal("0.10"), LOT, price, SAME) for price in (Decimal(1), Decimal(2))]
    assert sides == [Decimal("0.70"), Decimal("0.70")]


def test_a_stop_loss_closes_at_the_quote() -> None:
    """long, stop-loss 1.0950 | bid 1.0960 → 1.0930 | closed at 1.0930"""
    stop = Decimal("1.0950")
    assert protective_fill("buy", stop, None, Prices(Decimal("1.0960"), Decimal("1.0961"))) is None
    hit = protective_fill("buy", stop, None, Prices(Decimal("1.0930"), Decimal("1.0931")))
    assert hit is not None
    assert (hit.reason, hit.price) == ("stop_loss", Decimal("1.0930"))


def test_a_take_profit_closes_at_its_own_price() -> None:
    """long, take-profit 1.1050 | bid 1.1040 → 1.1070 | closed at 1.1050"""
    target = Decimal("1.1050")
    assert protective_fill("buy", None, target, Prices(Decimal("1.1040"), Decimal("1.1041"))) is None
    hit = protective_fill("buy", None, target, Prices(Decimal("1.1070"), Decimal("1.1071")))
    assert hit is not None
    assert (hit.reason, hit.price) == ("take_profit", Decimal("1.1050"))


def test_netting_flips_in_two_legs() -> None:
    """netting, long 1.00 at 1.1000 | sell 1.50 at 1.1020 | +200.00; short 0.50 at 1.1020"""
    held = Holding("buy", Decimal("1.00"), Decimal("1.1000"))
    close, opened = netted(held, "sell", Decimal("1.50"), Decimal("1.1020"), LOT)
    assert (close.effect, close.realised, close.after) == ("close", Decimal(200), None)
    assert (opened.effect, opened.after) == ("open", Holding("sell", Decimal("0.50"), Decimal("1.1020")))
