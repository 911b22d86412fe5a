"""Limit, stop and immediate-or-cancel orders, partial closes, refusals, and closes that wait for the market."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.trading.booking import UnknownReferenceError
from core.trading.models import Account, AccountTypeSymbol, Symbol
from core.trading.services import ProtectionError, cancel_orders, set_protection
from core.trading.types import OrderResult
from tenants.db import new_id
from tenants.models import Customer, ProductConfig, Tenant
from tests.trading.market import MarketPlace


def refused(result: OrderResult) -> str | None:
    assert result.status == "rejected"
    assert not result.fills
    return result.reason


def test_a_marketable_limit_fills_at_the_quote(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    result = market.place(account, "buy", "0.10", kind="limit", price="1.10500")
    assert (result.status, result.average_price) == ("filled", Decimal("1.1"))


def test_a_resting_limit_fills_at_its_own_price_on_a_later_quote(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    result = market.place(account, "buy", "0.10", kind="limit", price="1.09000")
    assert result.status == "resting"
    assert market.account(account).reserved == Decimal("109")
    market.cross("EURUSD", "1.09000", "1.09001")
    assert market.stored(result.order_id).status == "resting"
    market.cross("EURUSD", "1.08500", "1.08510")
    row = market.stored(result.order_id)
    assert (row.status, row.average_price) == ("filled", Decimal("1.09"))
    after = market.account(account)
    assert (after.reserved, after.margin) == (Decimal(0), Decimal("109"))
    market.check_ledger()


def test_a_stop_fills_at_the_quote_however_far_it_gapped(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    result = market.place(account, "buy", "0.10", kind="stop", price="1.11000")
    market.cross("EURUSD", "1.10990", "1.10999")
    assert market.stored(result.order_id).status == "resting"
    market.cross("EURUSD", "1.12000", "1.12010")
    assert market.stored(result.order_id).average_price == Decimal("1.1201")


def test_an_order_placed_because_of_a_quote_waits_for_the_next_one(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    result = market.place(account, "buy", "0.10", kind="limit", price="1.09000")
    market.quote("EURUSD", "1.08000", "1.08010")
    second = market.place(account, "sell", "0.10", kind="stop", price="1.08000", client_order_id="second")
    assert second.status == "filled"
    assert market.stored(result.order_id).status == "resting"


@pytest.mark.parametrize(("price", "status"), [("1.10000", "filled"), ("1.09999", "cancelled")])
def test_immediate_or_cancel(market: MarketPlace, price: str, status: str) -> None:
    (account,) = market.accounts("standard")
    result = market.place(account, "buy", "0.10", kind="ioc", price=price)
    assert result.status == status
    assert market.account(account).reserved == 0


def test_stop_and_target_crossed_by_one_quote_is_the_stop(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    position = market.place(account, "sell", "0.10").fills[0].position_id
    with market.session() as session:
        set_protection(session, position, Decimal("1.09000"), Decimal("1.09500"), checked=False)
    market.cross("EURUSD", "1.09190", "1.09200")
    assert market.positions(account)[0].close_reason == "stop_loss"


def test_a_moved_stop_looks_at_later_quotes_only(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    position = market.place(account, "buy", "0.10", stop_loss="1.09000").fills[0].position_id
    with market.session() as session:
        set_protection(session, position, None, Decimal("1.10500"))
    market.cross("EURUSD", "1.08000", "1.08010")
    assert len(market.positions(account, opened=True)) == 1
    with market.session() as session, pytest.raises(ProtectionError) as error:
        set_protection(session, position, Decimal("1.08100"), None)
    assert error.value.reason == "invalid_stop_loss"
    with market.session() as session, pytest.raises(ProtectionError) as error:
        set_protection(session, position, Decimal("1.070005"), None)
    assert error.value.reason == "price_off_tick"


def test_a_close_may_leave_any_size_on_the_step_and_is_clamped(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    position = market.place(account, "buy", "0.10").fills[0].position_id
    part = market.close(position, "0.03")
    assert (part.fills[0].effect, part.fills[0].position_volume) == ("reduce", Decimal("0.07"))
    assert market.account(account).margin == Decimal("77")
    assert refused(market.close(position, "0.005")) == "off_step"
    rest = market.close(position, "5.00")
    assert (rest.status, rest.filled) == ("filled", Decimal("0.07"))
    assert refused(market.close(position)) == "nothing_to_close"
    market.check_ledger()


def test_a_position_that_closes_takes_its_resting_closes_along(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    position = market.place(account, "buy", "0.10").fills[0].position_id
    resting = market.place(account, "sell", "0.10", kind="limit", price="1.20000", position_id=position)
    assert resting.status == "resting"
    market.close(position)
    row = market.stored(resting.order_id)
    assert (row.status, row.reason) == ("cancelled", "position_closed")


def test_cancelling_frees_what_was_set_aside(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    order = market.place(account, "sell", "1.00", kind="limit", price="1.20000").order_id
    assert market.account(account).reserved == Decimal(1200)
    with market.session() as session:
        assert cancel_orders(session, [order])[0].status == "cancelled"
    with market.session() as session:
        assert cancel_orders(session, [order])[0].status == "cancelled"
    assert market.account(account).reserved == 0
    market.cross("EURUSD", "1.30000", "1.30010")
    assert market.positions(account) == []
    market.check_ledger()


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"volume": "0.015"}, "off_step"),
        ({"volume": "0.00"}, "off_step"),
        ({"volume": "101"}, "above_max_lot"),
        ({"volume": "0.10", "kind": "limit", "price": "1.000005"}, "price_off_tick"),
        ({"volume": "0.10", "kind": "limit"}, "price_missing"),
        ({"volume": "0.10", "stop_loss": "1.10000"}, "invalid_stop_loss"),
        ({"volume": "0.10", "take_profit": "1.09000"}, "invalid_take_profit"),
        ({"volume": "50"}, "insufficient_margin"),
        ({"volume": "0.10", "position_id": new_id()}, "nothing_to_close"),
        ({"volume": "0.10", "reduce_only": True}, "position_required"),
    ],
)
def test_refusals_of_an_order(market: MarketPlace, values: dict[str, Any], reason: str) -> None:
    (account,) = market.accounts("standard")
    volume = values.pop("volume")
    assert refused(market.place(account, "buy", volume, **values)) == reason
    assert market.account(account).reserved == 0


def test_refusals_by_definitions(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    symbol = (market.tenant_id, market.symbols["EURUSD"])
    market.change(Symbol, symbol, min_lot=Decimal("0.10"))
    assert refused(market.place(account, "buy", "0.05")) == "below_min_lot"
    market.change(Symbol, symbol, min_notional=Decimal(50_000))
    assert refused(market.place(account, "buy", "0.10")) == "below_min_notional"
    market.change(Symbol, symbol, status="close_only")
    assert refused(market.place(account, "buy", "1.00")) == "symbol_close_only"
    market.change(Symbol, symbol, status="active", min_notional=Decimal(0))
    market.change(Account, (market.tenant_id, account), status="disabled")
    assert refused(market.place(account, "buy", "1.00")) == "account_disabled"
    market.change(Account, (market.tenant_id, account), status="active")
    market.change(Customer, (market.tenant_id, market.customer_id), status="blocked")
    assert refused(market.place(account, "buy", "1.00")) == "customer_blocked"
    market.change(Customer, (market.tenant_id, market.customer_id), status="verified")
    market.change(Tenant, market.tenant_id, status="suspended")
    assert refused(market.place(account, "buy", "1.00")) == "tenant_suspended"
    market.change(Tenant, market.tenant_id, status="active")
    assert market.place(account, "buy", "1.00").status == "filled"


def test_closes_go_on_whatever_refuses_opens(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    position = market.place(account, "buy", "0.10").fills[0].position_id
    market.change(Symbol, (market.tenant_id, market.symbols["EURUSD"]), status="disabled")
    market.change(Customer, (market.tenant_id, market.customer_id), status="blocked")
    market.change(Account, (market.tenant_id, account), status="disabled")
    market.change(Tenant, market.tenant_id, status="suspended")
    assert market.close(position).status == "filled"


def test_a_symbol_must_be_enabled_for_the_account_type(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    with market.session() as session:
        row = session.query(AccountTypeSymbol).filter_by(symbol_id=market.symbols["EURUSD"]).one()
        row.enabled = False
    assert refused(market.place(account, "buy", "0.10")) == "symbol_not_enabled"


def test_a_spot_type_sells_only_what_it_has(market: MarketPlace) -> None:
    market.account_type("spot", mode="netting", leverage=Decimal(1), may_short=False)
    (account,) = market.accounts("spot", balance="200000")
    assert refused(market.place(account, "sell", "0.10")) == "short_not_allowed"
    market.place(account, "buy", "0.10")
    assert market.account(account).margin == Decimal(11_000)
    assert refused(market.place(account, "sell", "0.20")) == "short_not_allowed"
    assert market.place(account, "sell", "0.10").status == "filled"


def test_on_a_netting_account_one_symbol_has_one_owner(market: MarketPlace) -> None:
    from core.trading.types import Origin

    market.account_type("net", mode="netting")
    (account,) = market.accounts("net")
    bot = Origin("bot", new_id())
    market.place(account, "buy", "0.10", origin=bot)
    assert refused(market.place(account, "buy", "0.10")) == "symbol_owned"
    assert market.place(account, "sell", "0.04").fills[0].effect == "reduce"
    assert market.place(account, "buy", "0.10", origin=bot).fills[0].effect == "add"


def test_the_state_of_a_module_holds_its_orders(market: MarketPlace) -> None:
    from core.trading.types import Origin

    (account,) = market.accounts("standard")
    origin = Origin("bot", new_id(), "some_module")
    assert refused(market.place(account, "buy", "0.10", origin=origin)) == "module_off"
    with market.database.system() as session:
        session.add(ProductConfig(tenant_id=market.tenant_id, module="some_module", state="on"))
    position = market.place(account, "buy", "0.10", origin=origin).fills[0].position_id
    market.change(ProductConfig, (market.tenant_id, "some_module"), state="draining")
    assert refused(market.place(account, "buy", "0.10", origin=origin)) == "module_off"
    assert market.close(position, "0.05", origin=origin).status == "filled"
    market.change(ProductConfig, (market.tenant_id, "some_module"), state="halted")
    assert refused(market.close(position, origin=origin)) == "module_halted"
    assert market.close(position).status == "filled"


def test_below_the_margin_call_level_opens_are_refused(market: MarketPlace) -> None:
    (account,) = market.accounts("standard", balance="1000")
    market.place(account, "buy", "0.50")
    market.quote("EURUSD", "1.09000", "1.09000")
    assert refused(market.place(account, "buy", "0.01")) == "margin_call"


def test_outside_hours_opens_are_refused_and_closes_wait(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    position = market.place(account, "buy", "0.10").fills[0].position_id
    monday_noon = 1_700_481_600_000
    market.change(
        Symbol, (market.tenant_id, market.symbols["EURUSD"]), hours={"mon": [["08:00", "12:00"], ["13:00", "14:00"]]}
    )
    market.quote("EURUSD", "1.10100", "1.10110", ts_ms=monday_noon)
    assert refused(market.place(account, "buy", "0.10")) == "market_closed"
    waiting = market.close(position)
    assert (waiting.status, waiting.reason) == ("waiting", "market_closed")
    market.cross("EURUSD", "1.10200", "1.10210", ts_ms=monday_noon + 60_000)
    assert market.stored(waiting.order_id).status == "waiting"
    market.cross("EURUSD", "1.10300", "1.10310", ts_ms=monday_noon + 3_600_000)
    row = market.stored(waiting.order_id)
    assert (row.status, row.average_price) == ("filled", Decimal("1.103"))


def test_on_a_stale_quote_opens_are_refused_and_closes_wait(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    position = market.place(account, "buy", "0.10").fills[0].position_id
    market.quote("EURUSD", "1.10000", "1.10010", ts_ms=1_700_000_100_000)
    market.clock("EURUSD", 1_700_000_109_999)
    assert market.place(account, "buy", "0.10").status == "filled"
    market.clock("EURUSD", 1_700_000_110_000)
    assert refused(market.place(account, "buy", "0.10")) == "quote_stale"
    waiting = market.close(position)
    assert (waiting.status, waiting.reason) == ("waiting", "quote_stale")
    market.cross("EURUSD", "1.09900", "1.09910", ts_ms=1_700_000_111_000)
    assert market.stored(waiting.order_id).average_price == Decimal("1.099")


def test_what_the_tenant_does_not_have_is_said(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    with pytest.raises(UnknownReferenceError):
        market.place(new_id(), "buy", "0.10")
    market.symbols["NOPE"] = new_id()
    with pytest.raises(UnknownReferenceError):
        market.place(account, "buy", "0.10", "NOPE")
    with pytest.raises(UnknownReferenceError):
        market.close(new_id())


def test_order_checks_only_tighten(market: MarketPlace) -> None:
    from core.trading.booking import book

    (account,) = market.accounts("standard")
    position = market.place(account, "buy", "0.10").fills[0].position_id
    asked: list[str] = []

    def check(_session: object, requests: Any) -> dict[str, str]:
        asked.extend(request.client_order_id for request in requests)
        return {"no": "not_today"}

    with market.session() as session:
        results = book(
            session,
            [
                market.order(account, "buy", "0.10", client_order_id="no"),
                market.order(account, "buy", "0.10", client_order_id="yes"),
                market.order(account, "sell", "0.10", client_order_id="close", position_id=position),
            ],
            checks=[check],
        )
    assert [(result.status, result.reason) for result in results] == [
        ("rejected", "not_today"),
        ("filled", None),
        ("filled", None),
    ]
    assert asked == ["no", "yes"]
