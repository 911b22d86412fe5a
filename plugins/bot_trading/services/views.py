"""Bots as pages and API show them: rows joined with names, and their marks at the current quotes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import text

from core.sdk.data import TenantSession
from plugins.bot_trading.services.marks import mark_rows
from plugins.bot_trading.texts import decision_text

__all__ = ["BotRow", "Listing", "Wanted", "bot_row", "list_bots"]


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
    """Which bots, in which order: ``sort`` is a key of a table's column."""

    live: bool | None = None
    customer_id: UUID | None = None
    search: str = ""
    strategy: str = ""
    status: str = ""
    symbol: str = ""
    sort: str = "age"
    descending: bool = True
    offset: int = 0
    size: int = 50


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of rows, and how many there are in all."""

    rows: list[BotRow]
    total: int


_FROM = """
from bot_trading.bots b
join tenants.customers c on c.id = b.customer_id
join core.accounts a on a.id = b.account_id
join core.account_types t on t.id = a.account_type_id
join core.symbols s on s.id = b.symbol_id
where (cast(:live as boolean) is null or (b.status <> 'stopped') = :live)
  and (cast(:customer as uuid) is null or b.customer_id = :customer)
  and (:status = '' or b.status = :status) and (:strategy = '' or b.strategy = :strategy)
  and (:symbol = '' or s.code = :symbol)
  and (:search = '' or c.name ilike :like or c.email ilike :like or a.number ilike :like)
"""
_SELECT = """
select b.id, b.customer_id, c.name as customer, c.email, b.account_id, a.number as account, t.demo, b.strategy, b.symbol_id,
  s.code as symbol, s.tick, b.status, b.pauses, b.halt, b.stop, b.end_reason, b.currency, b.investment, b.base, b.short, b.invested,
  b.cycle_profit, b.inventory_realised, b.last_floating, b.peak, b.drawdown, b.fees, b.fills, b.cycles, b.wins, b.blocked,
  b.last_code, b.last_facts, b.last_ts_ms, b.created_at, b.ended_at, b.settings,
  cast(b.market ->> 'contract' as numeric) as contract
"""
_SORTS = {
    "customer": "c.name",
    "account": "a.number",
    "strategy": "b.strategy",
    "symbol": "s.code",
    "status": "b.status",
    "investment": "b.investment",
    "age": "b.created_at",
    "created_at": "b.created_at",
    "ended_at": "b.ended_at",
    "fees": "b.fees",
    "cycles": "b.cycles",
}
MOVING = ("total", "share", "floating", "drawdown")
"""Sorts that go by the current quotes, so that every wanted bot is measured first."""


def list_bots(session: TenantSession, wanted: Wanted) -> Listing:
    """The wanted bots, measured at the current quotes."""
    values: dict[str, Any] = {
        "live": wanted.live,
        "customer": wanted.customer_id,
        "status": wanted.status,
        "strategy": wanted.strategy,
        "symbol": wanted.symbol,
        "search": wanted.search,
        "like": "%" + wanted.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%",
    }
    total = session.scalar(text("select count(*) " + _FROM), values) or 0
    direction = "desc nulls last" if wanted.descending else "asc nulls last"
    if wanted.sort in MOVING:
        found = _measured(session, session.execute(text(_SELECT + _FROM), values).all())
        found.sort(key=lambda row: (getattr(row, wanted.sort), row.id), reverse=wanted.descending)
        return Listing(found[wanted.offset : wanted.offset + wanted.size], total)
    order = f" order by {_SORTS.get(wanted.sort, 'b.created_at')} {direction}, b.id desc offset :offset limit :size"
    rows = session.execute(text(_SELECT + _FROM + order), {**values, "offset": wanted.offset, "size": wanted.size})
    return Listing(_measured(session, rows.all()), total)


def bot_row(session: TenantSession, bot_id: UUID, customer_id: UUID | None = None) -> BotRow | None:
    """One bot; none where the tenant, or the customer where one is given, has no such bot."""
    values = {
        "live": None,
        "customer": customer_id,
        "status": "",
        "strategy": "",
        "symbol": "",
        "search": "",
        "like": "",
    }
    rows = session.execute(text(_SELECT + _FROM + " and b.id = :id"), {**values, "id": bot_id}).all()
    return _measured(session, rows)[0] if rows else None


def _measured(session: TenantSession, rows: Sequence[Any]) -> list[BotRow]:
    found = mark_rows(session, rows)
    return [_row(row, found[row.id]) for row in rows]


def _row(row: Any, mark: Any) -> BotRow:
    names = BotRow.__dataclass_fields__.keys() - {"floating", "total", "share", "drawdown", "worst_drawdown", "last"}
    return BotRow(
        **{name: getattr(row, name) for name in names},
        floating=mark.floating,
        total=mark.total,
        share=mark.share,
        drawdown=mark.drawdown,
        worst_drawdown=max(row.drawdown * 100, mark.drawdown),
        last=decision_text(row.last_code, row.last_facts) if row.last_code else "",
    )
