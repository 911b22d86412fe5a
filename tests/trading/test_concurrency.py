"""At once: the same money, the same accounts, a switch and an order; and as many statements for 1,000 orders as for 10."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, select, text

from core.trading.booking import book, module_states
from core.trading.models import Fill
from core.trading.services import FundsError, cancel_orders, close_positions, reserve, withdraw
from core.trading.types import Origin
from tenants.db import TenantSession, new_id
from tenants.models import ProductConfig
from tests.trading.market import MarketPlace


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call gives (or the refusal that it raises), all of them started together."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return call()
        except FundsError as error:
            return error.reason

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_opens_against_the_same_margin(market: MarketPlace) -> None:
    (account,) = market.accounts("standard", balance="1500")
    results = at_once(*(lambda: market.place(account, "buy", "1.00") for _ in range(2)))
    assert sorted(result.status for result in results) == ["filled", "rejected"]
    assert next(result.reason for result in results if result.status == "rejected") == "insufficient_margin"
    market.check_ledger()


def test_a_reservation_and_a_withdrawal_of_the_same_money(market: MarketPlace) -> None:
    (account,) = market.accounts("standard", balance="1000")

    def withdrawing() -> str:
        with market.session() as session:
            withdraw(session, account, Decimal(600), key="w")
        return "done"

    def reserving() -> str:
        with market.session() as session:
            reserve(session, account, "bot", new_id(), Decimal(600))
        return "done"

    assert sorted(at_once(withdrawing, reserving)) == ["done", "insufficient_funds"]
    market.check_ledger()


def test_one_withdrawal_sent_twice_at_once(market: MarketPlace) -> None:
    (account,) = market.accounts("standard", balance="1000")

    def withdrawing() -> tuple[Any, bool]:
        with market.session() as session:
            result = withdraw(session, account, Decimal(400), key="same")
        return result.entry_id, result.repeated

    results = at_once(withdrawing, withdrawing, withdrawing)
    assert len({entry for entry, _ in results}) == 1
    assert sorted(repeated for _, repeated in results) == [False, True, True]
    assert market.account(account).balance == Decimal(600)


def test_bookings_that_name_the_same_accounts_in_any_order_never_deadlock(market: MarketPlace) -> None:
    accounts = market.accounts("standard", 20)

    def booking(seed: int) -> Callable[[], int]:
        def run() -> int:
            mine = list(accounts)
            random.Random(seed).shuffle(mine)
            with market.session() as session:
                results = book(session, [market.order(account, "buy", "0.01") for account in mine])
            return sum(result.status == "filled" for result in results)

        return run

    assert at_once(*(booking(seed) for seed in range(6))) == [20] * 6
    assert all(market.account(account).fill_no == 6 for account in accounts)
    market.check_ledger()


def test_numbers_of_fills_have_no_gap(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    at_once(*(lambda: [market.place(account, "buy", "0.01") for _ in range(5)] for _ in range(4)))
    with market.session() as session:
        numbers = session.scalars(select(Fill.fill_no).where(Fill.account_id == account).order_by(Fill.fill_no)).all()
    assert numbers == list(range(1, 21))


def test_a_switch_waits_for_an_order_and_an_order_for_the_switch(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    with market.database.system() as session:
        session.add(ProductConfig(tenant_id=market.tenant_id, module="some_module", state="on"))
    read, switched = threading.Event(), threading.Event()

    def switching() -> None:
        read.wait()
        market.change(ProductConfig, (market.tenant_id, "some_module"), state="off")
        switched.set()

    thread = threading.Thread(target=switching)
    thread.start()
    with market.session() as session:
        assert module_states(session, ["some_module"]) == {"some_module": "on"}
        read.set()
        assert not switched.wait(0.3)
        request = market.order(account, "buy", "0.10", origin=Origin("bot", new_id(), "some_module"))
        assert book(session, [request])[0].status == "filled"
    thread.join()
    later = market.place(account, "buy", "0.10", origin=Origin("bot", new_id(), "some_module"))
    assert later.reason == "module_off"


def counted(session: TenantSession, call: Callable[[], Any]) -> list[str]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement.strip().split("\n")[0][:60])

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    call()
    return statements


@pytest.mark.parametrize("watched", [False, True])
def test_as_many_statements_for_1000_orders_as_for_10(market: MarketPlace, watched: bool) -> None:
    market.account_type("charged", commission=Decimal(7))
    accounts = market.accounts("charged", 1010)
    if watched:
        with market.session() as session:
            session.execute(text("update core.accounts set watched = true"))
    taken: dict[str, list[list[str]]] = {"open": [], "close": [], "rest": [], "cancel": [], "again": []}
    for group in (accounts[:10], accounts[10:]):
        opens = [market.order(account, "buy", "0.10", stop_loss="1.09000") for account in group]
        rests = [market.order(account, "buy", "0.10", kind="limit", price="1.05000") for account in group]
        results: list[Any] = []
        for name, requests in (("open", opens), ("again", opens), ("rest", rests)):
            with market.session() as session:
                results = []
                taken[name].append(counted(session, lambda r=requests, out=results, s=session: out.extend(book(s, r))))
            assert all(result.accepted for result in results)
        orders = [result.order_id for result in results]
        with market.session() as session:
            taken["cancel"].append(counted(session, lambda o=orders, s=session: cancel_orders(s, o)))
        closes = [(held.id, None, str(held.id)) for account in group for held in market.positions(account)]
        with market.session() as session:
            taken["close"].append(counted(session, lambda c=closes, s=session: close_positions(s, c)))
    for name, (few, many) in taken.items():
        assert few == many, name
        assert len(many) <= 20, name
    market.check_ledger()
