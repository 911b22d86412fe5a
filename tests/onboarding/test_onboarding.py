"""A new brokerage: conditions told from instruments, account types, accounts, the command."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from core.cli import tradeyard
from core.onboarding import NewAccountType, add_account_type, add_symbols, conditions_of, make_brokerage, open_account
from core.sdk.testing.servers import ServersForTests
from core.trading.models import AccountType, AccountTypeSymbol, Instrument, Symbol
from core.trading.rules.hours import Hours
from core.trading.services import deposit
from tenants.db import Database, TenantSession
from tenants.models import Customer
from tenants.services import people
from tenants.services.actor import OPERATOR
from tenants.services.errors import NotAllowedError, NotFoundError, TakenError
from tenants.services.making import NewTenant

NEW = NewTenant("west", "West", ["west.localhost"], "owner@west.example", owner_password="correct horse battery")


@pytest.mark.parametrize(
    ("feed_symbol", "tick", "code", "asset_class", "base", "quote", "contract", "pip"),
    [
        ("EURUSD", "0.00001", "EURUSD", "fx", "EUR", "USD", "100000", "0.0001"),
        ("usd/jpy", "0.001", "USDJPY", "fx", "USD", "JPY", "100000", "0.01"),
        ("XAUUSD", "0.01", "XAUUSD", "metal", "XAU", "USD", "100", "0.1"),
        ("BTC/USDT", "0.01", "BTCUSDT", "crypto", "BTC", "USDT", "1", "0.01"),
        ("BTCUSD", "0.01", "BTCUSD", "crypto", "BTC", "USD", "1", "0.01"),
        ("DOGE-USD", "0.00001", "DOGEUSD", "crypto", "DOGE", "USD", "1", "0.00001"),
        ("AAPL", "0.01", "AAPL", "stock", "AAPL", "USD", "1", "0.01"),
        ("BRK.B", "0.01", "BRK.B", "stock", "BRK.B", "USD", "1", "0.01"),
        ("§", "0.01", "SYMBOL", "stock", "SYMBOL", "USD", "1", "0.01"),
    ],
)
def test_conditions_are_told_from_the_instrument(
    feed_symbol: str, tick: str, code: str, asset_class: str, base: str, quote: str, contract: str, pip: str
) -> None:
    found = conditions_of("file", feed_symbol, Decimal(tick))
    assert (found.code, found.asset_class, found.base, found.quote) == (code, asset_class, base, quote)
    assert (found.contract_size, found.pip) == (Decimal(contract), Decimal(pip))


def test_the_demos_stocks_trade_in_their_session_through_its_last_quote() -> None:
    hours = Hours.from_week(conditions_of("demo", "AAPL", Decimal("0.01")).hours)
    tuesday = 1_109_635_200_000  # 1 March 2005, 00:00 UTC
    minute = 60_000
    assert [hours.open_at(tuesday + at * minute) for at in (14 * 60 + 29, 14 * 60 + 30, 21 * 60, 21 * 60 + 5)] == [
        False,
        True,
        True,
        False,
    ]


@pytest.fixture
def instruments(database: Database) -> list[Instrument]:
    with database.system() as session:
        made = [
            Instrument(feed="manual", feed_symbol="EURUSD", title="Euro", tick=Decimal("0.00001")),
            Instrument(feed="manual", feed_symbol="AAPL", title="Apple", tick=Decimal("0.01")),
        ]
        session.add_all(made)
    return made


@pytest.fixture
def west(database: Database, instruments: list[Instrument]) -> Iterator[TenantSession]:
    """A session of a new brokerage."""
    made = make_brokerage(database, NEW, OPERATOR)
    with database.tenant(made.tenant_id) as session:
        yield session


def test_a_new_brokerage_can_take_customers_at_once(west: TenantSession) -> None:
    assert west.scalars(select(Symbol.code).order_by(Symbol.code)).all() == ["AAPL", "EURUSD"]
    types = {kind.name: kind for kind in west.scalars(select(AccountType))}
    assert set(types) == {"Standard", "Netting", "Spot", "Demo"}
    assert (types["Spot"].leverage, types["Spot"].may_short) == (1, False)
    assert (types["Netting"].mode, types["Demo"].demo) == ("netting", True)
    caps = set(
        west.execute(
            select(Symbol.code, AccountTypeSymbol.leverage).join(Symbol, Symbol.id == AccountTypeSymbol.symbol_id)
        )
    )
    assert {tuple(row) for row in caps} == {("AAPL", Decimal(20)), ("EURUSD", Decimal(100))}
    assert west.scalar(text("select count(*) from core.account_type_symbols")) == 8
    customer = people.register_customer(west, "ann@example.com", "Ann", "correct horse battery")
    account = open_account(west, customer.id, types["Standard"].id, OPERATOR)
    assert deposit(west, account.id, Decimal(100), key="first").balance == 100


def test_account_types_are_in_the_brokerages_main_currency(database: Database, instruments: list[Instrument]) -> None:
    new = NewTenant("east", "East", ["east.localhost"], "o@east.example", currencies=["eur", "usd"])
    made = make_brokerage(database, new, OPERATOR)
    assert made.invitation is not None
    with database.tenant(made.tenant_id) as session:
        assert set(session.scalars(select(AccountType.currency))) == {"EUR"}


def test_a_brokerage_that_cannot_be_leaves_nothing(database: Database, west: TenantSession) -> None:
    with pytest.raises(TakenError):
        make_brokerage(database, NEW, OPERATOR)
    with database.system() as session:
        assert session.scalar(text("select count(*) from tenants.tenants")) == 1


def test_symbols_and_types_that_come_later_are_enabled_for_each_other(
    database: Database, west: TenantSession, instruments: list[Instrument]
) -> None:
    with database.system() as session:
        gold = Instrument(feed="manual", feed_symbol="XAUUSD", title="Gold", tick=Decimal("0.01"))
        session.add(gold)
    assert set(add_symbols(west, [*instruments, gold], OPERATOR)) == {"XAUUSD"}
    assert add_symbols(west, [*instruments, gold], OPERATOR) == {}
    pro = add_account_type(west, NewAccountType("Pro"), OPERATOR)
    enabled = west.scalar(
        text("select count(*) from core.account_type_symbols where account_type_id = :id"), {"id": pro}
    )
    assert enabled == 3
    assert west.scalar(text("select count(*) from core.account_type_symbols")) == 15


def test_an_instrument_of_another_feed_with_the_same_name_does_not_take_the_code(
    database: Database, west: TenantSession
) -> None:
    with database.system() as session:
        twin = Instrument(feed="other", feed_symbol="EUR/USD", title="Euro", tick=Decimal("0.00001"))
        session.add(twin)
    assert add_symbols(west, [twin], OPERATOR) == {}


def test_accounts_are_numbered_one_after_the_other(west: TenantSession) -> None:
    customer = people.register_customer(west, "ann@example.com", "Ann", "correct horse battery")
    kind = west.scalars(select(AccountType.id).where(AccountType.name == "Standard")).one()
    assert [open_account(west, customer.id, kind, OPERATOR).number for _ in range(3)] == ["100001", "100002", "100003"]


def test_who_may_not_have_an_account_gets_none(west: TenantSession) -> None:
    customer = people.register_customer(west, "ann@example.com", "Ann", "correct horse battery")
    kind = west.scalars(select(AccountType).where(AccountType.name == "Standard")).one()
    with pytest.raises(NotFoundError):
        open_account(west, kind.id, kind.id, OPERATOR)
    people.block(west, customer, OPERATOR, "no papers")
    with pytest.raises(NotAllowedError):
        open_account(west, customer.id, kind.id, OPERATOR)
    people.unblock(west, customer, OPERATOR)
    kind.status = "disabled"
    west.flush()
    with pytest.raises(NotAllowedError):
        open_account(west, customer.id, kind.id, OPERATOR)
    assert isinstance(customer, Customer)


def test_the_command_makes_lists_suspends_and_resumes(
    servers_for_tests: ServersForTests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with servers_for_tests.fresh_database() as name:
        settings = servers_for_tests.settings(tmp_path / "data", name)
        for field in ("data_dir", "database_url", "database_role_prefix", "redis_url"):
            monkeypatch.setenv(f"TRADEYARD_{field.upper()}", str(getattr(settings, field)))
        monkeypatch.setenv("TRADEYARD_SECRET", settings.secret.get_secret_value())

        def run(*words: str) -> str:
            result = CliRunner().invoke(tradeyard, ["tenant", *words])
            assert result.exit_code == 0, result.output
            return result.output

        made = run("create", "west", "West Coast", "--host", "west.localhost", "--owner-email", "owner@west.example")
        assert re.search(r"http://west\.localhost:8000/admin/invitation/\S{40,}", made), made
        run("add-host", "west", "trade.west.example", "--main")
        assert "west                 active     West Coast  trade.west.example, west.localhost" in run("list")
        run("suspend", "west", "--reason", "Unpaid")
        assert "suspended" in run("list")
        run("resume", "west")
        run("remove-host", "west", "trade.west.example")
        refused = CliRunner().invoke(
            tradeyard, ["tenant", "create", "west", "W", "--host", "w.localhost", "--owner-email", "o@w.example"]
        )
        assert refused.exit_code == 1
        assert "There is a tenant west already." in refused.output
