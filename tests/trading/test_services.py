"""Money in and out, reservations, states, watched accounts, alerts, swaps."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.jobs.models import Alert
from core.trading.booking import UnknownReferenceError, book
from core.trading.fill_events import read_fills
from core.trading.models import LedgerEntry, Symbol
from core.trading.services import (
    FundsError,
    account_states,
    correct,
    deposit,
    quotes,
    release,
    reserve,
    set_protection,
    unwatch_account,
    watch_account,
    withdraw,
)
from core.trading.services.swaps import charge_swaps
from tenants.db import new_id
from tests.trading.market import MarketPlace


def test_an_operation_is_idempotent_by_its_key(market: MarketPlace) -> None:
    (account,) = market.accounts("standard", balance="100")
    for repeated in (False, True):
        with market.session() as session:
            result = deposit(session, account, Decimal(50), key="k-1", actor="staff:1", note="wire")
        assert (result.balance, result.repeated) == (Decimal(150), repeated)
    with market.session() as session:
        entry = session.scalars(select(LedgerEntry).where(LedgerEntry.key == "k-1")).one()
        assert (entry.kind, entry.amount, entry.actor, entry.note) == ("deposit", Decimal(50), "staff:1", "wire")
    market.check_ledger()


def test_withdrawals_leave_margin_reservations_and_floating_losses_alone(market: MarketPlace) -> None:
    (account,) = market.accounts("standard", balance="3000")
    market.place(account, "buy", "1.00")
    with market.session() as session:
        reserve(session, account, "bot", new_id(), Decimal(500))
    market.quote("EURUSD", "1.09900", "1.09910")
    with market.session() as session, pytest.raises(FundsError) as error:
        withdraw(session, account, Decimal("1300.01"), key="w-1")
    assert error.value.reason == "insufficient_funds"
    assert Decimal(error.value.detail["free"]) == Decimal(1300)
    with market.session() as session:
        assert withdraw(session, account, Decimal(1300), key="w-1").balance == Decimal(1700)
    market.check_ledger()


def test_floating_gains_cannot_be_withdrawn(market: MarketPlace) -> None:
    (account,) = market.accounts("standard", balance="1100")
    market.place(account, "buy", "1.00")
    market.quote("EURUSD", "1.20000", "1.20010")
    with market.session() as session, pytest.raises(FundsError):
        withdraw(session, account, Decimal(1), key="w")


def test_a_correction_may_take_what_is_bound(market: MarketPlace) -> None:
    (account,) = market.accounts("standard", balance="1000")
    market.place(account, "buy", "0.50")
    with market.session() as session:
        correct(session, account, Decimal(-600), key="c", actor="staff:1", note="chargeback")
    market.cross("EURUSD", "1.10001", "1.10001")
    with market.session() as session:
        assert session.scalars(select(Alert.code)).all() == ["margin_call"]
    market.check_ledger()


@pytest.mark.parametrize("amount", ["0", "-5"])
def test_amounts_are_positive(market: MarketPlace, amount: str) -> None:
    (account,) = market.accounts("standard")
    for operation in (deposit, withdraw):
        with market.session() as session, pytest.raises(FundsError, match="amount_not_positive"):
            operation(session, account, Decimal(amount), key="k")


def test_operations_on_an_account_that_is_not_there(market: MarketPlace) -> None:
    with market.session() as session, pytest.raises(UnknownReferenceError):
        deposit(session, new_id(), Decimal(1), key="k")
    with market.session() as session, pytest.raises(UnknownReferenceError):
        watch_account(session, new_id(), "some_module")


def test_reservations_count_against_what_is_free(market: MarketPlace) -> None:
    (account,) = market.accounts("standard", balance="1500")
    bot = new_id()
    with market.session() as session:
        assert reserve(session, account, "bot", bot, Decimal(1000)) == Decimal(1000)
    assert market.place(account, "buy", "1.00").reason == "insufficient_margin"
    with market.session() as session:
        results = book(session, [market.order(account, "buy", "1.00", fund_from=bot)])
    assert results[0].status == "filled"
    # What the bot's order binds came out of its own money.
    assert market.account(account).reserved == 0
    with market.session() as session:
        with pytest.raises(FundsError):
            reserve(session, account, "bot", bot, Decimal(1000))
        reserve(session, account, "bot", bot, Decimal(400))
    with market.session() as session:
        assert release(session, bot) == Decimal(400)
    market.check_ledger()


def test_the_state_of_an_account(market: MarketPlace) -> None:
    (account,) = market.accounts("standard", balance="2000")
    market.place(account, "buy", "1.00")
    market.quote("EURUSD", "1.09900", "1.09910")
    with market.session() as session:
        state = account_states(session, [account, new_id()])[account]
    assert (state.balance, state.floating, state.equity) == (Decimal(2000), Decimal(-100), Decimal(1900))
    assert (state.margin, state.free_margin) == (Decimal(1100), Decimal(800))
    assert state.level == Decimal("172.727272727273")
    assert state.notional == Decimal("109905")


def test_quotes_say_why_they_do_not_trade(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    market.clock("EURUSD", 2_000_000_000_000)
    with market.session() as session:
        seen = quotes(session, account)
        assert seen.keys() == {market.symbols["EURUSD"]}
        view = seen[market.symbols["EURUSD"]]
        assert (view.tradable, view.reason) == (False, "quote_stale")
        with pytest.raises(UnknownReferenceError):
            quotes(session, new_id())


def test_a_watched_accounts_fills_have_a_stream_of_their_own(market: MarketPlace) -> None:
    market.account_type("net", mode="netting", commission=Decimal(7))
    watched, other = market.accounts("net", 2)
    for _ in range(2):
        with market.session() as session:
            watch_account(session, watched, "some_module")
    with market.session() as session:
        book(session, [market.order(account, "buy", "1.00") for account in (watched, other)])
    market.quote("EURUSD", "1.10200", "1.10210")
    market.place(watched, "sell", "1.50")
    assert market.events(f"account:{other}") == []
    opened, flipped = (read_fills(event.payload) for event in market.events(f"account:{watched}"))
    (first,) = opened
    assert (first.effect, first.order_opened, first.order_price, first.order_done) == (
        "open",
        Decimal(1),
        Decimal("1.1"),
        True,
    )
    assert (first.equity_before, first.balance_before) == (Decimal(10_000), Decimal(10_000))
    close, second = flipped
    assert (close.fill_no, close.effect, close.position_before, close.position_after) == (2, "close", Decimal(1), 0)
    assert (second.fill_no, second.effect, second.position_after) == (3, "open", Decimal("0.5"))
    # Both legs belong to one order: what was true before it is the same for both.
    for leg in flipped:
        assert (leg.equity_before, leg.balance_before) == (Decimal(10_193), Decimal(9_993))
    booked = market.events("fills")
    assert [event.stream_seq for event in booked] == [1, 2]
    assert sorted(map(tuple, booked[0].payload["ranges"])) == sorted([(str(watched), 1, 1), (str(other), 1, 1)])
    assert booked[1].payload["ranges"] == [[str(watched), 2, 3]]


def test_a_watched_accounts_stops_and_deposits_are_told(market: MarketPlace) -> None:
    (account,) = market.accounts("standard")
    with market.session() as session:
        watch_account(session, account, "some_module")
    position = market.place(account, "buy", "0.10").fills[0].position_id
    with market.session() as session:
        set_protection(session, position, Decimal("1.09000"), None)
    with market.session() as session:
        deposit(session, account, Decimal(5), key="d")
    events = market.events(f"account:{account}")
    assert [event.type for event in events] == ["fills", "position_changed", "account_changed"]
    assert Decimal(events[1].payload["stop_loss"]) == Decimal("1.09")
    with market.session() as session:
        unwatch_account(session, account, "other_module")
        unwatch_account(session, account, "some_module")
    market.place(account, "buy", "0.10")
    assert len(market.events(f"account:{account}")) == 3


def test_one_alert_for_a_margin_call_until_it_has_recovered(market: MarketPlace) -> None:
    (account,) = market.accounts("standard", balance="1000")
    market.place(account, "buy", "0.50")
    market.cross("EURUSD", "1.09100", "1.09100")
    assert not market.account(account).margin_called
    market.cross("EURUSD", "1.09099", "1.09099")
    assert market.account(account).margin_called
    market.cross("EURUSD", "1.09000", "1.09000")
    market.cross("EURUSD", "1.09099", "1.09099")
    with market.session() as session:
        alert = session.scalars(select(Alert)).one()
        assert (alert.code, alert.subject) == ("margin_call", f"account:{account}")
        assert Decimal(alert.detail["level"]).quantize(Decimal("0.01")) == Decimal("99.91")
    market.cross("EURUSD", "1.09100", "1.09100")
    assert not market.account(account).margin_called
    assert len(market.positions(account, opened=True)) == 1


def test_swaps_are_charged_once_for_each_roll_over(market: MarketPlace) -> None:
    def at(text: str) -> int:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)

    market.account_type("free", swap_free=True)
    charged, free = market.accounts("standard")[0], market.accounts("free")[0]
    market.change(
        Symbol, (market.tenant_id, market.symbols["EURUSD"]), swap_long=Decimal("-7.5"), swap_short=Decimal("2")
    )
    market.quote("EURUSD", "1.10000", "1.10000", ts_ms=at("2024-05-07T10:00:00"))
    for account in (charged, free):
        market.place(account, "buy", "0.50")
    market.place(charged, "sell", "0.50")

    def charge() -> int:
        with market.session() as session:
            return charge_swaps(session)

    assert charge() == 0
    market.quote("EURUSD", "1.10000", "1.10000", ts_ms=at("2024-05-08T00:00:00"))
    assert [charge(), charge()] == [1, 0]
    assert market.account(charged).balance == Decimal(10_000) - Decimal("3.75") + Decimal("1")
    market.quote("EURUSD", "1.10000", "1.10000", ts_ms=at("2024-05-09T08:00:00"))
    assert [charge(), charge()] == [1, 0]
    assert market.account(charged).balance == Decimal(10_000) - 4 * Decimal("3.75") + 4 * Decimal("1")
    assert [held.swap for held in market.positions(charged)] == [Decimal("-15"), Decimal(4)]
    assert market.account(free).balance == Decimal(10_000)
    market.check_ledger()
