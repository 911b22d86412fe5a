"""The ledger of an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from core.web.reading.sql import OWN, Page, Source, Where, page_of
from core.web.tables import TableQuery
from tenants.db import TenantSession

__all__ = ["LedgerRow", "list_ledger"]

_SELECT = (
    "e.id, e.account_id, e.entry_no, e.kind, e.amount, e.commission, e.swap, e.balance, e.origin, e.actor, e.note, e.ts_ms,"
    " e.booked_at, a.currency, a.number as account"
)
_SOURCE = Source(
    "core.ledger_entries e",
    {"a": ((), "join core.accounts a on (a.tenant_id, a.id) = (e.tenant_id, e.account_id)")},
)
_SORTS = {"entry_no": "e.entry_no", "amount": "e.amount", "booked_at": "e.booked_at"}


@dataclass(frozen=True)
class LedgerRow:
    """A ledger entry. Money in the account's currency."""

    id: UUID
    account_id: UUID
    account: str
    entry_no: int
    kind: str
    amount: Decimal
    commission: Decimal
    swap: Decimal
    balance: Decimal
    currency: str
    origin: str
    actor: str | None
    note: str | None
    ts_ms: int
    booked_at: datetime


def list_ledger(
    session: TenantSession, query: TableQuery, *, account: UUID | None = None, customer: UUID | None = None
) -> Page[LedgerRow]:
    """A page of entries, the newest first. Filter: ``kind``."""
    where = Where()
    if account:
        where.add("e.account_id = :account", account=account)
    if customer:
        where.add(f"e.{OWN}", customer=customer)
    if kind := query.get("kind"):
        where.add("e.kind = :kind", kind=kind)
    default = "e.entry_no desc" if account else "e.booked_at desc"
    rows, total = page_of(session, _SELECT, _SOURCE, where, query, sorts=_SORTS, default=default)
    return Page([LedgerRow(**row._mapping) for row in rows], total)
