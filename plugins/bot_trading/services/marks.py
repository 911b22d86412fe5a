"""What bots are worth at the current quotes: the floating part moves, the rest is in their rows.

Bots are measured in the database, all of a statement's at once, so that any number of them can be sorted, summed and
watched by what they are worth now. Amounts are rounded to 12 decimals, half to even, as everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import numbers, uuids
from core.sdk.data import TenantSession
from core.sdk.prices import quotes_of_pairs

__all__ = ["MARKED", "Mark", "current_prices", "keep_extremes", "marks"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A bot's money now, in the symbol's quote currency. ``drawdown`` and ``share`` are in percent.

    :ivar share: total in percent of the investment.
    :ivar drawdown: how far the equity stands below its peak, in percent of the peak.
    :ivar worst: the deepest fall so far, this one included.
    """

    id: UUID
    customer_id: UUID
    strategy: str
    status: str
    currency: str
    investment: Decimal
    cycle_profit: Decimal
    inventory_realised: Decimal
    floating: Decimal
    total: Decimal
    share: Decimal
    drawdown: Decimal
    worst: Decimal
    last_code: str
    last_facts: dict[str, Any]

    @property
    def realised(self) -> Decimal:
        return self.cycle_profit + self.inventory_realised


def _rounded(value: str) -> str:
    """12 decimals, half to even; PostgreSQL itself rounds halves away from zero."""
    tie = f"abs({value} - trunc({value}, 12)) = 0.0000000000005 and mod(trunc({value}, 12) * 1000000000000, 2) = 0"
    return f"case when {tie} then trunc({value}, 12) else round({value}, 12) end"


_CONTRACT = "cast(b.market ->> 'contract' as numeric)"
MARKED = f"""
prices as materialized (
  select * from unnest(cast(:price_types as uuid[]), cast(:price_symbols as uuid[]), cast(:bids as numeric[]),
    cast(:asks as numeric[])) as t(type_id, symbol_id, bid, ask)
),
worth as (
  select b.*, a.account_type_id,
    case when b.status = 'stopped' or p.bid is null then b.last_floating
      else {_rounded(f"(b.base * {_CONTRACT} * p.bid)")} - {_rounded(f"(b.short * {_CONTRACT} * p.ask)")} - b.invested
    end as floating
  from bot_trading.bots b
  join core.accounts a on a.id = b.account_id
  left join prices p on p.type_id = a.account_type_id and p.symbol_id = b.symbol_id and (b.base <> 0 or b.short <> 0)
),
summed as (
  select w.*, w.cycle_profit + w.inventory_realised + w.floating as total,
    greatest(w.peak, w.cycle_profit + w.inventory_realised + w.floating) as top
  from worth w
),
marked as (
  select s.*, case when s.investment > 0 then s.total / s.investment * 100 else 0 end as share,
    case when s.investment + s.top > 0 then (s.top - s.total) / (s.investment + s.top) * 100 else 0 end as fall
  from summed s
)
"""  # noqa: S608 - constants
"""Common table expressions: ``marked`` is every bot with ``floating``, ``total``, ``share``, ``fall`` and ``top`` at the prices
of :func:`current_prices`. ``share`` and ``fall`` are in percent; ``top`` is the highest total so far."""

_PAIRS = text("""
select distinct on (a.account_type_id, b.symbol_id) a.id as account_id, b.symbol_id, a.account_type_id as type_id
from bot_trading.bots b join core.accounts a on a.id = b.account_id
where b.status <> 'stopped' and (b.base <> 0 or b.short <> 0)
  and (cast(:ids as uuid[]) is null or b.id = any(cast(:ids as uuid[])))
order by a.account_type_id, b.symbol_id
""")

_MARKS = """
select m.id, m.customer_id, m.strategy, m.status, m.currency, m.investment, m.cycle_profit, m.inventory_realised, m.floating,
  m.total, m.share, m.fall as drawdown, greatest(m.drawdown * 100, m.fall) as worst, m.last_code, m.last_facts
from marked m
"""


def current_prices(session: TenantSession, bot_ids: Collection[UUID] | None = None) -> dict[str, str]:
    """The values of :data:`MARKED`: what each account type pays for each symbol that live bots hold, in a few statements."""
    rows = session.execute(_PAIRS, {"ids": None if bot_ids is None else uuids(bot_ids)}).all()
    views = quotes_of_pairs(session, [(row.account_id, row.symbol_id) for row in rows])
    seen = [(row, views[row.account_id, row.symbol_id]) for row in rows if (row.account_id, row.symbol_id) in views]
    return {
        "price_types": uuids([row.type_id for row, _ in seen]),
        "price_symbols": uuids([row.symbol_id for row, _ in seen]),
        "bids": numbers([view.bid for _, view in seen]),
        "asks": numbers([view.ask for _, view in seen]),
    }


def marks(session: TenantSession, bot_ids: Sequence[UUID] | None = None) -> dict[UUID, Mark]:
    """Marks of bots by id; none asked for: all that have not ended. A fixed number of statements."""
    where = "where m.status <> 'stopped'" if bot_ids is None else "where m.id = any(cast(:ids as uuid[]))"
    values: dict[str, Any] = current_prices(session, bot_ids)
    if bot_ids is not None:
        values["ids"] = uuids(bot_ids)
    return {row.id: Mark(*row) for row in session.execute(text(f"with {MARKED} {_MARKS} {where}"), values)}


_EXTREMES = text(f"""
with {MARKED},
news as (
  select m.id, m.top, round(m.fall / 100, 6) as fall from marked m
  where m.status <> 'stopped' and (m.top > m.peak or round(m.fall / 100, 6) > m.drawdown)
),
free as materialized (
  select b.id from bot_trading.bots b where b.id in (select id from news) for update skip locked
)
update bot_trading.bots b set peak = greatest(b.peak, n.top), drawdown = greatest(b.drawdown, n.fall)
from news n, free where n.id = b.id and free.id = b.id
""")  # noqa: S608 - constants
# What is being changed at this moment is left to the next look: nobody waits for a measurement.


def keep_extremes(session: TenantSession) -> None:
    """Keep the highest total and the deepest fall that a look at the prices has shown, of all bots that have not ended."""
    session.execute(_EXTREMES, current_prices(session))
