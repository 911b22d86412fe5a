"""An account over a period: what was there, what came, what went, what is there; and the deals behind it.

Everything goes by when it was booked. An entry belongs to exactly one period, so that statements of following periods meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.web.reading.sql import Page, Where, page_of
from core.web.tables import TableQuery
from tenants.db import TenantSession

__all__ = ["DealRow", "EntryRow", "Statement", "list_deals", "list_entries", "statement_of"]

_KINDS = ("deposit", "withdrawal", "correction", "swap", "fee", "negative_balance")
_SUMS = text(
    "select kind, coalesce(sum(amount) filter (where booked_at < :since), 0) as before,"
    " coalesce(sum(amount) filter (where booked_at >= :since), 0) as within,"
    " coalesce(sum(commission) filter (where booked_at >= :since), 0) as commission"
    " from core.ledger_entries where account_id = :account and booked_at < :until group by kind"
)


@dataclass(frozen=True)
class Statement:
    """Sums in the account's currency. ``opening`` and all parts together are ``closing``.

    :ivar profit: of deals, before commission.
    :ivar commission: charged, so zero or negative.
    :ivar parts: kind and amount of everything else that is not zero.
    """

    since: datetime
    until: datetime
    opening: Decimal
    closing: Decimal
    profit: Decimal
    commission: Decimal
    parts: Sequence[tuple[str, Decimal]]

    @property
    def change(self) -> Decimal:
        """What the period has come to."""
        return self.closing - self.opening

    @property
    def adds_up(self) -> bool:
        """Whether the parts lead from the one balance to the other."""
        return (
            self.opening + self.profit + self.commission + sum(amount for _kind, amount in self.parts) == self.closing
        )


@dataclass(frozen=True)
class EntryRow:
    """A ledger entry of the period."""

    id: UUID
    entry_no: int
    booked_at: datetime
    kind: str
    note: str | None
    amount: Decimal
    commission: Decimal
    balance: Decimal
    origin: str
    currency: str


@dataclass(frozen=True)
class DealRow:
    """A fill of the period. ``net`` is what the ledger got of it."""

    id: UUID
    booked_at: datetime
    symbol: str
    tick: Decimal
    side: str
    effect: str
    volume: Decimal
    price: Decimal
    profit: Decimal
    commission: Decimal
    net: Decimal
    origin: str
    currency: str


def statement_of(session: TenantSession, account_id: UUID, since: datetime, until: datetime) -> Statement:
    """The sums of an account from one moment to before another."""
    sums = {row.kind: row for row in session.execute(_SUMS, {"account": account_id, "since": since, "until": until})}
    opening = sum((row.before for row in sums.values()), Decimal(0))
    closing = opening + sum((row.within for row in sums.values()), Decimal(0))
    deals = sums.pop("trade", None)
    commission = deals.commission if deals else Decimal(0)
    profit = deals.within - commission if deals else Decimal(0)
    parts = {kind: sums.pop(kind).within for kind in _KINDS if kind in sums}
    parts["other"] = sum((row.within for row in sums.values()), Decimal(0))
    return Statement(since, until, opening, closing, profit, commission, [item for item in parts.items() if item[1]])


def list_entries(
    session: TenantSession, query: TableQuery, account_id: UUID, since: datetime, until: datetime
) -> Page[EntryRow]:
    """The entries of the period, the oldest first."""
    select = "e.id, e.entry_no, e.booked_at, e.kind, e.note, e.amount, e.commission, e.balance, e.origin, a.currency"
    source = " from core.ledger_entries e join core.accounts a on (a.tenant_id, a.id) = (e.tenant_id, e.account_id)"
    rows, total = page_of(
        session,
        select,
        source,
        _within("e", account_id, since, until),
        query,
        sorts={},
        default="e.entry_no",
        unique="e.id",
    )
    return Page([EntryRow(**row._mapping) for row in rows], total)


def list_deals(
    session: TenantSession, query: TableQuery, account_id: UUID, since: datetime, until: datetime
) -> Page[DealRow]:
    """The fills of the period, the oldest first."""
    select = (
        "f.id, f.booked_at, s.code as symbol, s.tick, f.side, f.effect, f.volume, f.price, f.profit, f.commission,"
        " f.profit - f.commission as net, f.origin, a.currency"
    )
    source = (
        " from core.fills f join core.accounts a on (a.tenant_id, a.id) = (f.tenant_id, f.account_id)"
        " join core.symbols s on (s.tenant_id, s.id) = (f.tenant_id, f.symbol_id)"
    )
    rows, total = page_of(
        session,
        select,
        source,
        _within("f", account_id, since, until),
        query,
        sorts={},
        default="f.fill_no",
        unique="f.id",
    )
    return Page([DealRow(**row._mapping) for row in rows], total)


def _within(table: str, account_id: UUID, since: datetime, until: datetime) -> Where:
    return Where().add(
        f"{table}.account_id = :account and {table}.booked_at >= :since and {table}.booked_at < :until",
        account=account_id, since=since, until=until,
    )  # fmt: skip
