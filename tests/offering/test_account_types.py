"""Account types change under accounts that trade: what waits for a price keeps its own, and levels act at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from core.offering import account_types
from core.offering.impact import type_impact
from core.offering.values import AccountTypeValues, SymbolTerms
from core.onboarding import open_account
from tenants.services import audit
from tenants.services.actor import OPERATOR
from tenants.services.audit import AuditFilter
from tenants.services.company import change_company
from tenants.services.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError, TakenError
from tests.lanes.conftest import Street
from tests.trading.market import MarketPlace


def _values(place: MarketPlace, name: str = "standard", **changes: Any) -> AccountTypeValues:
    with place.session() as session:
        now = account_types.values_of(account_types.account_type(session, place.types[name]))
    return AccountTypeValues.model_validate({**now.model_dump(), **changes})


def _change(place: MarketPlace, name: str = "standard", **changes: Any) -> list[str]:
    values = _values(place, name, **changes)
    with place.session() as session:
        return account_types.change(session, place.types[name], values, OPERATOR)


def _triggers(place: MarketPlace) -> list[tuple[Any, ...]]:
    with place.session() as session:
        query = "select kind, subject_id, ask_le, ask_ge, bid_le, bid_ge, armed from core.triggers order by kind, subject_id"
        return [tuple(row) for row in session.execute(text(query))]


def test_an_added_type_has_every_symbol_and_its_conditions(market: MarketPlace) -> None:
    values = AccountTypeValues(name=" Pro  plus", currency="usd", leverage=Decimal(30), markup=Decimal("0.5"))
    with market.session() as session:
        made = account_types.add(session, values, OPERATOR)
        found = account_types.account_type(session, made)
        assert (found.name, found.currency, found.leverage, found.markup) == ("Pro plus", "USD", 30, Decimal("0.5"))
        assert [one.code for one in account_types.symbols_of_type(session, made) if one.enabled] == sorted(
            market.symbols
        )
        with pytest.raises(TakenError):
            account_types.add(session, values, OPERATOR)
        with pytest.raises(InvalidError) as refused:
            account_types.add(session, values.model_copy(update={"name": "Other", "currency": "EUR"}), OPERATOR)
        assert refused.value.field == "currency"


@pytest.mark.parametrize(
    "change",
    [
        {"leverage": 0}, {"leverage": 5001}, {"markup": -1}, {"commission": -1}, {"min_deposit": -1}, {"name": " "},
        {"margin_call_level": 40, "stop_out_level": 50}, {"mode": "both"}, {"status": "closed"}, {"colour": "red"},
    ],
)  # fmt: skip
def test_conditions_that_cannot_be_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AccountTypeValues.model_validate({"name": "A", "currency": "USD", **change})


def test_what_accounts_have_taken_over_is_fixed_while_there_are_some(market: MarketPlace) -> None:
    assert _change(market, mode="netting") == ["mode"]
    market.accounts("standard")
    for change in ({"mode": "hedging"}, {"demo": True}):
        with pytest.raises(ConflictError):
            _change(market, **change)
    with market.session() as session:
        change_company(session, OPERATOR, currencies=["USD", "EUR"])
    with pytest.raises(ConflictError):
        _change(market, currency="EUR")
    assert _change(market, leverage=Decimal(50), min_deposit=Decimal(100)) == ["min_deposit", "leverage"]


def test_leverage_is_for_new_positions_and_open_ones_keep_their_margin(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    market.place(account, "buy", "0.10")
    before = market.account(account).margin
    assert _change(market, leverage=Decimal(10)) == ["leverage"]
    assert market.account(account).margin == before == Decimal(110)
    market.place(account, "buy", "0.10")
    assert market.account(account).margin == before + Decimal(1100)


def test_a_changed_mark_up_moves_prices_and_leaves_orders_and_stops_at_theirs(market: MarketPlace) -> None:
    """Two pips on EUR/USD are ten ticks on each side; a customer's price is the same condition on the feed's, shifted."""
    (account,) = market.accounts("standard")
    market.place(account, "buy", "0.10", stop_loss="1.09500", take_profit="1.12000")
    resting = market.place(account, "buy", "0.10", kind="limit", price="1.09000")
    before = {row[0]: row for row in _triggers(market)}
    with market.session() as session:
        session.execute(text("update core.triggers set armed = true"))
    assert _change(market, markup=Decimal(2)) == ["markup"]
    after = {row[0]: row for row in _triggers(market)}
    assert after["order"][2] == before["order"][2] - 10 == 108_990
    assert (after["position"][4], after["position"][5]) == (before["position"][4] + 10, before["position"][5] + 10)
    assert after["account"][4] == before["account"][4] + 10
    assert not any(row[-1] for row in after.values())
    market.cross("EURUSD", "1.08985", "1.08991")
    assert market.stored(resting.order_id).status == "resting"
    market.cross("EURUSD", "1.08984", "1.08990")
    filled = market.stored(resting.order_id)
    assert (filled.status, filled.average_price) == ("filled", Decimal("1.09000"))
    market.check_ledger()


def test_the_same_through_a_lane_with_a_bot(street: Street) -> None:
    """A bot's own prices stay; the lane takes up the shifted thresholds before its next quote."""
    place, lane = street.place, street.lane()
    street.append(("1.1000", "1.1001"))
    street.run(lane)
    bot = street.ladder("0.0010", "1.1000")  # buys at 1.0990 as its account sees it
    street.append(("1.1000", "1.1001"))
    street.run(lane)
    assert street.rows("select armed from core.triggers where subject_id = :id", id=bot) == [(True,)]
    assert _change(place, markup=Decimal(4)) == ["markup"]  # twenty ticks on each side
    street.append(("1.09890", "1.09900"))  # 1.09920 for the account: not yet
    street.run(lane)
    assert street.fills() == []
    street.append(("1.09869", "1.09880"))
    street.run(lane)
    assert [(fill[1], fill[3], fill[5]) for fill in street.fills()] == [("buy", Decimal("1.0990"), 4)]
    assert _change(place, markup=Decimal(0)) == ["markup"]
    street.append(("1.0999", "1.1000"), ("1.1000", "1.1001"))
    street.run(lane)
    assert [(fill[1], fill[3], fill[5]) for fill in street.fills()][1:] == [("sell", Decimal("1.1000"), 6)]
    place.check_ledger()


def test_raised_levels_act_on_the_next_quote_and_are_foreseen(street: Street) -> None:
    place, lane = street.place, street.lane()
    street.append(("1.10000", "1.10000"))
    street.run(lane)
    rich, poor = place.accounts("standard", 2)
    place.place(rich, "buy", "0.10")
    place.place(poor, "buy", "5.00")  # margin 5,500 of an equity of 10,000: 182 %
    street.append(("1.10000", "1.10000"))
    street.run(lane)
    with place.session() as session:
        seen = type_impact(session, place.types["standard"], _values(place, margin_call_level=200))
        assert (seen.accounts, seen.holding, seen.positions, seen.called, seen.stopped) == (3, 2, 2, 1, 0)
        worse = _values(place, margin_call_level=300, stop_out_level=250)
        assert type_impact(session, place.types["standard"], worse).stopped == 1
    assert _change(place, margin_call_level=300, stop_out_level=250) == ["margin_call_level", "stop_out_level"]
    assert len(place.positions(poor, opened=True)) == 1
    street.append(("1.10000", "1.10000"))
    street.run(lane)
    assert place.positions(poor, opened=True) == []
    assert place.positions(poor)[0].close_reason == "stop_out"
    assert len(place.positions(rich, opened=True)) == 1


def test_a_trigger_that_no_lane_has_taken_up_keeps_its_quote(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    market.place(account, "buy", "0.10", stop_loss="1.09500")
    first = market.seqs["EURUSD"]
    market.quote("EURUSD", "1.10010", "1.10010")
    _change(market, markup=Decimal(1))
    with market.session() as session:
        rows = session.execute(text("select distinct since_seq from core.triggers")).scalars().all()
    assert rows == [first]


def test_a_symbol_has_terms_of_its_own_and_its_switch_keeps_prices(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    euro, type_id = market.symbols["EURUSD"], market.types["standard"]
    market.place(account, "buy", "0.10", stop_loss="1.09500")

    def bid_le() -> Any:
        return next(row[4] for row in _triggers(market) if row[0] == "position")

    with market.session() as session:
        terms = {euro: SymbolTerms(leverage=Decimal(20), markup=Decimal(2))}
        assert account_types.change_symbols(session, type_id, terms, OPERATOR) == ["EURUSD"]
        assert account_types.change_symbols(session, type_id, terms, OPERATOR) == []
    assert bid_le() == 109_510
    with market.session() as session:
        off = {euro: SymbolTerms(enabled=False, leverage=Decimal(20), markup=Decimal(2))}
        account_types.change_symbols(session, type_id, off, OPERATOR)
        found = next(one for one in account_types.symbols_of_type(session, type_id) if one.id == euro)
        assert (found.enabled, found.effective_leverage, found.effective_markup, found.positions) == (False, 20, 2, 1)
    assert market.place(account, "buy", "0.10").reason == "symbol_not_enabled"
    held = market.positions(account, opened=True)[0]
    closed = market.close(held.id)
    assert (closed.status, closed.average_price) == ("filled", Decimal("1.09990"))  # its mark-up still counts
    with market.session() as session, pytest.raises(NotFoundError):
        account_types.change_symbols(session, type_id, {UUID(int=1): SymbolTerms()}, OPERATOR)


def test_a_change_is_logged_with_before_and_after_and_none_without_one(market: MarketPlace) -> None:
    assert _change(market) == []
    _change(market, leverage=Decimal(25), commission=Decimal(3))
    with market.session() as session:
        (entry,), total = audit.search(session, AuditFilter(action="account_type.change"))
        assert total == 1
        assert {key: Decimal(value) for key, value in (entry.before or {}).items()} == {
            "leverage": 100,
            "commission": 0,
        }
        assert entry.after == {"leverage": "25", "commission": "3"}


def test_short_selling_commission_and_the_switch_for_new_accounts_are_for_what_comes_next(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    market.place(account, "sell", "0.10")
    market.place(account, "buy", "0.20")
    assert _change(market, may_short=False, commission=Decimal(7), status="disabled", min_deposit=Decimal(500)) == [
        "status", "min_deposit", "may_short", "commission",
    ]  # fmt: skip
    assert market.place(account, "sell", "0.10").reason == "short_not_allowed"
    short, long = sorted(market.positions(account, opened=True), key=lambda held: held.volume)
    before = market.account(account).balance
    assert market.close(short.id).status == "filled"
    assert market.account(account).balance == before - Decimal(
        "0.7"
    )  # 7 for a lot, at the close of what was open before
    assert market.close(long.id).status == "filled"
    assert market.place(account, "buy", "0.10").status == "filled"  # accounts that are there go on
    with market.session() as session, pytest.raises(NotAllowedError):
        open_account(session, market.customer_id, market.types["standard"], OPERATOR)
    market.check_ledger()


def test_a_freed_level_ends_a_margin_call_on_the_next_quote(street: Street) -> None:
    place, lane = street.place, street.lane()
    street.append(("1.10000", "1.10000"))
    street.run(lane)
    (account,) = place.accounts("standard")
    place.place(account, "buy", "5.00")
    _change(place, margin_call_level=300)
    street.append(("1.10000", "1.10000"))
    street.run(lane)
    assert place.account(account).margin_called
    assert place.place(account, "buy", "0.01").reason == "margin_call"
    _change(place, margin_call_level=100)
    street.append(("1.10000", "1.10000"))
    street.run(lane)
    assert not place.account(account).margin_called
    assert place.place(account, "buy", "0.01").status == "filled"
