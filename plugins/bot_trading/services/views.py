"""Bots as pages and API show them: rows joined with names, and their marks at the current quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk.arrays import numbers, texts
from core.sdk.data import TenantSession
from plugins.bot_trading.services.conversion import rates_of
from plugins.bot_trading.services.marks import MARKED, current_prices
from plugins.bot_trading.texts import decision_text

__all__ = ["BotRow", "Listing", "Wanted", "bot_row", "list_bots", "wanted_ids"]


@dataclass(frozen=True, slots=True)
class BotRow:
    """A bot with everything a table shows. Money in ``currency``, shares in percent."""

    id: UUID
    customer_id: UUID
    customer: str
    email: str
    account_id: UUID
    account: str
    demo: bool
    strategy: str
    symbol_id: UUID
    symbol: str
    tick: Decimal
    status: str
    pauses: Sequence[Mapping[str, Any]]
    halt: str
    stop: str
    end_reason: str
    currency: str
    investment: Decimal
    base: Decimal
    short: Decimal
    cycle_profit: Decimal
    inventory_realised: Decimal
    floating: Decimal
    total: Decimal
    share: Decimal
    drawdown: Decimal
    worst_drawdown: Decimal
    fees: Decimal
    fills: int
    cycles: int
    wins: int
    blocked: int
    last: str
    last_ts_ms: int
    created_at: datetime
    ended_at: datetime | None
    settings: Mapping[str, Any]

    @property
    def account_label(self) -> str:
        """The account's number, and whether its money is play money."""
        return f"{self.account} · demo" if self.demo else self.account

    @property
    def live(self) -> bool:
        """Whether it has not ended."""
        return self.status != "stopped"

    @property
    def realised(self) -> Decimal:
        return self.cycle_profit + self.inventory_realised


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which bots, in which order: ``sort`` is a key of a table's column.

    :ivar end: how a bot ended: what was chosen at its stop (``close``, ``keep``, ``wind_down``) or ``itself``.
    :ivar first, last: days (UTC, ISO) on which an ended bot has ended, both included; empty: any.
    :ivar losing: percent; only bots that stand at least so far in the red.
    :ivar size: none for all of them.
    """

    live: bool | None = None
    customer_id: UUID | None = None
    search: str = ""
    strategy: str = ""
    status: str = ""
    symbol: str = ""
    end: str = ""
    first: str = ""
    last: str = ""
    losing: Decimal | None = None
    sort: str = "age"
    descending: bool = True
    offset: int = 0
    size: int | None = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of rows, and how many there are in all."""

    rows: list[BotRow]
    total: int


_FROM = """
from marked b
join tenants.customers c on c.id = b.customer_id
join core.accounts a on a.id = b.account_id
join core.account_types t on t.id = a.account_type_id
join core.symbols s on s.id = b.symbol_id
where (cast(:live as boolean) is null or (b.status <> 'stopped') = :live)
  and (cast(:customer as uuid) is null or b.customer_id = :customer)
  and (:status = '' or b.status = :status) and (:strategy = '' or b.strategy = :strategy)
  and (:symbol = '' or s.code = :symbol)
  and (:search = '' or c.name ilike :like or c.email ilike :like or a.number ilike :like)
  and (:end = '' or (case when :end = 'itself' then b.stop = '' else b.stop = :end end))
  and (:first = '' or b.ended_at >= timezone('UTC', cast(nullif(:first, '') as timestamp)))
  and (:last = '' or b.ended_at < timezone('UTC', cast(nullif(:last, '') as timestamp) + interval '1 day'))
  and (cast(:losing as numeric) is null or b.share <= -cast(:losing as numeric))
"""
_SELECT = """
select b.id, b.customer_id, c.name as customer, c.email, b.account_id, a.number as account, t.demo, b.strategy, b.symbol_id,
  s.code as symbol, s.tick, b.status, b.pauses, b.halt, b.stop, b.end_reason, b.currency, b.investment, b.base, b.short,
  b.cycle_profit, b.inventory_realised, b.floating, b.total, b.share, b.fall as drawdown,
  greatest(b.drawdown * 100, b.fall) as worst_drawdown, b.fees, b.fills, b.cycles, b.wins, b.blocked,
  b.last_code, b.last_facts, b.last_ts_ms, b.created_at, b.ended_at, b.settings
"""
_RATE = """
(select r.rate from unnest(cast(:rate_currencies as text[]), cast(:rates as numeric[])) as r(currency, rate)
 where r.currency = b.currency)
"""
_SORTS = {
    "customer": "c.name",
    "account": "a.number",
    "strategy": "b.strategy",
    "symbol": "s.code",
    "status": "b.status",
    "investment": f"b.investment * {_RATE}",
    "age": "b.created_at",
    "created_at": "b.created_at",
    "ended_at": "b.ended_at",
    "fees": f"b.fees * {_RATE}",
    "cycles": "b.cycles",
    "total": f"b.total * {_RATE}",
    "floating": f"b.floating * {_RATE}",
    "realised": f"(b.cycle_profit + b.inventory_realised) * {_RATE}",
    "share": "b.share",
    "drawdown": "b.fall",
    "worst_drawdown": "greatest(b.drawdown * 100, b.fall)",
}
"""Amounts are sorted by what they are worth in the brokerage's main currency; those without a rate come last."""


def list_bots(session: TenantSession, wanted: Wanted) -> Listing:
    """The wanted bots, measured at the current quotes."""
    values = _values(session, wanted)
    total = session.scalar(text(f"with {MARKED} select count(*) {_FROM}"), values) or 0
    order = _SORTS.get(wanted.sort, "b.created_at")
    if ":rates" in order:
        currencies = session.scalars(text("select distinct currency from bot_trading.bots")).all()
        rates = rates_of(session, currencies).rates
        values |= {"rate_currencies": texts(rates), "rates": numbers(rates.values())}
    direction = "desc nulls last" if wanted.descending else "asc nulls last"
    rows = session.execute(
        text(f"with {MARKED} {_SELECT} {_FROM} order by {order} {direction}, b.id desc offset :offset limit :size"),
        {**values, "offset": wanted.offset, "size": wanted.size},
    )
    return Listing([_row(row) for row in rows], total)


def wanted_ids(session: TenantSession, wanted: Wanted) -> list[UUID]:
    """Ids of all wanted bots, whatever the page, in the order of their ids."""
    return list(session.scalars(text(f"with {MARKED} select b.id {_FROM} order by b.id"), _values(session, wanted)))


def bot_row(session: TenantSession, bot_id: UUID, customer_id: UUID | None = None) -> BotRow | None:
    """One bot; none where the tenant, or the customer where one is given, has no such bot."""
    values = {**_values(session, Wanted(customer_id=customer_id), [bot_id]), "id": bot_id}
    row = session.execute(text(f"with {MARKED} {_SELECT} {_FROM} and b.id = :id"), values).first()
    return None if row is None else _row(row)


def _values(session: TenantSession, wanted: Wanted, bot_ids: Sequence[UUID] | None = None) -> dict[str, Any]:
    return {
        **current_prices(session, bot_ids),
        "live": wanted.live,
        "customer": wanted.customer_id,
        "status": wanted.status,
        "strategy": wanted.strategy,
        "symbol": wanted.symbol,
        "end": wanted.end,
        "first": wanted.first,
        "last": wanted.last,
        "losing": wanted.losing,
        "search": wanted.search,
        "like": "%" + wanted.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%",
    }


def _row(row: Any) -> BotRow:
    names = BotRow.__dataclass_fields__.keys() - {"last"}
    return BotRow(
        **{name: getattr(row, name) for name in names},
        last=decision_text(row.last_code, row.last_facts) if row.last_code else "",
    )
