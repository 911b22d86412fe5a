"""Symbols, and the candles of their instruments."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from core.web.charts import Candle
from tenants.db import TenantSession

__all__ = ["SymbolRow", "candles", "list_symbols", "symbols_of_account", "usual_gap_s"]

_SELECT = (
    "s.id, s.code, s.title, s.class as asset_class, s.base, s.quote, s.contract_size, s.tick, s.pip, s.lot_step, s.min_lot,"
    " s.max_lot, s.status, s.instrument_id, i.label"
)
_SOURCE = " from core.symbols s join core.instruments i on i.id = s.instrument_id"


@dataclass(frozen=True)
class SymbolRow:
    """A symbol. ``label`` is what people must know of its prices, such as that they are synthetic."""

    id: UUID
    code: str
    title: str
    asset_class: str
    base: str
    quote: str
    contract_size: Decimal
    tick: Decimal
    pip: Decimal
    lot_step: Decimal
    min_lot: Decimal
    max_lot: Decimal
    status: str
    instrument_id: UUID
    label: str


def list_symbols(session: TenantSession) -> list[SymbolRow]:
    """The tenant's symbols that are not disabled."""
    rows = session.execute(text(f"select {_SELECT} {_SOURCE} where s.status <> 'disabled' order by s.code"))
    return [SymbolRow(**row._mapping) for row in rows]


def symbols_of_account(session: TenantSession, account_id: UUID) -> list[SymbolRow]:
    """The symbols that an account's type has."""
    rows = session.execute(
        text(
            f"select {_SELECT} {_SOURCE}"
            " join core.account_type_symbols ts on (ts.tenant_id, ts.symbol_id) = (s.tenant_id, s.id) and ts.enabled"
            " join core.accounts a on (a.tenant_id, a.account_type_id) = (ts.tenant_id, ts.account_type_id)"
            " where a.id = :account and s.status <> 'disabled' order by s.code"
        ),
        {"account": account_id},
    )
    return [SymbolRow(**row._mapping) for row in rows]


def candles(session: TenantSession, symbol: SymbolRow, step_s: int, count: int = 300) -> list[Candle]:
    """The last candles of a symbol's bids as the feed sent them, each ``step_s`` seconds of the feed's time long.

    Reads no more than 200,000 ticks, so a very busy feed gives fewer candles of a long step.
    """
    rows = session.execute(
        text(
            "with recent as (select t.ts_ms, t.seq, t.bid from core.ticks t where t.instrument_id = :instrument"
            "  and t.seq <= (select q.seq from core.quotes q where q.instrument_id = :instrument)"
            "  order by t.seq desc limit 200000)"
            " select (ts_ms / :step) * :step as start, (array_agg(bid order by seq))[1] as open, max(bid) as high, min(bid) as low,"
            " (array_agg(bid order by seq desc))[1] as close"
            " from recent group by 1 order by 1 desc limit :count"
        ),
        {"instrument": symbol.instrument_id, "step": step_s * 1000, "count": count},
    )
    return [
        (row.start, *(Decimal(value) * symbol.tick for value in (row.open, row.high, row.low, row.close)))
        for row in reversed(rows.all())
    ]


def usual_gap_s(session: TenantSession, symbol: SymbolRow) -> float:
    """Seconds between two of the symbol's quotes, by the feed's clock, on the average of the last ones; 0 without any."""
    row = session.execute(
        text(
            "select max(ts_ms) - min(ts_ms) as span, count(*) as ticks from (select ts_ms from core.ticks"
            " where instrument_id = :instrument order by seq desc limit 100) recent"
        ),
        {"instrument": symbol.instrument_id},
    ).one()
    return float(row.span) / 1000 / (row.ticks - 1) if row.ticks > 1 else 0.0
