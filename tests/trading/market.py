"""A small market in a fresh database: one brokerage, its symbols, account types and accounts, and quotes at will."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from core.events.models import Event
from core.lanes.models import Quote
from core.trading.booking import CurrentQuote, book, fire
from core.trading.models import (
    Account,
    AccountType,
    AccountTypeSymbol,
    Instrument,
    LedgerEntry,
    Order,
    Position,
    Symbol,
)
from core.trading.services import close_positions
from core.trading.types import OrderRequest, OrderResult
from tenants.db import Database, TenantSession, new_id
from tenants.models import Customer, Tenant

CONTRACTS = {"EURUSD": "100000", "GBPUSD": "100000", "BTCUSD": "1"}
TICKS = {"EURUSD": "0.00001", "GBPUSD": "0.00001", "BTCUSD": "0.01"}


@dataclass
class MarketPlace:
    """A brokerage to trade at."""

    database: Database
    tenant_id: UUID
    customer_id: UUID
    instruments: dict[str, UUID] = field(default_factory=dict)
    symbols: dict[str, UUID] = field(default_factory=dict)
    types: dict[str, UUID] = field(default_factory=dict)
    seqs: dict[str, int] = field(default_factory=dict)
    numbers: int = 0

    def quote(self, code: str, bid: str, ask: str, *, ts_ms: int | None = None, clock_ms: int | None = None) -> int:
        """Make a quote current, as the lane does; times in feed milliseconds."""
        tick = Decimal(TICKS[code])
        seq = self.seqs[code] = self.seqs.get(code, 0) + 1
        ts = 1_700_000_000_000 + seq * 1000 if ts_ms is None else ts_ms
        with self.database.system() as session:
            row = session.get(Quote, self.instruments[code]) or Quote(instrument_id=self.instruments[code])
            row.seq, row.ts_ms, row.feed_ts_ms = seq, ts, ts if clock_ms is None else clock_ms
            row.bid, row.ask = int(Decimal(bid) / tick), int(Decimal(ask) / tick)
            session.add(row)
        return seq

    def cross(self, code: str, bid: str, ask: str, *, ts_ms: int | None = None) -> None:
        """Make a quote current and book what it fires, as the lane does."""
        seq = self.quote(code, bid, ask, ts_ms=ts_ms)
        with self.session() as session:
            row = session.get_one(Quote, self.instruments[code])
            quote = CurrentQuote(row.instrument_id, seq, row.ts_ms, row.bid, row.ask, row.feed_ts_ms)
            fired = session.execute(
                text(
                    "select kind, subject_id from core.triggers where instrument_id = :id and since_seq < :seq"
                    " and (:ask <= ask_le or :ask >= ask_ge or :bid <= bid_le or :bid >= bid_ge) order by subject_id"
                ),
                {"id": quote.instrument_id, "seq": seq, "bid": quote.bid, "ask": quote.ask},
            ).all()
            kinds = {
                kind: [row.subject_id for row in fired if row.kind == kind] for kind in ("position", "order", "account")
            }
            fire(session, quote, positions=kinds["position"], orders=kinds["order"], accounts=kinds["account"])

    def clock(self, code: str, feed_ts_ms: int) -> None:
        """Let the feed's time go on while the instrument is silent."""
        with self.database.system() as session:
            session.get_one(Quote, self.instruments[code]).feed_ts_ms = feed_ts_ms

    def account_type(self, name: str, **values: Any) -> UUID:
        """An account type with all symbols enabled."""
        settings: dict[str, Any] = {"currency": "USD", "mode": "hedging", "leverage": Decimal(100), **values}
        type_id = self.types[name] = new_id()
        with self.database.tenant(self.tenant_id) as session:
            session.add(AccountType(id=type_id, name=name, **settings))
            session.flush()
            for symbol_id in self.symbols.values():
                session.add(AccountTypeSymbol(account_type_id=type_id, symbol_id=symbol_id))
        return type_id

    def accounts(self, type_name: str, count: int = 1, *, balance: str = "10000") -> list[UUID]:
        """Accounts with their first deposit in the ledger."""
        with self.database.tenant(self.tenant_id) as session:
            of_type = session.get_one(AccountType, (self.tenant_id, self.types[type_name]))
            made = []
            for _ in range(count):
                self.numbers += 1
                made.append(
                    Account(
                        id=new_id(), number=f"{self.numbers:07}", customer_id=self.customer_id,
                        account_type_id=of_type.id, currency=of_type.currency, mode=of_type.mode,
                        balance=Decimal(balance), ledger_no=1,
                    )
                )  # fmt: skip
            session.add_all(made)
            session.flush()
            session.add_all(
                LedgerEntry(
                    account_id=account.id, entry_no=1, kind="deposit", amount=Decimal(balance), balance=Decimal(balance),
                    key="first", ts_ms=0,
                )
                for account in made
            )  # fmt: skip
            return [account.id for account in made]

    def session(self) -> Any:
        """A transaction of the brokerage."""
        return self.database.tenant(self.tenant_id)

    def order(self, account_id: UUID, side: str, volume: str, code: str = "EURUSD", **values: Any) -> OrderRequest:
        """An order with a client order id of its own."""
        for name in ("price", "stop_loss", "take_profit", "fill_price"):
            if isinstance(values.get(name), str):
                values[name] = Decimal(values[name])
        values.setdefault("client_order_id", str(new_id()))
        return OrderRequest(
            account_id=account_id, symbol_id=self.symbols[code], side=side, volume=Decimal(volume), **values  # type: ignore[arg-type]
        )  # fmt: skip

    def place(self, account_id: UUID, side: str, volume: str, code: str = "EURUSD", **values: Any) -> OrderResult:
        """Book one order in a transaction of its own."""
        with self.session() as session:
            return book(session, [self.order(account_id, side, volume, code, **values)])[0]

    def close(self, position_id: UUID, volume: str | None = None, **values: Any) -> OrderResult:
        """Close a position at market, whole or in part."""
        key = values.pop("client_order_id", str(new_id()))
        with self.session() as session:
            closes = [(position_id, None if volume is None else Decimal(volume), key)]
            return close_positions(session, closes, **values)[0]

    def positions(self, account_id: UUID, *, opened: bool = False) -> list[Position]:
        """The account's positions, the oldest first; with `opened` only what is open."""
        with self.session() as session:
            query = select(Position).where(Position.account_id == account_id).order_by(Position.id)
            return list(session.scalars(query.where(Position.closed_ts_ms.is_(None)) if opened else query))

    def stored(self, order_id: UUID) -> Order:
        """An order's row as it is now."""
        with self.session() as session:
            return session.get_one(Order, (self.tenant_id, order_id))

    def events(self, stream: str) -> list[Event]:
        """A stream's events in their order."""
        with self.session() as session:
            return list(session.scalars(select(Event).where(Event.stream == stream).order_by(Event.stream_seq)))

    def change(self, model: Any, ident: Any, **values: Any) -> None:
        """Change a definition as the platform may."""
        with self.database.system() as session:
            row = session.get_one(model, ident)
            for name, value in values.items():
                setattr(row, name, value)

    def account(self, account_id: UUID) -> Account:
        """The account's row as it is now."""
        with self.session() as session:
            return session.get_one(Account, (self.tenant_id, account_id))

    def check_ledger(self) -> None:
        """The balance of every account is the sum of its ledger's entries, and each entry says the balance after it."""
        with self.session() as session:
            sums = dict(
                session.execute(
                    select(LedgerEntry.account_id, func.sum(LedgerEntry.amount)).group_by(LedgerEntry.account_id)
                ).all()
            )
            for account in session.scalars(select(Account)):
                assert account.balance == sums.get(account.id, Decimal(0))
                reserved = session.execute(
                    text("select coalesce(sum(amount), 0) from core.reservations where account_id = :id"),
                    {"id": account.id},
                ).scalar_one()
                assert account.reserved == reserved


def set_up(database: Database) -> MarketPlace:
    """A brokerage with three symbols on a feed of its own."""
    tenant_id, customer_id = new_id(), new_id()
    with database.system() as session:
        session.add(Tenant(id=tenant_id, key="north", name="North"))
        session.flush()
        session.add(
            Customer(
                id=customer_id,
                tenant_id=tenant_id,
                email="ann@example.com",
                name="Ann",
                password_hash="-",
                status="verified",
            )
        )
        place = MarketPlace(database, tenant_id, customer_id)
        for code, contract in CONTRACTS.items():
            instrument = Instrument(id=new_id(), feed="test", feed_symbol=code, tick=Decimal(TICKS[code]))
            session.add(instrument)
            session.flush()
            place.instruments[code] = instrument.id
            symbol = Symbol(
                id=new_id(), tenant_id=tenant_id, instrument_id=instrument.id, code=code,
                asset_class="crypto" if code == "BTCUSD" else "fx", base=code[:3], quote=code[3:],
                contract_size=Decimal(contract), tick=Decimal(TICKS[code]), pip=Decimal("1") if code == "BTCUSD" else Decimal("0.0001"),
                lot_step=Decimal("0.01"), min_lot=Decimal("0.01"), max_lot=Decimal(100),
            )  # fmt: skip
            session.add(symbol)
            place.symbols[code] = symbol.id
    place.account_type("standard")
    return place


__all__ = ["MarketPlace", "TenantSession", "set_up"]
