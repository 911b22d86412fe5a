"""What bots are worth at the current quotes: the floating part moves, the rest is in their rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk.data import TenantSession
from core.sdk.prices import quotes_of_pairs
from core.sdk.trading import QuoteView
from plugins.bot_trading.strategies.numbers import ZERO, exact, round_amount

__all__ = ["Mark", "keep_extremes", "mark_rows", "marks"]

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Mark:
    """A bot's money now, in the symbol's quote currency. ``drawdown`` and ``share`` are in percent.

    :ivar share: total in percent of the investment.
    :ivar drawdown: how far the equity stands below its peak, in percent of the peak.
    """

    id: UUID
    status: str
    currency: str
    investment: Decimal
    cycle_profit: Decimal
    inventory_realised: Decimal
    floating: Decimal
    total: Decimal
    share: Decimal
    drawdown: Decimal
    peak: Decimal

    @property
    def realised(self) -> Decimal:
        return self.cycle_profit + self.inventory_realised


_ROWS = """
select b.id, b.status, b.account_id, b.symbol_id, b.customer_id, b.currency, b.investment, b.base, b.short, b.invested,
  b.cycle_profit, b.inventory_realised, b.last_floating, b.peak, cast(b.market ->> 'contract' as numeric) as contract
from bot_trading.bots b
"""


def marks(session: TenantSession, bot_ids: Sequence[UUID] | None = None) -> dict[UUID, Mark]:
    """Marks of bots by id; none asked for: all that have not ended. A fixed number of statements."""
    where = "where b.status <> 'stopped'" if bot_ids is None else "where b.id = any(:ids)"
    rows = session.execute(text(_ROWS + where), {} if bot_ids is None else {"ids": list(bot_ids)}).all()
    return mark_rows(session, rows)


def mark_rows(session: TenantSession, rows: Sequence[Any]) -> dict[UUID, Mark]:
    """Marks of rows that carry what :data:`_ROWS` selects."""
    live = {(row.account_id, row.symbol_id) for row in rows if row.status != "stopped" and (row.base or row.short)}
    views = quotes_of_pairs(session, live) if live else {}
    return {row.id: _mark(row, views) for row in rows}


@exact
def _mark(row: Any, views: Mapping[tuple[UUID, UUID], QuoteView]) -> Mark:
    view = views.get((row.account_id, row.symbol_id))
    floating = row.last_floating
    if view is not None and row.status != "stopped":
        worth = round_amount(row.base * row.contract * view.bid) - round_amount(row.short * row.contract * view.ask)
        floating = worth - row.invested
    total = row.cycle_profit + row.inventory_realised + floating
    peak = max(row.peak, total)
    equity_peak = row.investment + peak
    return Mark(
        id=row.id,
        status=row.status,
        currency=row.currency,
        investment=row.investment,
        cycle_profit=row.cycle_profit,
        inventory_realised=row.inventory_realised,
        floating=floating,
        total=total,
        share=total / row.investment * _HUNDRED if row.investment else ZERO,
        drawdown=(peak - total) / equity_peak * _HUNDRED if equity_peak > ZERO else ZERO,
        peak=peak,
    )


def keep_extremes(session: TenantSession, found: Sequence[Mark]) -> None:
    """Keep the highest total and the deepest fall that a look at the prices has shown."""
    session.execute(
        text(
            "update bot_trading.bots b set peak = greatest(b.peak, n.peak), drawdown = greatest(b.drawdown, n.drawdown)"
            " from unnest(cast(:ids as uuid[]), cast(:peaks as numeric[]), cast(:falls as numeric[])) as n(id, peak, drawdown)"
            " where b.id = n.id and (n.peak > b.peak or n.drawdown > b.drawdown)"
        ),
        {
            "ids": [mark.id for mark in found],
            "peaks": [mark.peak for mark in found],
            "falls": [round(mark.drawdown / _HUNDRED, 6) for mark in found],
        },
    )
