"""Positions, open ones measured at the current quotes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from core.trading.booking.load import load_world
from core.trading.booking.views import World
from core.trading.rules.conversion import NoConversionError
from core.web.reading.sql import OWN, Page, Source, Where, page_of
from core.web.tables import TableQuery
from tenants.db import TenantSession
from tenants.text import _

__all__ = ["PositionRow", "list_positions", "position_row"]

_SELECT = (
    "p.id, p.account_id, a.number as account, a.currency, a.account_type_id, c.id as customer_id, c.name as customer,"
    " p.symbol_id, s.code as symbol, s.tick, s.lot_step, p.side, p.volume, p.opened_volume, p.open_price, p.margin,"
    " p.stop_loss, p.take_profit, p.realised, p.commission, p.swap, p.origin, p.origin_id, p.released_by,"
    " p.opened_ts_ms, p.closed_ts_ms, p.close_reason"
)
_SOURCE = Source(
    "core.positions p",
    {
        "a": ((), "join core.accounts a on (a.tenant_id, a.id) = (p.tenant_id, p.account_id)"),
        "s": ((), "join core.symbols s on (s.tenant_id, s.id) = (p.tenant_id, p.symbol_id)"),
        "c": (("a",), "join tenants.customers c on (c.tenant_id, c.id) = (a.tenant_id, a.customer_id)"),
    },
)
_SORTS = {
    "symbol": "s.code",
    "account": "a.number",
    "customer": "c.name",
    "volume": "p.volume",
    "margin": "p.margin",
    "opened_ts_ms": "p.opened_ts_ms",
    "closed_ts_ms": "p.closed_ts_ms",
    "realised": "p.realised",
}


@dataclass(frozen=True)
class PositionRow:
    """A position. ``price`` and ``floating`` are none while there is no quote, and for closed ones."""

    id: UUID
    account_id: UUID
    account: str
    currency: str
    customer_id: UUID
    customer: str
    symbol_id: UUID
    symbol: str
    tick: Decimal
    lot_step: Decimal
    side: str
    volume: Decimal
    opened_volume: Decimal
    open_price: Decimal
    margin: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    realised: Decimal
    commission: Decimal
    swap: Decimal
    origin: str
    origin_id: UUID | None
    released_by: UUID | None
    opened_ts_ms: int
    closed_ts_ms: int | None
    close_reason: str | None
    price: Decimal | None = None
    floating: Decimal | None = None

    @property
    def tag(self) -> str:
        """What the tables say of it besides its origin; empty where there is nothing to say."""
        return _("Released by a bot") if self.released_by else ""

    @property
    def opened_at(self) -> datetime:
        """When it was opened, by the feed's clock."""
        return datetime.fromtimestamp(self.opened_ts_ms / 1000, UTC)

    @property
    def closed_at(self) -> datetime | None:
        """When it was closed, by the feed's clock."""
        return None if self.closed_ts_ms is None else datetime.fromtimestamp(self.closed_ts_ms / 1000, UTC)

    @property
    def net(self) -> Decimal:
        """What a closed position came to: profit, less commission, swap included."""
        return self.realised - self.commission + self.swap


def list_positions(
    session: TenantSession,
    query: TableQuery,
    *,
    account: UUID | None = None,
    customer: UUID | None = None,
    closed: bool = False,
) -> Page[PositionRow]:
    """A page of open (or closed) positions. Filters: ``search`` (account, customer), ``symbol``, ``side``, ``origin``,
    ``account`` (its number), ``since`` and ``until`` (days in UTC of the opening, or of the closing)."""
    moment = "closed_ts_ms" if closed else "opened_ts_ms"
    where = Where().add(f"p.closed_ts_ms is {'not ' if closed else ''}null")
    if account:
        where.add("p.account_id = :account", account=account)
    if customer:
        where.add(f"p.{OWN}", customer=customer)
    if search := query.get("search"):
        where.contains(search, "a.number", "c.name", "c.email")
    for key, column in (("symbol", "s.code"), ("side", "p.side"), ("origin", "p.origin")):
        if value := query.get(key):
            where.add(f"{column} = :{key}", **{key: value})
    if number := query.get("account"):
        where.add("a.number = :number", number=number)
    if since := query.get("since"):
        where.add(f"p.{moment} >= :since", since=_midnight_ms(since))
    if until := query.get("until"):
        where.add(f"p.{moment} < :until", until=_midnight_ms(until) + 86_400_000)
    default = "p.closed_ts_ms desc" if closed else "p.opened_ts_ms desc"
    rows, total = page_of(session, _SELECT, _SOURCE, where, query, sorts=_SORTS, default=default)
    return Page(_measured(session, rows), total)


def _midnight_ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


def position_row(session: TenantSession, position_id: UUID, *, customer: UUID | None = None) -> PositionRow | None:
    """One position; none where it does not exist for this reader."""
    row = session.execute(
        text(
            f"select {_SELECT} {_SOURCE.sql} where p.id = :id and (cast(:customer as uuid) is null or a.customer_id = :customer)"
        ),
        {"id": position_id, "customer": customer},
    ).one_or_none()
    return None if row is None else _measured(session, [row])[0]


def _measured(session: TenantSession, rows: Any) -> list[PositionRow]:
    world = (
        load_world(session, {row.account_type_id for row in rows})
        if any(r.closed_ts_ms is None for r in rows)
        else None
    )
    return [_row(row, world) for row in rows]


def _row(row: Row[Any], world: World | None) -> PositionRow:
    price = floating = None
    if world is not None and row.closed_ts_ms is None:
        prices = world.terms(row.account_type_id, row.symbol_id).prices
        price = prices.closing(row.side) if prices else None
        try:
            exposure = world.exposure(row.account_type_id, row.symbol_id, row.side, row.volume, row.open_price)
            floating = world.market.floating(exposure) if price is not None else None
        except (KeyError, NoConversionError):
            floating = None
    known = {name: getattr(row, name) for name in PositionRow.__dataclass_fields__ if name in row._fields}
    return PositionRow(**known, price=price, floating=floating)
