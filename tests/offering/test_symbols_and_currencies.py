"""Symbols are added from instruments, changed within what is open, and switched many at once; currencies that are used stay."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from core.offering import symbols
from core.offering.currencies import change_currencies, currency_rows
from core.offering.impact import symbol_use
from core.offering.values import SymbolValues
from core.trading.models import AccountType, Instrument
from tenants.db import new_id
from tenants.services import audit
from tenants.services.actor import OPERATOR
from tenants.services.audit import AuditFilter
from tenants.services.errors import ConflictError, InvalidError, NotFoundError
from tests.trading.market import TICKS, MarketPlace


def _change(place: MarketPlace, code: str = "EURUSD", **changes: Any) -> list[str]:
    with place.session() as session:
        now = symbols.values_of(symbols.symbol(session, place.symbols[code]))
        values = SymbolValues.model_validate({**now.model_dump(), **changes})
        return symbols.change(session, place.symbols[code], values, OPERATOR)


def test_a_symbol_is_added_from_an_instrument_with_conditions_told_from_it(market: MarketPlace) -> None:
    gold = new_id()
    with market.database.system() as session:
        session.add(Instrument(id=gold, feed="test", feed_symbol="XAUUSD", title="Gold", tick=Decimal("0.01")))
    (account,) = market.accounts("standard")
    with market.session() as session:
        assert [one.feed_symbol for one in symbols.available_instruments(session)] == ["XAUUSD"]
        assert symbols.add(session, [gold], OPERATOR) == ["XAUUSD"]
        assert symbols.available_instruments(session) == []
        with pytest.raises(NotFoundError):
            symbols.add(session, [gold], OPERATOR)
    with market.session() as session:
        found = session.execute(
            text("select id, class, base, quote, status from core.symbols where code = 'XAUUSD'")
        ).one()
        assert tuple(found)[1:] == ("metal", "XAU", "USD", "active")
        market.symbols["XAUUSD"] = found.id
    market.instruments["XAUUSD"] = gold
    TICKS["XAUUSD"] = "0.01"
    market.quote("XAUUSD", "2000.00", "2000.00")
    assert market.place(account, "buy", "0.01", "XAUUSD").status == "filled"


def test_what_is_open_fixes_contract_size_currencies_and_a_coarser_lot_step(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    assert _change(market, contract_size=Decimal(10_000)) == ["contract_size"]
    market.place(account, "buy", "0.15")
    for change in ({"contract_size": 1}, {"base": "GBP"}, {"quote": "CHF"}, {"lot_step": "0.1", "min_lot": "0.1"}):
        with pytest.raises(ConflictError):
            _change(market, **change)
    assert _change(market, lot_step=Decimal("0.005")) == ["lot_step"]
    assert _change(market, title="Euro", max_lot=Decimal(5), min_lot=Decimal("0.05")) == ["title", "min_lot", "max_lot"]
    market.close(market.positions(account, opened=True)[0].id)
    assert _change(market, contract_size=Decimal(100_000)) == ["contract_size"]


def test_a_changed_pip_moves_what_waits_for_a_price(market: MarketPlace) -> None:
    market.change(AccountType, (market.tenant_id, market.types["standard"]), markup=Decimal(2))
    (account,) = market.accounts("standard")
    market.place(account, "buy", "0.10", stop_loss="1.09500")
    assert _change(market, pip=Decimal("0.0002")) == ["pip"]
    with market.session() as session:
        assert session.scalar(text("select bid_le from core.triggers where kind = 'position'")) == 109_520
    with pytest.raises(InvalidError):
        _change(market, pip=Decimal("0.000015"))


def test_hours_and_age_limits_act_on_the_next_order(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    _change(market, hours={"mon": []})
    assert market.place(account, "buy", "0.10").reason == "market_closed"
    _change(market, hours={}, staleness_s=Decimal("0.5"))
    market.clock("EURUSD", 1_700_000_009_000)
    assert market.place(account, "buy", "0.10").reason == "quote_stale"


@pytest.mark.parametrize(
    "change",
    [
        {"hours": {"someday": [["08:00", "17:00"]]}}, {"hours": {"mon": [["8", "17:00"]]}}, {"min_lot": "0.015"},
        {"max_lot": "0.001"}, {"pip": 0}, {"base": "USD"}, {"quote": "U/D"}, {"staleness_s": 0}, {"asset_class": "bond"},
    ],
)  # fmt: skip
def test_symbols_that_cannot_be_are_refused(market: MarketPlace, change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _change(market, **change)


def test_many_are_switched_at_once_and_what_is_open_can_be_closed(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    market.place(account, "buy", "0.10")
    ids = [market.symbols["EURUSD"], market.symbols["GBPUSD"]]
    with market.session() as session:
        assert symbol_use(session, ids).positions == 1
        assert symbols.set_status(session, ids, "disabled", OPERATOR) == ["EURUSD", "GBPUSD"]
        assert symbols.set_status(session, ids, "disabled", OPERATOR) == []
        assert symbols.count_by_status(session) == {"active": 1, "disabled": 2}
        assert audit.search(session, AuditFilter(action="symbol.status"))[1] == 2
        with pytest.raises(NotFoundError):
            symbols.set_status(session, [*ids, UUID(int=1)], "active", OPERATOR)
    assert market.place(account, "buy", "0.10").reason == "symbol_disabled"
    assert market.close(market.positions(account, opened=True)[0].id).status == "filled"


def test_currencies_that_are_used_stay_and_those_that_nothing_converts_are_named(market: MarketPlace) -> None:
    market.accounts("standard")
    with market.session() as session:
        change_currencies(session, ["USD", "eur", "CHF"], OPERATOR)
        rows = {row.code: row for row in currency_rows(session)}
        assert list(rows) == ["USD", "EUR", "CHF"]
        assert (rows["USD"].main, rows["USD"].account_types, rows["USD"].accounts) == (True, 1, 1)
        assert (rows["USD"].unconverted, rows["EUR"].unconverted, rows["CHF"].unconverted) == ((), (), ("USD",))
        with pytest.raises(ConflictError):
            change_currencies(session, ["EUR"], OPERATOR)
        change_currencies(session, ["EUR", "USD"], OPERATOR)
        assert currency_rows(session)[0].code == "EUR"
        with pytest.raises(InvalidError):
            change_currencies(session, ["E"], OPERATOR)
