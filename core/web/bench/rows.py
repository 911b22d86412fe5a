"""A brokerage with many rows of everything that lists show."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select, text

from core.lanes.models import Quote
from core.onboarding import DEFAULT_TYPES, make_brokerage
from core.platform import Platform
from core.trading.models import AccountType, Instrument, Symbol
from tenants.db import new_id
from tenants.models import Customer, Staff
from tenants.services import sessions
from tenants.services.actor import OPERATOR
from tenants.services.making import NewTenant
from tenants.services.tokens import make_token

__all__ = ["HOST", "Crowd", "make_crowd"]

HOST = "bench.localhost"
_PASSWORD = secrets.token_urlsafe()
_MS = 1_790_000_000_000

# Every row has an account and a customer of its own but for the one customer's, who has as many again on one account.
_FILL = (
    "insert into tenants.customers (id, email, name, status)"
    " select gen_random_uuid(), 'customer' || n || '@bench.example', 'Customer ' || n, 'verified'"
    " from generate_series(1, :rows) n",
    "insert into core.accounts (id, number, customer_id, account_type_id, currency, mode, balance, ledger_no)"
    " select gen_random_uuid(), (200000 + row_number() over ())::text, c.id, :type, 'USD', 'hedging', 10000, 1"
    " from tenants.customers c",
    "insert into core.positions (id, account_id, symbol_id, side, volume, opened_volume, open_price, margin, leverage,"
    " opened_ts_ms) select gen_random_uuid(), id, :symbol, 'buy', 0.1, 0.1, 1.1, 110, 100,"
    " :ms - (random() * 1e9)::bigint from core.accounts",
    "insert into core.orders (id, account_id, symbol_id, client_order_id, side, kind, volume, price, status, placed_at)"
    " select gen_random_uuid(), id, :symbol, 'one', 'buy', 'limit', 0.1, 1.05, 'resting', now() - random() * interval '1 day'"
    " from core.accounts",
    "insert into core.positions (id, account_id, symbol_id, side, volume, opened_volume, open_price, margin, leverage,"
    " opened_ts_ms, closed_ts_ms, realised, close_reason) select gen_random_uuid(), :account, :symbol, 'sell', 0, 0.1, 1.1,"
    " 0, 100, :ms - 1000000000 + n * 1000, :ms - 900000000 + n * 1000, 12.5, 'manual' from generate_series(1, :rows) n",
    "insert into core.orders (id, account_id, symbol_id, client_order_id, side, kind, volume, status, filled, average_price,"
    " placed_at) select gen_random_uuid(), :account, :symbol, 'many-' || n, 'sell', 'market', 0.1, 'filled', 0.1, 1.1,"
    " now() - n * interval '1 minute' from generate_series(1, :rows) n",
    "insert into core.ledger_entries (id, account_id, entry_no, kind, amount, balance, ts_ms, booked_at)"
    " select gen_random_uuid(), :account, 1 + n, 'trade', 12.5, 10000 + n * 12.5, :ms, now() - n * interval '1 minute'"
    " from generate_series(1, :rows) n",
    "insert into tenants.audit_entries (id, actor_kind, actor_name, action, object_kind)"
    " select gen_random_uuid(), 'staff', 'owner@bench.example', 'customer.verify', 'customer' from generate_series(1, :rows) n",
)


@dataclass(frozen=True)
class Crowd:
    """The brokerage, who looks, and what they send to be known: cookies of both surfaces, a token of the API."""

    tenant_id: UUID
    account_id: UUID
    staff_cookie: str
    customer_cookie: str
    bearer: str


def make_crowd(platform: Platform, rows: int) -> Crowd:
    """A brokerage with so many customers, accounts, open positions and working orders, and one customer with as many
    closed positions, filled orders and ledger entries on one account."""
    with platform.database.system() as session:
        instrument = Instrument(
            id=new_id(), feed="bench", feed_symbol="EURUSD", title="Euro / US dollar", tick=Decimal("0.00001")
        )
        session.add(instrument)
        session.flush()
        session.add(Quote(instrument_id=instrument.id, seq=1, ts_ms=_MS, feed_ts_ms=_MS, bid=110_000, ask=110_010))
    new = NewTenant("bench", "Bench", [HOST], "owner@bench.example", "Owner", _PASSWORD)
    made = make_brokerage(platform.database, new, OPERATOR, types=DEFAULT_TYPES)
    with platform.database.tenant(made.tenant_id) as session:
        type_id = session.scalars(select(AccountType.id).where(AccountType.name == "Standard")).one()
        names = {"rows": rows, "type": type_id, "symbol": session.scalars(select(Symbol.id)).one(), "ms": _MS}
        for statement in _FILL:
            if ":account," in statement and "account" not in names:
                names["account"] = session.scalars(text("select id from core.accounts order by number limit 1")).one()
            used = {key: value for key, value in names.items() if f":{key}" in statement}
            session.execute(text(statement), used)
        owner = session.scalars(select(Staff)).one()
        theirs = text("select customer_id from core.accounts where id = :account")
        customer_id = session.scalar(theirs, {"account": names["account"]})
        customer = session.scalars(select(Customer).where(Customer.id == customer_id)).one()
        crowd = Crowd(
            made.tenant_id,
            UUID(str(names["account"])),
            sessions.open_session(session, owner),
            sessions.open_session(session, customer),
            make_token(session, owner, "bench", ["read"], OPERATOR)[1],
        )
    with platform.database.system_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in ("tenants.customers", "core.accounts", "core.positions", "core.orders", "core.ledger_entries"):
            connection.execute(text(f"analyze {table}"))
    return crowd
