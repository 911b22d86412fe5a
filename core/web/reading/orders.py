"""Orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.trading.models.order import OPEN_STATES
from core.web.reading.sql import OWN, Page, Source, Where, page_of
from core.web.reasons import reason_text
from core.web.tables import TableQuery
from tenants.db import TenantSession

__all__ = ["CANCELLABLE", "OrderRow", "list_orders", "order_row"]

CANCELLABLE = ("resting", "waiting")
_SELECT = (
    "o.id, o.account_id, a.number as account, c.id as customer_id, c.name as customer, o.symbol_id, s.code as symbol, s.tick,"
    " o.client_order_id, o.side, o.kind, o.volume, o.price, o.stop_loss, o.take_profit, o.position_id, o.status, o.reason,"
    " o.detail, o.filled, o.average_price, o.origin, o.origin_id, o.placed_at"
)
_SOURCE = Source(
    "core.orders o",
    {
        "a": ((), "join core.accounts a on (a.tenant_id, a.id) = (o.tenant_id, o.account_id)"),
        "s": ((), "join core.symbols s on (s.tenant_id, s.id) = (o.tenant_id, o.symbol_id)"),
        "c": (("a",), "join tenants.customers c on (c.tenant_id, c.id) = (a.tenant_id, a.customer_id)"),
    },
)
_SORTS = {
    "placed_at": "o.placed_at",
    "symbol": "s.code",
    "account": "a.number",
    "customer": "c.name",
    "volume": "o.volume",
    "price": "o.price",
}


@dataclass(frozen=True)
class OrderRow:
    """An order."""

    id: UUID
    account_id: UUID
    account: str
    customer_id: UUID
    customer: str
    symbol_id: UUID
    symbol: str
    tick: Decimal
    client_order_id: str
    side: str
    kind: str
    volume: Decimal
    price: Decimal | None
    stop_loss: Decimal | None
    take_profit: Decimal | None
    position_id: UUID | None
    status: str
    reason: str | None
    detail: Mapping[str, Any]
    filled: Decimal
    average_price: Decimal | None
    origin: str
    origin_id: UUID | None
    placed_at: datetime

    @property
    def open(self) -> bool:
        """Whether it still lives."""
        return self.status in OPEN_STATES

    @property
    def reason_text(self) -> str:
        """Why it was rejected or cancelled, in words."""
        return reason_text(self.reason, self.detail) if self.reason else ""

    @property
    def cancellable(self) -> bool:
        """Whether it can be cancelled here; one at a venue is cancelled there."""
        return self.status in CANCELLABLE

    @property
    def changeable(self) -> bool:
        """Whether its price, volume and protection can be changed: an order by hand that waits for its price."""
        return self.status == "resting" and self.kind in ("limit", "stop") and self.origin == "manual"


def list_orders(
    session: TenantSession,
    query: TableQuery,
    *,
    account: UUID | None = None,
    customer: UUID | None = None,
    open_only: bool = False,
) -> Page[OrderRow]:
    """A page of orders. Filters: ``search`` (account, customer), ``symbol``, ``side``, ``status``, ``origin``, ``kind``."""
    where = Where()
    if open_only:
        where.add("o.status = any(:open_states)", open_states=list(OPEN_STATES))
    if account:
        where.add("o.account_id = :account", account=account)
    if customer:
        where.add(f"o.{OWN}", customer=customer)
    if search := query.get("search"):
        where.contains(search, "a.number", "c.name", "c.email")
    for key, column in (("symbol", "s.code"), ("side", "o.side"), ("origin", "o.origin"), ("kind", "o.kind")):
        if value := query.get(key):
            where.add(f"{column} = :{key}", **{key: value})
    if status := query.get("status"):
        wanted = list(OPEN_STATES) if status == "open" else [status]
        where.add("o.status = any(:status)", status=wanted)
    rows, total = page_of(session, _SELECT, _SOURCE, where, query, sorts=_SORTS, default="o.placed_at desc")
    return Page([_row(row) for row in rows], total)


def order_row(session: TenantSession, order_id: UUID, *, customer: UUID | None = None) -> OrderRow | None:
    """One order; none where it does not exist for this reader."""
    row = session.execute(
        text(
            f"select {_SELECT} {_SOURCE.sql} where o.id = :id and (cast(:customer as uuid) is null or a.customer_id = :customer)"
        ),
        {"id": order_id, "customer": customer},
    ).one_or_none()
    return None if row is None else _row(row)


def _row(row: Row[Any]) -> OrderRow:
    return OrderRow(**row._mapping)
