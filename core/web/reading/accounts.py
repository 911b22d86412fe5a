"""Accounts with what they are worth now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.trading.services import account_states
from core.trading.types import AccountState
from core.web.reading.sql import Page, Source, Where, page_of
from core.web.tables import TableQuery
from tenants.db import TenantSession

__all__ = ["AccountRow", "account_row", "list_accounts"]

_SELECT = (
    "a.id, a.number, a.currency, a.mode, a.status, a.balance, a.margin, a.reserved, a.created_at, a.margin_called,"
    " a.account_type_id, t.name as type, t.demo, t.leverage, a.customer_id, c.name as customer, c.email"
)
_SOURCE = Source(
    "core.accounts a",
    {
        "t": ((), "join core.account_types t on (t.tenant_id, t.id) = (a.tenant_id, a.account_type_id)"),
        "c": ((), "join tenants.customers c on (c.tenant_id, c.id) = (a.tenant_id, a.customer_id)"),
    },
)
_SORTS = {
    "number": "a.number",
    "customer": "c.name",
    "type": "t.name",
    "balance": "a.balance",
    "margin": "a.margin",
    "created_at": "a.created_at",
}


@dataclass(frozen=True)
class AccountRow:
    """An account. Money in its currency; ``level`` in percent, none without margin."""

    id: UUID
    number: str
    currency: str
    mode: str
    status: str
    type: str
    account_type_id: UUID
    demo: bool
    leverage: Decimal
    customer_id: UUID
    customer: str
    email: str
    created_at: datetime
    margin_called: bool
    balance: Decimal
    margin: Decimal
    reserved: Decimal
    equity: Decimal
    floating: Decimal
    free_margin: Decimal
    level: Decimal | None


def list_accounts(session: TenantSession, query: TableQuery, *, customer: UUID | None = None) -> Page[AccountRow]:
    """A page of accounts. Filters: ``search`` (number, name, e-mail), ``status``, ``type``."""
    where = Where()
    if customer:
        where.add("a.customer_id = :customer", customer=customer)
    if search := query.get("search"):
        where.contains(search, "a.number", "c.name", "c.email")
    if status := query.get("status"):
        where.add("a.status = :status", status=status)
    if kind := query.get("type"):
        where.add("t.name = :type", type=kind)
    rows, total = page_of(session, _SELECT, _SOURCE, where, query, sorts=_SORTS, default="a.created_at desc")
    states = account_states(session, [row.id for row in rows])
    return Page([_row(row, states[row.id]) for row in rows], total)


def account_row(session: TenantSession, account_id: UUID, *, customer: UUID | None = None) -> AccountRow | None:
    """One account; none where it does not exist for this reader."""
    row = session.execute(
        text(
            f"select {_SELECT} {_SOURCE.sql} where a.id = :id and (cast(:customer as uuid) is null or a.customer_id = :customer)"
        ),
        {"id": account_id, "customer": customer},
    ).one_or_none()
    return None if row is None else _row(row, account_states(session, [account_id])[account_id])


def _row(row: Row[Any], state: AccountState) -> AccountRow:
    return AccountRow(
        **{name: getattr(row, name) for name in AccountRow.__dataclass_fields__ if name in row._fields},
        equity=state.equity,
        floating=state.floating,
        free_margin=state.free_margin,
        level=state.level,
    )
