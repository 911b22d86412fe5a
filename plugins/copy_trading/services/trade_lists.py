"""A master's trades one by one, for staff."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.sdk.data import TenantSession
from core.sdk.trading import floating_by_position


@dataclass(frozen=True, slots=True)
class TradeLine:
    """A position. Volumes in lots, money net of commission and swap in ``currency``; times are the feed's, epoch ms.

    ``pnl`` is realised, and for an open one floating with it; ``floating`` none once closed or while it cannot be told.
    """

    id: UUID
    symbol: str
    tick: Decimal
    side: str
    volume: Decimal
    open_price: Decimal
    stop_loss: Decimal | None
    take_profit: Decimal | None
    pnl: Decimal
    floating: Decimal | None
    commission: Decimal
    swap: Decimal
    currency: str
    copies: int
    opened_ms: int
    closed_ms: int | None
    close_reason: str | None
    status: str


_SORTS = {
    "symbol": "y.code",
    "side": "p.side",
    "volume": "p.opened_volume",
    "opened_ms": "p.opened_ts_ms",
    "closed_ms": "p.closed_ts_ms",
    "pnl": "p.realised - p.commission + p.swap",
}


def trades(
    session: TenantSession,
    account_id: UUID,
    *,
    status: str = "",
    symbol: str = "",
    sort: str = "opened_ms",
    descending: bool = True,
    offset: int = 0,
    limit: int | None = None,
) -> tuple[list[TradeLine], int]:
    """Positions of an account and how many match in all; ``status`` ``open``, ``closed`` or all."""
    conditions = ["p.account_id = :account"]
    if status:
        conditions.append(f"p.closed_ts_ms is {'null' if status == 'open' else 'not null'}")
    if symbol:
        conditions.append("y.code ilike :symbol")
    turn = "desc" if descending else "asc"
    rows = session.execute(
        text(
            "select p.id, y.code, y.tick, p.side, case when p.closed_ts_ms is null then p.volume else p.opened_volume end"  # noqa: S608 - made of constants
            " as volume, p.open_price, p.stop_loss, p.take_profit, p.realised - p.commission + p.swap as net, p.commission,"
            " p.swap, a.currency, (select count(*) from copy_trading.links l where l.master_position_id = p.id) as copies,"
            " p.opened_ts_ms, p.closed_ts_ms, p.close_reason, count(*) over () as total"
            " from core.positions p join core.symbols y on y.id = p.symbol_id join core.accounts a on a.id = p.account_id"
            f" where {' and '.join(conditions)} order by {_SORTS.get(sort, 'p.opened_ts_ms')} {turn} nulls last, p.id desc"
            " offset :offset limit cast(:limit as integer)"
        ),
        {"account": account_id, "symbol": f"%{symbol}%", "offset": offset, "limit": limit},
    ).all()
    floating = floating_by_position(session, [account_id]) if any(row.closed_ts_ms is None for row in rows) else {}
    lines = []
    for row in rows:
        value = floating.get(row.id) if row.closed_ts_ms is None else None
        lines.append(
            TradeLine(
                row.id, row.code, row.tick, row.side, row.volume, row.open_price, row.stop_loss, row.take_profit,
                row.net + (value or 0), value, row.commission, row.swap, row.currency, row.copies, row.opened_ts_ms,
                row.closed_ts_ms, row.close_reason, "open" if row.closed_ts_ms is None else "closed",
            )
        )  # fmt: skip
    return lines, rows[0].total if rows else 0
