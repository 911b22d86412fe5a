"""A change of conditions and bookings at the same moment: whoever comes second reads what the first has done."""

from __future__ import annotations

import threading
import time
from decimal import Decimal

from sqlalchemy import text

from core.offering import account_types, symbols
from core.offering.values import SymbolValues
from core.trading.booking import book
from tenants.services.actor import OPERATOR
from tests.trading.market import MarketPlace

_PIPS = Decimal(2)


def _wait_for_a_lock(place: MarketPlace) -> None:
    """Until some session of this database waits for another."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with place.database.system() as session:
            query = text("select count(*) from pg_locks where not granted")
            if session.scalar(query):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


def _stop(place: MarketPlace) -> int:
    with place.session() as session:
        return int(session.execute(text("select bid_le from core.triggers where kind = 'position'")).scalar_one())


def _change(place: MarketPlace) -> None:
    with place.session() as session:
        values = account_types.values_of(account_types.account_type(session, place.types["standard"]))
        account_types.change(session, place.types["standard"], values.model_copy(update={"markup": _PIPS}), OPERATOR)


def test_a_booking_under_way_is_waited_for_and_its_stop_armed_at_the_new_mark_up(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    with market.session() as session:
        book(session, [market.order(account, "buy", "0.10", stop_loss="1.09500")])
        changing = threading.Thread(target=_change, args=(market,))
        changing.start()
        _wait_for_a_lock(market)
    changing.join(timeout=20)
    assert not changing.is_alive()
    assert _stop(market) == 109_510


def test_a_booking_that_comes_second_waits_and_reads_the_new_mark_up(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    with market.session() as session:
        values = account_types.values_of(account_types.account_type(session, market.types["standard"]))
        account_types.change(session, market.types["standard"], values.model_copy(update={"markup": _PIPS}), OPERATOR)
        booking = threading.Thread(target=market.place, args=(account, "buy", "0.10"), kwargs={"stop_loss": "1.09500"})
        booking.start()
        _wait_for_a_lock(market)
    booking.join(timeout=20)
    assert _stop(market) == 109_510
    assert market.positions(account)[0].open_price == Decimal("1.10010")


def test_a_symbols_change_and_a_booking_on_it_do_not_end_each_other(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")

    def change() -> None:
        with market.session() as other:
            now = symbols.values_of(symbols.symbol(other, market.symbols["EURUSD"]))
            wanted = SymbolValues.model_validate({**now.model_dump(), "pip": Decimal("0.0002")})
            symbols.change(other, market.symbols["EURUSD"], wanted, OPERATOR)

    with market.session() as session:
        session.execute(text("select from core.accounts where id = :id for update"), {"id": account})
        changing = threading.Thread(target=change)
        changing.start()
        _wait_for_a_lock(market)  # the change has the symbol and waits for the account
        (result,) = book(session, [market.order(account, "buy", "0.10")])
        assert result.status == "filled"
    changing.join(timeout=20)
    assert not changing.is_alive()
    with market.session() as session:
        assert symbols.symbol(session, market.symbols["EURUSD"]).pip == Decimal("0.0002")
