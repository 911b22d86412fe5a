"""Quotes and recent prices for plugins."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.trading.services.prices import Pair, middle_rate, middle_rates, quotes_of_pairs
from tenants.db import TenantSession

__all__ = ["Pair", "middle_rate", "middle_rates", "quotes_of_pairs", "recent_prices"]

_LAST = text(
    "select q.seq, s.tick, s.instrument_id from core.symbols s join core.quotes q on q.instrument_id = s.instrument_id"
    " where s.id = :symbol"
)
_TICKS = text(
    "select ts_ms, bid from core.ticks where instrument_id = :instrument and seq > :first and seq <= :last"
    " and (:last - seq) % :step = 0 order by seq"
)


def recent_prices(
    session: TenantSession, symbol_id: UUID, *, count: int = 400, ticks: int = 20_000
) -> list[tuple[int, Decimal]]:
    """(epoch milliseconds, bid) of up to ``count`` of the last ``ticks`` quotes that the lane has worked off, evenly spread."""
    row = session.execute(_LAST, {"symbol": symbol_id}).first()
    if row is None:
        return []
    span = min(ticks, row.seq)
    values = {"instrument": row.instrument_id, "first": row.seq - span, "last": row.seq, "step": max(1, span // count)}
    return [(one.ts_ms, one.bid * row.tick) for one in session.execute(_TICKS, values)]
